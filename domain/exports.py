"""Files made of what somebody may see: reports and lists, in the form they ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from domain.wallet import Period


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


class ExportFailureCode(StrEnum):
    """Why an export was not made."""

    TOO_LARGE = "TOO_LARGE"
    GIVEN_UP = "GIVEN_UP"


KEPT_DAYS: Final = 7
"""How long the file is kept."""

GIVEN_UP_HOURS: Final = 24
"""What is not made by then is not made any more: its person is told instead of waiting for ever."""

MAX_ROWS: Final = 100_000
MAX_PRINTED_ROWS: Final = 5_000
"""On paper: more than a hundred pages, which nobody reads, and which take a processor some seconds."""

OPEN_AT_ONCE: Final = 5
"""How many of one person may wait or be made at a time."""

ROWS_AT_ONCE: Final = 1_000

MEDIA_TYPES: Final = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.JSON: "application/json",
    ExportFormat.PDF: "application/pdf",
}

Value: TypeAlias = str | float | datetime | None


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        path: Where the schema has it, such as ``amount.amount``: the names of JSON's objects.
        name: What CSV calls it; the last word of the path unless that says too little.
        title: What a printed table calls it; None leaves it out there.
        width: How wide it is in print, beside the others.
    """

    path: str
    name: str
    title: str | None = None
    width: int = 10


COLUMNS: Final[dict[ExportKind, tuple[Column, ...]]] = {
    ExportKind.TRANSACTIONS: (
        Column("id", "id"),
        Column("occurredAt", "occurredAt", "When", 17),
        Column("kind", "kind", "Kind", 13),
        Column("amount.amount", "amount", "Amount", 14),
        Column("amount.currencyCode", "currencyCode", "Currency", 9),
        Column("description", "description", "What it was", 40),
        Column("counterparty.username", "counterparty", "With", 20),
    ),
    ExportKind.PAYOUTS: (
        Column("id", "id"),
        Column("requestedAt", "requestedAt", "Requested", 17),
        Column("status", "status", "Status", 23),
        Column("amount.amount", "amount", "Amount", 14),
        Column("amount.currencyCode", "currencyCode", "Currency", 9),
        Column("fee.amount", "fee", "Fee", 11),
        Column("fee.currencyCode", "feeCurrencyCode"),
        Column("returned.amount", "returned", "Came back", 12),
        Column("returned.currencyCode", "returnedCurrencyCode"),
        Column("method.kind", "methodKind", "By", 12),
        Column("method.label", "methodLabel", "To", 25),
        Column("paidAt", "paidAt", "Paid", 17),
        Column("failureCode", "failureCode"),
        Column("failureMessage", "failureMessage"),
    ),
    ExportKind.MISSION_REPORT: (
        Column("mission.id", "missionId"),
        Column("mission.title", "missionTitle", "Mission", 28),
        Column("mission.runner.username", "runner", "DJ", 18),
        Column("track.title", "trackTitle", "Track", 28),
        Column("track.artist", "trackArtist", "Artist", 22),
        Column("track.album", "trackAlbum"),
        Column("track.isrc", "isrc"),
        Column("playedAt", "playedAt", "Played", 17),
        Column("verifiedAt", "verifiedAt"),
        Column("venueName", "venueName", "Where", 20),
        Column("confidence", "confidence", "Of 100", 8),
        Column("mission.budget.amount", "amount", "Paid", 12),
        Column("mission.budget.currencyCode", "currencyCode", "Currency", 9),
        Column("mission.proof.cid", "proofCid"),
    ),
}
"""What each kind has, in the order in which `db/queries/exports.py` gives it."""

TITLES: Final = {
    ExportKind.MISSION_REPORT: "Mission report",
    ExportKind.TRANSACTIONS: "Transactions",
    ExportKind.PAYOUTS: "Payouts",
}

NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def most_rows(format: ExportFormat) -> int:
    """How many rows a file of this kind can have."""
    return MAX_PRINTED_ROWS if format is ExportFormat.PDF else MAX_ROWS


def harmless(text: str) -> str:
    """A text as a spreadsheet may have it: what would be a formula there gets an apostrophe in front.

    Numbers stay numbers. White space before the sign does not make it safe in every program, so it is looked through.
    """
    begins = text.lstrip()[:1]
    if text[:1] in ("\t", "\r", "\n") or (begins in ("=", "+", "-", "@") and begins):
        return text if NUMBER.fullmatch(text) else f"'{text}"
    return text


def written(value: Value) -> str:
    """A value as a line of text has it; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment(value)
    return str(value)


def moment(at: datetime) -> str:
    """A moment in UTC, as RFC 3339 has it."""
    return at.isoformat().replace("+00:00", "Z")


class Sheet(Protocol):
    """A file while it is written."""

    def add(self, rows: Sequence[Sequence[Value]]) -> None:
        """Write some rows."""

    def end(self) -> bytes:
        """End the file, and give all of it."""


@dataclass(frozen=True)
class Heading:
    """What stands above a printed table.

    Attributes:
        title: What it is.
        owner: Whose it is.
        period: Over which days.
        facts: What it comes to, a line each.
    """

    title: str
    owner: str
    period: Period
    facts: Sequence[str] = ()


class Printer(Protocol):
    """Makes printed tables."""

    def begin(self, heading: Heading, columns: Sequence[Column]) -> Sheet:
        """Begin one, of these columns; its rows have all of them, titled or not."""
