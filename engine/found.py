"""Statements at work: they run once for all parents, run those below them, and build what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncpg

from engine import cursors
from engine.arguments import Values
from engine.builder import Builder
from engine.errors import BadInput
from engine.selection import TYPENAME, Picked
from engine.statements import Statement


class Connection(Protocol):
    """What a plan needs of a connection."""

    async def fetch(self, query: str, *values: Any) -> Sequence[Any]:
        """Run one statement and give its rows."""


class Limits(Protocol):
    """What is asked of a page, as far as running it is concerned."""

    @property
    def limit(self) -> int:
        """How many items."""

    @property
    def after(self) -> list[Any] | None:
        """The values of the cursor that it follows."""

    @property
    def before(self) -> list[Any] | None:
        """The values of the cursor that it comes before."""


@dataclass(eq=False)
class Run:
    """One run of a plan.

    Attributes:
        connection: Where its statements go, one after the other.
        context: The operation's context, for finished fields.
        parameters: The values of the viewer's parameters.
        arguments: The arguments of this request, by slot.
        pages: What is asked of each page, by slot.
        holes: How many places of the answer are yet to be filled.
    """

    connection: Connection
    context: Any
    parameters: Mapping[str, Any]
    arguments: list[Values]
    pages: Mapping[int, Limits] = field(default_factory=dict)
    holes: int = 0

    def page_value(self, slot: int, name: str, index: int) -> Any:
        """A value of a page: its limit with so many more rows, or one of its cursors' values."""
        page = self.pages[slot]
        if name == "limit":
            return page.limit + index
        bound = page.after if name == "after" else page.before
        assert bound is not None
        return bound[index]

    async def fetch(self, statement: Statement, keys: Any = None) -> Sequence[Any]:
        """Run one statement.

        Raises:
            BadInput: PostgreSQL or the driver cannot take a value that the client gave.
        """
        try:
            return await self.connection.fetch(statement.text, *statement.values(self, keys))
        except (asyncpg.DataError, UnicodeEncodeError) as error:
            raise BadInput("A value lies outside of what can be stored.", *statement.blamed(str(error))) from error


@dataclass(frozen=True, eq=False)
class PageInfoParts:
    """Where pages say where they lie.

    Attributes:
        slot: The page's slot.
        tag: The mark of its cursors.
        backward: Whether it is counted from the end.
        infos: The parts of a group that are places, with what is selected of each.
        outside: The bounds for which each group says, after its parts, whether the list goes on beyond them.
    """

    slot: int
    tag: str
    backward: bool
    infos: list[tuple[int, Picked]]
    outside: list[str]

    def close(self, group: list[Any], limit: int, parts: int) -> None:
        """Take the row too many out of a group, and put the page's place where its rows' places are."""
        more = len(group[self.infos[0][0]]) > limit
        if more:
            for rows in group[:parts]:
                del rows[0 if self.backward else -1]
        beyond = dict(zip(self.outside, group[parts:], strict=True))
        following = bool(beyond.get("before")) or (more and not self.backward)
        preceding = bool(beyond.get("after")) or (more and self.backward)
        for index, picked in self.infos:
            places = group[index]
            values = {
                TYPENAME: "PageInfo",
                "hasNextPage": following,
                "hasPreviousPage": preceding,
                "startCursor": cursors.encode(self.tag, *places[0]) if places else None,
                "endCursor": cursors.encode(self.tag, *places[-1]) if places else None,
            }
            group[index] = {one.key: values[one.name] for one in picked.sole()}


@dataclass(frozen=True, eq=False)
class Found:
    """A statement with its builder and the statements below it.

    Attributes:
        statement: The SQL.
        build: Turns rows into groups.
        children: What runs below, with the column that holds the keys of its parents.
        parts: How many lists a group has.
        keyed: Whether it runs for many parents, one group for each, or makes one group.
        single: Whether a group is one list, and not a list of lists.
        page: Where the page lies, if it is a page and that is asked for.
    """

    statement: Statement
    build: Builder
    children: Sequence[tuple[Any, int]]
    parts: int = 1
    keyed: bool = False
    single: bool = True
    page: PageInfoParts | None = None

    def group(self) -> list[Any]:
        """An empty group."""
        if self.single:
            return []
        flags = len(self.page.outside) if self.page is not None else 0
        return [*([] for _ in range(self.parts)), *([False] * flags)]

    async def run(self, run: Run, keys: Any) -> Any:
        """Run for many parents.

        Args:
            run: The run that this is part of.
            keys: The parents' keys; they must differ. For what is not keyed: the parameter of the one row.

        Returns:
            The groups by key, or the one group.
        """
        if self.keyed and not keys:
            return {}
        groups: list[Any] = [[], *(self.group() for _ in keys)] if self.keyed else [self.group()]
        rows = await run.fetch(self.statement, keys)
        below = []
        for child, index in self.children:
            wanted = dict.fromkeys(row[index] for row in rows)
            wanted.pop(None, None)
            below.append(await child.run(run, list(wanted)))
        self.build(rows, groups, run, *below)
        mine = groups[1:] if self.keyed else groups
        if self.page is not None and self.page.infos:
            limit = run.pages[self.page.slot].limit
            for group in mine:
                self.page.close(group, limit, self.parts)
        return dict(zip(keys, mine, strict=True)) if self.keyed else mine[0]
