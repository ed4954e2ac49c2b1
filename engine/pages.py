"""Pages: rows after a cursor, limited for each parent in one statement, and where the page lies in its list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from graphql import get_named_type
from sqlalchemy import BigInteger, ColumnElement, FromClause, Text, Uuid, bindparam, cast, exists, select, true, tuple_

from engine import cursors
from engine.arguments import Values, given
from engine.builder import Const, Cursor, Items, Node, Part, Place, Record, Value, row_builder
from engine.compile import COMPILERS, Compilation, Here, Level, node, record
from engine.errors import BadInput
from engine.found import Bounds, Found
from engine.lists import Rows, counted, order_of, parent_key, parents, rows_of
from engine.selection import TYPENAME, Picked, entity_of
from engine.sources import ENTITIES, Entity, Many
from engine.statements import Statement

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100


@dataclass(frozen=True)
class Asked:
    """What is asked of a page: how many items, from which end, and between which cursors."""

    limit: int
    backward: bool
    after: list[Any] | None = None
    before: list[Any] | None = None


@dataclass(frozen=True, eq=False)
class PageRule:
    """How the cursors of a page are read."""

    tag: str
    readers: tuple[Any, ...]

    def asked(self, values: Values) -> Asked:
        """Read what is asked of the page.

        Raises:
            BadInput: A cursor is not of this list, or a limit cannot be.
        """
        asked = limits(values)
        return replace(asked, after=self.bound(values, "after"), before=self.bound(values, "before"))

    def bound(self, values: Values, name: str) -> list[Any] | None:
        """Read one of the cursors, if it is given."""
        text = given(values, name)
        return None if text is None else cursors.decode(text, self.tag, self.readers, name)


def limits(values: Values) -> Asked:
    """How many items are asked for, and from which end.

    Raises:
        BadInput: Both ends at once, fewer than none or too many.
    """
    first, last = given(values, "first"), given(values, "last")
    if first is not None and last is not None:
        raise BadInput("Ask for `first` or for `last`, not for both.", "last")
    name, limit = ("last", last) if last is not None else ("first", first)
    if limit is None:
        return Asked(DEFAULT_LIMIT, backward=False)
    if not 0 <= limit <= LARGEST_LIMIT:
        raise BadInput(f"A page has 0 to {LARGEST_LIMIT} items.", name)
    return Asked(limit, backward=name == "last")


class Page:
    """A page under construction: what is wanted of it, and from which rows."""

    def __init__(self, c: Compilation, picked: Picked, source: Many, here: Here | None) -> None:
        assert picked.slot is not None
        self.c, self.picked, self.source, self.here = c, picked, source, here
        self.slot = picked.slot
        self.values = c.values[self.slot]
        self.asked = limits(self.values)
        self.arguments = c.arguments(picked, source)
        self.target = node_entity(picked)
        self.order = order_of(picked, source, self.values, self.arguments)
        self.wanted: list[Picked] = []
        self.outside: list[tuple[str, Any, Any]] = []
        c.pages[self.slot] = self.rule()

    def rule(self) -> PageRule:
        """How cursors of this page are read; known even when only the count is asked for."""
        columns = self.order.columns(self.rows(), self.source)
        return PageRule(self.order.tag, tuple(cursors.reader(column.type) for column in columns))

    def rows(self) -> Rows:
        """The rows of the list, under fresh aliases."""
        return rows_of(self.c, self.target, self.source, self.arguments)

    def count(self) -> Any:
        """How many items the list has in all: a subquery of the parent's statement, or a statement at the root."""
        rows = self.rows()
        if self.here is None:
            return counted(rows)
        assert rows.link is not None
        return counted(rows, rows.link == getattr(self.here.row, parent_key(self.source, self.here))).scalar_subquery()

    def want(self, picked: Picked) -> int:
        """Ask for nodes, edges or the page's place; gives its index in the group."""
        self.wanted.append(picked)
        return len(self.wanted) - 1

    @property
    def infos(self) -> list[tuple[int, Picked]]:
        """The wanted places of the page, with their indexes."""
        return [(index, picked) for index, picked in enumerate(self.wanted) if picked.name == "pageInfo"]

    @property
    def single(self) -> bool:
        """Whether one list is all that is wanted."""
        return len(self.wanted) == 1 and not self.infos

    def statement(self) -> Found:
        """Write the page's statement and its builder."""
        rows = self.rows()
        columns = self.order.columns(rows, self.source)
        keys = None if self.here is None or rows.link is None else parents(self.c, rows.link)
        inner = self.inner(rows, columns, keys)
        level = Level()
        group = None if keys is None else level.column(keys.c.n, "group")
        row, name = self.c.alias(self.target.row, inner)
        ordered = [inner.c[f"o{index}"] for index in range(len(columns))]
        origin, bounds = self.around(level, inner, keys, group)
        made = tuple(self.item(level, Here(self.target, row, name), inner, ordered, picked) for picked in self.wanted)
        sort = [*([keys.c.n] if keys is not None else []), *self.order.sorted(ordered)]
        statement = Statement(level.select(origin).order_by(*sort), self.c.parameters)
        build, text = row_builder(Items(made, len(level.columns), len(level.children), group, single=self.single))
        self.c.texts.append((statement.text, text))
        return Found(
            statement, build, level.children, len(made), keyed=keys is not None, single=self.single, bounds=bounds
        )

    def inner(self, rows: Rows, columns: list[ColumnElement[Any]], keys: Any) -> Any:
        """The rows of the page alone: limited before anything is joined to them."""
        with_between = self.source.edge is not None
        labelled = [column.label(f"o{index}") for index, column in enumerate(columns)]
        query = select(*rows.columns(with_between=with_between), *labelled).select_from(rows.source)
        query = query.where(*rows.conditions, *self.bounds(columns))
        query = query.order_by(*self.order.sorted(columns, backward=self.asked.backward))
        query = query.limit(self.parameter("limit", 1 if self.infos else 0, BigInteger()))
        name = f"p{self.c.number()}"
        if keys is None:
            return query.subquery(name)
        assert rows.link is not None
        return query.where(rows.link == keys.c.id).lateral(name)

    def parameter(self, name: str, index: int, type_: Any) -> Any:
        """A parameter whose value is read from what is asked of the page."""
        key = f"p{self.slot}_{name}_{index}"
        self.c.parameters.paths[key] = (self.slot, name, index)
        return bindparam(key, type_=type_)

    def bounds(self, columns: list[ColumnElement[Any]]) -> list[ColumnElement[bool]]:
        """What lies between the cursors; with `infos`, also notes how to find out what lies outside of them."""
        found = []
        for name in ("after", "before"):
            if given(self.values, name) is None:
                continue
            found.append(self.beside(columns, name, inside=True))
            if self.infos:
                self.outside.append((name, *self.anything_outside(name)))
        return found

    def beside(self, columns: list[ColumnElement[Any]], name: str, *, inside: bool) -> ColumnElement[bool]:
        """The rows on one side of a cursor; the row of the cursor itself is outside."""
        marks = [self.parameter(name, index, column.type) for index, column in enumerate(columns)]
        left: Any = columns[0] if len(columns) == 1 else tuple_(*columns)
        right: Any = marks[0] if len(marks) == 1 else tuple_(*marks)
        greater = (name == "after") != self.order.descending
        if inside:
            return left > right if greater else left < right  # type: ignore[no-any-return]
        return left <= right if greater else left >= right  # type: ignore[no-any-return]

    def anything_outside(self, name: str) -> tuple[Any, Any]:
        """The question whether the list has anything beyond a cursor, and what links it to a parent."""
        rows = self.rows()
        columns = self.order.columns(rows, self.source)
        question = exists().select_from(rows.source).where(*rows.conditions, self.beside(columns, name, inside=False))
        return question, rows.link

    def around(self, level: Level, inner: Any, keys: Any, group: int | None) -> tuple[FromClause, Bounds | None]:
        """What the page is joined to: its parents, and what is asked about the rest of the list.

        Where something is asked about the rest, the page is an outer join: an empty page has a rest, too.
        """
        origin: Any = inner if keys is None else keys.join(inner, true())
        present = None
        flags: list[tuple[str, int]] = []
        if self.outside:
            name = f"b{self.c.number()}"
            asked = [
                # Said aloud, since nothing in between mentions the parents: the question is about one of them.
                (question if keys is None else question.where(link == keys.c.id).correlate(keys)).label(bound)
                for bound, question, link in self.outside
            ]
            beyond: Any = select(*asked).subquery(name) if keys is None else select(*asked).lateral(name)
            origin = (beyond if keys is None else keys.join(beyond, true())).outerjoin(inner, true())
            present = level.column(inner.c.o0, inner.name, "o", 0)
            flags = [(bound, level.column(beyond.c[bound])) for bound, _, _ in self.outside]
        if not self.infos:
            return origin, None
        bounds = Bounds(self.slot, self.order.tag, self.asked.backward, self.infos, flags, group, present)
        return origin, bounds

    def item(self, level: Level, here: Here, inner: Any, ordered: list[Any], picked: Picked) -> Node:
        """What is made of each row for nodes, edges or the page's place."""
        marks = []
        if picked.name != "nodes":
            marks = [level.column(as_mark(column), inner.name, "o", index) for index, column in enumerate(ordered)]
        if picked.name == "nodes":
            return record(self.c, level, here, picked.sole())
        if picked.name == "pageInfo":
            return Place(tuple(marks))
        return Record(tuple((one.key, self.edge_field(level, here, inner, marks, one)) for one in picked.sole()))

    def edge_field(self, level: Level, here: Here, inner: Any, marks: list[int], picked: Picked) -> Node:
        """A field of an edge: its cursor, its node, or one of its own over the row in between."""
        if picked.name == "cursor":
            return Cursor(self.order.tag, tuple(marks))
        if picked.name == "node":
            return record(self.c, level, here, picked.sole())
        if self.source.edge is None:
            return Const(picked.parent.name)
        edge = ENTITIES[self.source.edge]
        row, name = (here.row, here.name)
        if edge.row is not self.target.row:
            row, name = self.c.alias(edge.row, inner)[0], f"{inner.name} between"
        return node(self.c, level, Here(edge, row, name, arguments=self.arguments), picked)


