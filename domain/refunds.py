"""Money that goes back to who paid."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class RefundState(StrEnum):
    """Where a refund of ours stands."""

    REQUESTED = "REQUESTED"
    SENT = "SENT"
    FAILED = "FAILED"


MAX_NOTE: Final = 500
