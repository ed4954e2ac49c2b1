"""Files on their way in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.errors import InvalidInput
from domain.texts import clean_text

MAX_PHOTO_BYTES: Final = 10 * 1024 * 1024
MAX_UPLOADS: Final = 20
MAX_FILENAME: Final = 255
UPLOAD_HOURS: Final = 1
"""How long the permission to send a file's bytes holds."""

UNUSED_HOURS: Final = 24
"""How long a finished file waits to be used for something."""

PHOTO_TYPES: Final = ("image/jpeg", "image/png", "image/webp")


class UploadPurpose(StrEnum):
    """What a file is to become."""

    PROFILE_PHOTO = "PROFILE_PHOTO"
    PLAY_HISTORY = "PLAY_HISTORY"
    MISSION_EVIDENCE = "MISSION_EVIDENCE"


class UploadStatus(StrEnum):
    """Where a file on its way in stands."""

    WAITING = "WAITING"
    STORED = "STORED"
    USED = "USED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class UploadFailureCode(StrEnum):
    """Why a file cannot be used."""

    MISSING = "MISSING"
    WRONG_SIZE = "WRONG_SIZE"
    UNUSABLE = "UNUSABLE"


@dataclass(frozen=True)
class FileFacts:
    """What somebody says of a file that they are about to send.

    Attributes:
        filename: Its name on their disk, for people.
        content_type: Its media type.
        byte_size: Its length in bytes.
    """

    filename: str
    content_type: str
    byte_size: int


def find_faults(files: list[FileFacts], *field: str) -> list[InvalidInput]:
    """Look what is wrong with files that somebody wants to send: all of it, each with its path."""
    if not 1 <= len(files) <= MAX_UPLOADS:
        return [InvalidInput(f"Send 1 to {MAX_UPLOADS} files at once.", *field)]
    return [fault for index, file in enumerate(files) for fault in _faults_of(file, *field, str(index))]


def _faults_of(file: FileFacts, *field: str) -> Iterator[InvalidInput]:
    try:
        name = clean_text(file.filename, *field, "filename", most=MAX_FILENAME)
    except InvalidInput as fault:
        yield fault
    else:
        if "/" in name or "\\" in name or not name.strip("."):
            yield InvalidInput("Give the name of the file alone, without folders.", *field, "filename")
    if file.content_type not in PHOTO_TYPES:
        yield InvalidInput(f"A photo is one of {', '.join(PHOTO_TYPES)}.", *field, "contentType")
    if not 1 <= file.byte_size <= MAX_PHOTO_BYTES:
        most = MAX_PHOTO_BYTES // 1024 // 1024
        yield InvalidInput(f"A photo has 1 byte to {most} MiB ({MAX_PHOTO_BYTES} bytes).", *field, "byteSize")
