"""Money of payouts that comes back: taken back for a debt, or by hand at the vendor's own desk."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID


class ReturnStatus(StrEnum):
    """Where money stands that is to come back."""

    REQUESTED = "REQUESTED"
    DONE = "DONE"
    FAILED = "FAILED"


def key_of(return_id: UUID) -> str:
    """The vendor's key."""
    return f"return:{return_id}"
