"""What the people who run the platform do, and what is written down about it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class AuditAction(StrEnum):
    """What happened, in the audit log."""

    STATUS_CHANGED = "STATUS_CHANGED"
    JOB_RETRIED = "JOB_RETRIED"
    BALANCE_ADJUSTED = "BALANCE_ADJUSTED"
    ENTRY_REVERSED = "ENTRY_REVERSED"
    ROLE_GRANTED = "ROLE_GRANTED"
    ROLE_TAKEN = "ROLE_TAKEN"
    SUSPENDED = "SUSPENDED"
    REINSTATED = "REINSTATED"
    VERIFIED = "VERIFIED"
    UNVERIFIED = "UNVERIFIED"


MAX_REASON: Final = 500
