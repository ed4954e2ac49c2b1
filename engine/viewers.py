"""Who sees the same: an event is executed once for all whose answer cannot differ.

Nobody declares that. An execution runs in a context that notices what it asks about the viewer. What asked nothing is
everybody's. What used the viewer only as a parameter of SQL is everybody's for whom these statements find the same rows, which
PostgreSQL is asked in one statement for all of them. Whatever else asked for something personal is its viewer's alone.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, Protocol, TypeVar

from engine.context import Context, Reader, payer_of

log = logging.getLogger(__name__)

VIEWER: Final = "viewer"
"""The parameter that is the viewer's id."""


class Looking(Protocol):
    """Somebody for whom an event is executed."""

    @property
    def context(self) -> Context:
        """What the event would be executed in for them alone."""


L = TypeVar("L", bound=Looking)
A = TypeVar("A")

Statement = tuple[str, tuple[object, ...], int]
"""A text, its values, and which of them (from 1) is the viewer's id."""


class Noticed:
    """What an execution asked about its viewer.

    Attributes:
        personal: Whether it asked for anything that is no parameter of SQL.
        names: The parameters of SQL that it used.
        statements: Those that used the viewer's id.
    """

    def __init__(self) -> None:
        self.personal = False
        self.names: set[str] = set()
        self.statements: list[Statement] = []


class _Parameters(Mapping[str, object]):
    def __init__(self, values: Mapping[str, object], noticed: Noticed) -> None:
        self._values = values
        self._noticed = noticed

    def __getitem__(self, name: str) -> object:
        self._noticed.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class _Reader:
    def __init__(self, reader: Reader, viewer: object, noticed: Noticed) -> None:
        self._reader = reader
        self._viewer = viewer
        self._noticed = noticed

    async def fetch(self, sql: str, *parameters: object) -> list[Any]:
        if self._viewer is not None:
            places = [place for place, value in enumerate(parameters, 1) if value is self._viewer]
            self._noticed.statements += [(sql, parameters, place) for place in places[:1]]
            if len(places) > 1:
                # One place is all that `partition` replaces.
                self._noticed.personal = True
        return await self._reader.fetch(sql, *parameters)


class Watched:
    """A context that notices what is personal in it.

    Whatever its class does not name in ``impersonal`` counts as personal, so that what is forgotten there costs time and
    shows nobody anything. ``parameters`` and ``read`` are for SQL alone.
    """

    def __init__(self, context: Context, noticed: Noticed) -> None:
        self._context = context
        self._noticed = noticed
        self._impersonal: frozenset[str] = getattr(context, "impersonal", frozenset())
        values = context.parameters
        self._viewer = values.get(VIEWER)
        self.parameters = _Parameters(values, noticed)

    def __getattr__(self, name: str) -> Any:
        if name not in self._impersonal:
            self._noticed.personal = True
        return getattr(self._context, name)

    @property
    def payer(self) -> Hashable:
        """Who pays, and waits in whose line: the engine alone asks that, and no answer depends on it."""
        return payer_of(self._context)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[_Reader]:
        """Lend a connection that notices which statements use the viewer's id."""
        async with self._context.read() as reader:
            yield _Reader(reader, self._viewer, self._noticed)


def identity_of(context: Context) -> Hashable:
    """What two contexts share when nothing personal can tell them apart; the context itself where it does not say."""
    known: Hashable = getattr(context, "identity", None)
    return id(context) if known is None else known


class _Bucket(Generic[L]):
    """People who have not been told apart yet, and by which statements they could not be."""

    def __init__(self, members: Sequence[L], settled: frozenset[Hashable]) -> None:
        self.members = members
        self.settled = settled


