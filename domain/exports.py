"""Files made of what somebody may see: reports and lists, in the form they ask for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ExportKind(StrEnum):
    """What an export holds."""

    MISSION_REPORT = "MISSION_REPORT"
    TRANSACTIONS = "TRANSACTIONS"
    PAYOUTS = "PAYOUTS"


class ExportFormat(StrEnum):
    """What kind of file it is."""

    CSV = "CSV"
    JSON = "JSON"
    PDF = "PDF"


class ExportStatus(StrEnum):
    """Where an export stands."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


KEPT_DAYS: Final = 7
"""How long the file is kept."""

MAX_ROWS: Final = 100_000