def as_mark(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column of the order as cursors are made of it: ids as text, which the driver need not read."""
    return cast(column, Text) if isinstance(column.type, Uuid) else column


def node_entity(picked: Picked) -> Entity:
    """The entity that a list's items are of."""
    connection: Any = picked.type
    entity = entity_of(get_named_type(connection.fields["nodes"].type))
    if entity is None:
        raise TypeError(f"{picked.parent.name}.{picked.name} pages through something that is over no row")
    return entity


def compile_many(c: Compilation, level: Level, here: Here, picked: Picked, source: Many) -> Node:
    """A page for each row of a statement: one statement for all of them; the count rides along in the parent's."""
    page = Page(c, picked, source, here)
    fields: list[tuple[str, Node | int]] = []
    for one in picked.sole():
        if one.name == TYPENAME:
            fields.append((one.key, Const(one.parent.name)))
        elif one.name == "totalCount":
            fields.append((one.key, Value(level.column(page.count()))))
        else:
            fields.append((one.key, page.want(one)))
    child, key = len(level.children), -1
    if page.wanted:
        key = level.column(getattr(here.row, parent_key(source, here)), here.name, parent_key(source, here), "key")
        level.children.append((page.statement(), key))
    made = [
        (name, Part(child, key, None if page.single else field) if isinstance(field, int) else field)
        for name, field in fields
    ]
    return Record(tuple(made))


COMPILERS[Many] = compile_many
