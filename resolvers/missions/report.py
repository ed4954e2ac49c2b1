"""A curator's missions, added up and play by play."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from db.queries import reports
from db.queries.reports import Report
from db.session import Database
from domain.errors import InvalidInput
from domain.wallet import Period

MOST: Final = 100
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR: Final = struct.Struct(">q16s")


@dataclass(frozen=True)
class Page:
    """Some of the plays.

    Attributes:
        ids: Of their proofs, the latest first.
        cursors: Where each lies.
        more: Whether others follow.
    """

    ids: Sequence[UUID]
    cursors: Sequence[str]
    more: bool


async def report(database: Database, curator_id: UUID, period: Period) -> Report:
    """Add up a curator's missions over some days."""
    async with database.session() as session:
        return await reports.add_up(session, period, curator_id)


async def count_plays(database: Database, curator_id: UUID, period: Period) -> int:
    """How many plays were paid in these days."""
    async with database.session() as session:
        return await reports.count_plays(session, curator_id, period)


async def list_plays(database: Database, curator_id: UUID, period: Period, *, first: int, after: str | None) -> Page:
    """The plays that were paid in these days, the latest first.

    Raises:
        InvalidInput: More than 100 are asked for, or the cursor is none.
    """
    if not 0 <= first <= MOST:
        raise InvalidInput(f"Ask for 0 to {MOST}.", "first")
    place = None if after is None else _read(after)
    async with database.session() as session:
        rows = await reports.list_plays(session, curator_id, period, first=first + 1, after=place)
    shown = rows[:first]
    return Page([key for key, _ in shown], [_write(at, key) for key, at in shown], len(rows) > first)


def _write(at: datetime, key: UUID) -> str:
    return base64.urlsafe_b64encode(CURSOR.pack((at - EPOCH) // timedelta(microseconds=1), key.bytes)).decode()


def _read(text: str) -> tuple[datetime, UUID]:
    try:
        micros, key = CURSOR.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
        return EPOCH + timedelta(microseconds=micros), UUID(bytes=key)
    except (binascii.Error, struct.error, ValueError, OverflowError) as error:
        raise InvalidInput("This is not a cursor of this list.", "after") from error
