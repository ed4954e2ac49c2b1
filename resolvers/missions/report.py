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
from db.queries.reports import Place, Report
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
        following: Whether others follow.
        preceding: Whether others come before.
    """

    ids: Sequence[UUID]
    cursors: Sequence[str]
    following: bool
    preceding: bool


@dataclass(frozen=True)
class Asked:
    """Which of them, in the words of the Relay connections."""

    first: int | None
    after: str | None
    last: int | None
    before: str | None

    @property
    def bounds(self) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
        """The cursors by their names."""
        return ("after", self.after), ("before", self.before)


async def report(database: Database, curator_id: UUID, period: Period) -> Report:
    """Add up a curator's missions over some days."""
    async with database.session() as session:
        return await reports.add_up(session, period, curator_id)


async def count_plays(database: Database, curator_id: UUID, period: Period) -> int:
    """How many plays were paid in these days."""
    async with database.session() as session:
        return await reports.count_plays(session, curator_id, period)


async def list_plays(database: Database, curator_id: UUID, period: Period, asked: Asked) -> Page:
    """The plays that were paid in these days, the latest first.

    Raises:
        InvalidInput: More than 100 are asked for, from both ends at once, or from a cursor that is none.
    """
    backwards = asked.last is not None
    if backwards and asked.first is not None:
        raise InvalidInput("Say either `first` or `last`.", "last")
    wanted = asked.last if asked.last is not None else 20 if asked.first is None else asked.first
    if not 0 <= wanted <= MOST:
        raise InvalidInput(f"Ask for 0 to {MOST}.", "last" if backwards else "first")
    after, before = (None if text is None else _read(text, name) for name, text in asked.bounds)
    if (after if backwards else before) is not None:
        raise InvalidInput(
            "Go with `first` and `after`, or with `last` and `before`.", "after" if backwards else "before"
        )
    past = before if backwards else after
    async with database.session() as session:
        rows = await reports.list_plays(session, curator_id, period, limit=wanted + 1, past=past, backwards=backwards)
    shown = rows[:wanted][::-1] if backwards else rows[:wanted]
    more, others = len(rows) > wanted, past is not None
    return Page(
        [key for _, key in shown],
        [_write(at, key) for at, key in shown],
        following=others if backwards else more,
        preceding=more if backwards else others,
    )


def _write(at: datetime, key: UUID) -> str:
    return base64.urlsafe_b64encode(CURSOR.pack((at - EPOCH) // timedelta(microseconds=1), key.bytes)).decode()


def _read(text: str, name: str) -> Place:
    try:
        micros, key = CURSOR.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
        return EPOCH + timedelta(microseconds=micros), UUID(bytes=key)
    except (binascii.Error, struct.error, ValueError, OverflowError) as error:
        raise InvalidInput("This is not a cursor of this list.", name) from error