async def by_class(
    members: Sequence[L], execute: Callable[[Any], Awaitable[A]]
) -> AsyncGenerator[tuple[A, Sequence[L]], None]:
    """Execute as often as answers may differ.

    Args:
        members: For whom.
        execute: Runs the event in a context and gives the answer.

    Yields:
        Each answer, with those whose it is; where it is everybody's, these are ``members`` itself.
    """
    waiting = [_Bucket(members, frozenset())]
    while waiting:
        bucket = waiting.pop()
        noticed = Noticed()
        first = bucket.members[0]
        answer = await execute(Watched(first.context, noticed))
        same, others = await _part(bucket, noticed)
        yield answer, same
        waiting += others


async def _part(bucket: _Bucket[L], noticed: Noticed) -> tuple[Sequence[L], list[_Bucket[L]]]:
    """Tell apart from the first of a bucket those whose answer may be another."""
    members = bucket.members
    if len(members) == 1 or not (noticed.personal or noticed.names):
        return members, []
    settled = bucket.settled | {_key(statement) for statement in noticed.statements}
    keys: list[Hashable]
    if noticed.personal:
        keys = [identity_of(member.context) for member in members]
    else:
        used = sorted(noticed.names - {VIEWER})
        found = await _places(bucket, noticed) if VIEWER in noticed.names else {}
        keys = []
        for member in members:
            values = member.context.parameters
            keys.append((found.get(values.get(VIEWER)), *(repr(values[name]) for name in used)))
    parts: dict[Hashable, list[L]] = {}
    for key, member in zip(keys, members, strict=True):
        parts.setdefault(key, []).append(member)
    same = parts.pop(keys[0])
    if not parts:
        return members, []
    return same, [_Bucket(part, settled) for part in parts.values()]


async def _places(bucket: _Bucket[L], noticed: Noticed) -> Mapping[object, Hashable]:
    """Say of each viewer's id in a bucket what tells it apart: nothing yet, what statements find for it, or itself."""
    mine = bucket.members[0].context
    ids = list(dict.fromkeys([member.context.parameters.get(VIEWER) for member in bucket.members]))
    if len(ids) == 1:
        return {}
    if mine.parameters.get(VIEWER) is None:
        # A stranger's statements say nothing of other people; who they are is looked into in their own turn.
        return {viewer: viewer is None for viewer in ids}
    people = [viewer for viewer in ids if viewer is not None]
    new = {key: statement for statement in noticed.statements if (key := _key(statement)) not in bucket.settled}
    if not noticed.statements:
        return {viewer: viewer for viewer in ids if isinstance(viewer, Hashable)}
    try:
        return await partition(mine, list(new.values()), people)
    except Exception as error:  # noqa: BLE001 -- then each is executed alone, as if nobody had asked
        log.warning("Viewers cannot be told apart (%s).", type(error).__name__)
        return {viewer: viewer for viewer in ids if isinstance(viewer, Hashable)}


async def partition(
    context: Context, statements: Sequence[Statement], viewers: Sequence[object]
) -> dict[object, Hashable]:
    """Find out which viewers' statements find the same rows.

    Args:
        context: Whose connection is lent.
        statements: As one of them ran.
        viewers: Their ids.

    Returns:
        A value for each id; those with equal ones see the same.
    """
    found: dict[object, tuple[str, ...]] = dict.fromkeys(viewers, ())
    async with context.read() as reader:
        for sql, values, place in statements:
            inner = re.sub(rf"\${place}(?!\d)", "looking.viewer", sql)
            text = (
                f"SELECT md5(ARRAY(SELECT seen::text FROM ({inner}) AS seen)::text) "  # noqa: S608 -- our own plan's text
                f"FROM unnest(${place}::uuid[]) WITH ORDINALITY AS looking(viewer, place) ORDER BY looking.place"
            )
            rows = await reader.fetch(text, *values[: place - 1], list(viewers), *values[place:])
            for viewer, row in zip(viewers, rows, strict=True):
                found[viewer] += (row[0],)
    return dict(found)


def _key(statement: Statement) -> Hashable:
    sql, values, place = statement
    return (sql, repr(values[: place - 1]), repr(values[place:]))
