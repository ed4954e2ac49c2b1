"""Statements at work: they run once for all parents, run those below them, and build what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from time import perf_counter
from typing import Any, Protocol

import asyncpg

from engine import cursors
from engine.arguments import Values
from engine.builder import Builder
from engine.errors import BadInput
from engine.selection import TYPENAME, Picked
from engine.sight import RECORD
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
        record = RECORD.get()
        began = perf_counter()
        try:
            return await self.connection.fetch(statement.text, *statement.values(self, keys))
        except asyncpg.DivisionByZeroError:
            raise  # A data error by PostgreSQL's classes, and a fault of ours.
        except (asyncpg.DataError, UnicodeEncodeError) as error:
            raise BadInput("A value lies outside of what can be stored.", *statement.blamed(str(error))) from error
        except asyncpg.RaiseError as error:
            # A function of the database that refuses its argument says why, in words for people.
            raise BadInput(str(error), *statement.blamed(str(error))) from error
        finally:
            if record is not None:
                record.ran(statement.text, perf_counter() - began)


@dataclass(frozen=True, eq=False)
class Bounds:
    """Where pages begin and end, for those who ask where a page lies.

    Attributes:
        slot: The page's slot.
        tag: The mark of its cursors.
        backward: Whether it is counted from the end.
        infos: The parts of a group that are places, with what is selected of each.
        outside: The cursors given, each with the column that says whether the list goes on beyond it.
        group: The column with the number of the group that a row belongs to; None when there is one group.
        present: The column that is null where a parent has no rows; None where it then has none here either.
    """

    slot: int
    tag: str
    backward: bool
    infos: list[tuple[int, Picked]]
    outside: list[tuple[str, int]]
    group: int | None
    present: int | None

    def cut(self, rows: Sequence[Any], limit: int) -> tuple[list[Any], dict[int, dict[str, bool]]]:
        """Take out of the rows what only says that there are more, before anything is read for it.

        Returns:
            The rows of the pages, and for each group whether there is anything before and after its page.
        """
        kept: list[Any] = []
        ends: dict[int, dict[str, bool]] = {}
        for number, members in self._groups(rows):
            found = members
            beyond = {name: found[0][column] for name, column in self.outside}
            if self.present is not None and found[0][self.present] is None:
                found = []
            more = len(found) > limit
            if more:
                del found[0 if self.backward else -1]
            kept += found
            ends[number] = {
                "hasNextPage": beyond.get("before", False) or (more and not self.backward),
                "hasPreviousPage": beyond.get("after", False) or (more and self.backward),
            }
        return kept, ends

    def _groups(self, rows: Sequence[Any]) -> list[tuple[int, list[Any]]]:
        if self.group is None:
            return [(0, list(rows))] if rows else []
        index = self.group
        return [(number, list(members)) for number, members in groupby(rows, lambda row: row[index])]

    def close(self, group: list[Any], ends: Mapping[str, bool]) -> None:
        """Put a page's place where its rows' places are."""
        for index, type_name, fields in self.places:
            places = group[index]
            values = {
                TYPENAME: type_name,
                "hasNextPage": ends.get("hasNextPage", False),
                "hasPreviousPage": ends.get("hasPreviousPage", False),
                "startCursor": cursors.encode(self.tag, *places[0]) if places else None,
                "endCursor": cursors.encode(self.tag, *places[-1]) if places else None,
            }
            group[index] = {key: values[name] for key, name in fields}

    @cached_property
    def places(self) -> list[tuple[int, str, list[tuple[str, str]]]]:
        """Each of `infos`: its index, the name of its type, and what is selected of it by response key."""
        return [
            (index, picked.type.name, [(one.key, one.name) for one in picked.sole()]) for index, picked in self.infos
        ]


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
        bounds: Where the pages lie, if that is asked for.
    """

    statement: Statement
    build: Builder
    children: Sequence[tuple[Any, int]]
    parts: int = 1
    keyed: bool = False
    single: bool = True
    bounds: Bounds | None = None

    def group(self) -> list[Any]:
        """An empty group."""
        return [] if self.single else [[] for _ in range(self.parts)]

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
        # PostgreSQL numbers the parents from 1.
        groups: list[Any] = [[], *(self.group() for _ in keys)] if self.keyed else [self.group()]
        rows = await run.fetch(self.statement, keys)
        ends: dict[int, dict[str, bool]] = {}
        if self.bounds is not None:
            rows, ends = self.bounds.cut(rows, run.pages[self.bounds.slot].limit)
        below = []
        for child, index in self.children:
            wanted = dict.fromkeys(row[index] for row in rows)
            wanted.pop(None, None)
            below.append(await child.run(run, list(wanted)))
        self.build(rows, groups, run, *below)
        if self.bounds is not None:
            for number in range(1 if self.keyed else 0, len(groups)):
                self.bounds.close(groups[number], ends.get(number, {}))
        return dict(zip(keys, groups[1:], strict=True)) if self.keyed else groups[0]
