"""Files on their way in."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

MAX_PHOTO_BYTES: Final = 10 * 1024 * 1024
MAX_UPLOADS: Final = 20
UPLOAD_HOURS: Final = 1
"""How long the permission to send a file's bytes holds."""


class UploadPurpose(StrEnum):
    """What a file is to become."""

    PROFILE_PHOTO = "PROFILE_PHOTO"


class UploadStatus(StrEnum):
    """Where a file on its way in stands."""

    WAITING = "WAITING"
    STORED = "STORED"
    USED = "USED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
