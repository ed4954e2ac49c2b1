"""Live events on their way to a subscription: the logs behind them, and the cursors by which clients come back."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from db.queries import events
from db.session import Database
from domain.errors import InvalidInput
from domain.events import EventKind
from domain.ports import Bus
from engine.live import Event, Gap, Live
from engine.onward import Onward, nothing, place_of
from engine.together import Together

if TYPE_CHECKING:
    from schema.context import Info

CURSOR: Final = re.compile(r"evt_([0-9a-z]{1,12})_([0-9]{1,18})")


@dataclass(frozen=True)
class Happened:
    """Something that happened, as a subscription hands it on.

    Attributes:
        cursor: Its place in the log, for `after`.
        occurred_at: When it happened.
        kind: What happened.
        data: The facts, ids as text.
    """

    cursor: str
    occurred_at: datetime
    kind: EventKind
    data: dict[str, Any]


@dataclass(frozen=True)
class Missed:
    """Events that are no longer kept, or a cursor that this log never reached: the client reads the present state anew.

    Attributes:
        cursor: The place behind which the log goes on, for `after`.
        occurred_at: When it was found out.
        resumes_at: The cursor of the next event that there is or will be.
    """

    cursor: str
    occurred_at: datetime
    resumes_at: str


class Logs(Live):
    """What happens live, with the platform's logs behind it; one for each process."""

    def __init__(self, database: Database, bus: Bus) -> None:
        super().__init__(bus.listen)
        self._database = database
        self._heads = Together(self._read_heads)

    def follow_log(self, topic: str, after: int) -> AsyncGenerator[Event | Gap, None]:
        """Follow a topic from a sequence on."""
        return self.follow(topic, after, partial(self._read, topic), self.heads)

    async def heads(self, topics: list[str]) -> dict[str, int]:
        """The newest sequence of each log; one question for all who ask at the same time."""
        return await self._heads(topics)

    async def _read_heads(self, topics: list[str]) -> dict[str, int]:
        async with self._database.session() as session:
            return await events.read_heads(session, topics)

    async def _read(self, topic: str, after: int, limit: int) -> Sequence[Event]:
        async with self._database.session() as session:
            rows = await events.read_after(session, topic, after, limit)
        return [Event(row.sequence, row.kind, row.data, row.occurred_at) for row in rows]


def make_live(database: Database, bus: Bus) -> Logs:
    """Make what a process follows its topics with."""
    return Logs(database, bus)


def cursor_of(topic: str, sequence: int) -> str:
    """A place in a log as clients know it; `db/expressions/events.py` writes the same in SQL.

    It holds the end of the topic's name, so that one room's cursor is not taken for another's.
    """
    return f"evt_{topic[-12:]}_{sequence}"


def sequence_of(topic: str, cursor: str) -> int:
    """The place in a log that a client came back with.

    Raises:
        InvalidInput: It is no cursor of this log.
    """
    found = CURSOR.fullmatch(cursor)
    if found is None or found[1] != topic[-12:]:
        raise InvalidInput("This is not a cursor of these events.", "after")
    return int(found[2])


def place_of_event(value: Any) -> str | None:
    """The cursor of an event of any subscription; what has none cannot be resumed."""
    cursor = getattr(value, "cursor", None)
    return cursor if isinstance(cursor, str) else None


async def newest_cursor(info: Info, topic: str) -> str:
    """The place of the newest event in a log: what a snapshot that is read after this belongs to."""
    return cursor_of(topic, (await info.context.live.heads([topic]))[topic])


async def follow(
    info: Info, topic: str, after: str | None, *, over: bool = False
) -> AsyncGenerator[Happened | Missed, None]:
    """Hand on what happens in a log: what came after the cursor first, then what happens next, nothing twice.

    Args:
        info: The subscription's.
        topic: Which log.
        after: The cursor of the last event that the client saw; None for what happens from now on.
        over: Whether nothing is to be expected any more; then this ends with what the log has.

    Raises:
        InvalidInput: `after` is no cursor of this log.
    """
    logs = info.context.live
    newest = (await logs.heads([topic]))[topic] if over or after is None else 0
    position = newest if after is None else sequence_of(topic, after)
    if over and position >= newest:
        return
    async with aclosing(logs.follow_log(topic, position)) as items:
        async for item in items:
            position = place_of(item)
            yield _told(topic, item)
            if over and position >= newest:
                return


async def onward(
    info: Info,
    topic: str,
    after: str,
    make: Callable[[Happened | Missed], Any],
    *,
    last: EventKind | None = None,
    held: ExitStack | None = None,
) -> Any:
    """Follow a log together with all who do: what a subscription yields when nothing of its own is left to tell.

    What came after the cursor is told first. Each event is then executed once for all who would see the same.

    Args:
        info: The subscription's.
        topic: Which log.
        after: The cursor of the last event that the client knows.
        make: The event in the words of the schema, or `SKIP`. One function for each subscription: it sees nobody who follows.
        last: What nothing follows after.
        held: What is held for this follower until they leave; it is taken over.

    Raises:
        InvalidInput: `after` is no cursor of this log.
    """
    logs = info.context.live
    position = sequence_of(topic, after)
    newest = (await logs.heads([topic]))[topic]
    return Onward(
        stream=(topic, make),
        position=position,
        newest=newest,
        follow=partial(logs.follow_log, topic),
        make=lambda item: make(_told(topic, item)),
        is_last=lambda item: last is not None and isinstance(item, Event) and item.kind == last.value,
        leave=nothing if held is None else held.pop_all().close,
    )


def _told(topic: str, item: Event | Gap) -> Happened | Missed:
    if isinstance(item, Gap):
        return Missed(cursor_of(topic, item.resumes_at - 1), datetime.now(UTC), cursor_of(topic, item.resumes_at))
    return Happened(cursor_of(topic, item.sequence), item.occurred_at, EventKind(item.kind), item.data)
