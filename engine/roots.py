"""What a plan starts from: a page or a short list of rows, or one row found by its key or by a condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from graphql import get_named_type
from sqlalchemy import ARRAY, ColumnElement, bindparam, func, select
from sqlalchemy import inspect as inspect_row

from engine.builder import Const, Cursor, Items, Node, Record, row_builder
from engine.compile import Compilation, Here, Level, conditions, record
from engine.found import Found, Run
from engine.keys import column_of, sole_key
from engine.lists import order_made, rows_of
from engine.pages import Page
from engine.selection import TYPENAME, Picked, entity_of
from engine.short_lists import short_list
from engine.sources import Entity, Listed, Many, OneWhere, Own
from engine.statements import KEYS, Statement

Root = Callable[[Run, Any], Any]


def entity_below(picked: Picked, type_name: str) -> Entity:
    """The entity of an object type that a root field may give."""
    entity = entity_of(picked.types[type_name])
    if entity is None:
        raise TypeError(f"{picked.parent.name}.{picked.name}: {type_name} is over no row")
    return entity


@dataclass(frozen=True, eq=False)
class Several:
    """A root that gives the rows which its statement finds, as a list."""

    found: Found

    async def __call__(self, run: Run, keys: Any) -> Any:
        """Run it; the keys are the parameter of a list of references."""
        return await self.found.run(run, keys)


@dataclass(frozen=True, eq=False)
class Single:
    """A root that gives one row, or null."""

    found: Found

    async def __call__(self, run: Run, keys: Any) -> Any:
        """Run it; `keys` is the one key, where it is found by that."""
        rows = await self.found.run(run, keys)
        return rows[0] if rows else None


@dataclass(frozen=True, eq=False)
class Whole:
    """A root that gives a page: its statement if anything of it is wanted, and its count if that is."""

    fields: tuple[tuple[str, Any], ...]
    page: Found | None
    count: Statement | None
    single: bool

    async def __call__(self, run: Run, _: Any) -> Any:
        """Run both."""
        group = await self.page.run(run, None) if self.page is not None else []
        total = (await run.fetch(self.count))[0][0] if self.count is not None else None
        answer: dict[str, Any] = {}
        for key, value in self.fields:
            if isinstance(value, int):
                answer[key] = group if self.single else group[value]
            else:
                answer[key] = total if value is None else value.value
        return answer


def page_root(c: Compilation, picked: Picked, source: Many) -> Whole:
    """A page at the root."""
    page = Page(c, picked, source, None)
    fields: list[tuple[str, Any]] = []
    count = None
    for one in picked.sole():
        if one.name == TYPENAME:
            fields.append((one.key, Const(one.parent.name)))
        elif one.name == "totalCount":
            count = count or Statement(page.count(), c.parameters)
            fields.append((one.key, None))
        else:
            fields.append((one.key, page.want(one)))
    if count is not None:
        c.texts.append((count.text, ""))
    return Whole(tuple(fields), page.statement() if page.wanted else None, count, page.single)


def list_root(c: Compilation, picked: Picked, source: Listed) -> Several:
    """A short list at the root."""
    return Several(short_list(c, picked, source, None))


def found_row(c: Compilation, level: Level, made: Node, query: Any) -> Found:
    """A statement that is neither a page nor a list of a parent's."""
    statement = Statement(query, c.parameters)
    build, text = row_builder(Items((made,), len(level.columns), len(level.children)))
    c.texts.append((statement.text, text))
    return Found(statement, build, level.children)


def row_root(
    c: Compilation, picked: Picked, entity: Entity, condition: Callable[[Any], list[ColumnElement[bool]]]
) -> Single:
    """One row for which a condition holds."""
    row, name = c.alias(entity.row)
    level = Level()
    made = record(c, level, Here(entity, row, name), picked.below[type_name_of(picked, entity)])
    where = [*condition(row), *entity.seen(row)]
    return Single(found_row(c, level, made, level.select(inspect_row(row).selectable).where(*where).limit(1)))


def type_name_of(picked: Picked, entity: Entity) -> str:
    """The GraphQL name under which an entity's fields are selected."""
    return next(name for name in picked.types if entity_below(picked, name) is entity)


def key_root(c: Compilation, picked: Picked, entity: Entity) -> Single:
    """One row by its primary key."""
    key = sole_key(entity.row)
    column = column_of(getattr(entity.row, key))
    return row_root(c, picked, entity, lambda row: [getattr(row, key) == bindparam(KEYS, type_=column.type)])


def own_root(c: Compilation, picked: Picked, _: Own) -> Single:
    """The viewer's own row."""
    return key_root(c, picked, entity_below(picked, picked.type.name))


def where_root(c: Compilation, picked: Picked, source: OneWhere) -> Single:
    """One row by a condition of its own."""
    entity = entity_below(picked, picked.type.name)
    arguments = c.arguments(picked, source)
    return row_root(c, picked, entity, lambda row: conditions(source.where, row, source.viewer, arguments))


def keys_root(c: Compilation, picked: Picked, entity: Entity) -> Several:
    """Several rows by their primary keys, in the order of the keys."""
    row, name = c.alias(entity.row)
    key = sole_key(entity.row)
    column = getattr(row, key)
    keys = func.unnest(bindparam(KEYS, type_=ARRAY(column.type)))
    table = keys.table_valued("id", with_ordinality="n").render_derived(name=f"k{c.number()}")
    level = Level()
    made = record(c, level, Here(entity, row, name), picked.below[type_name_of(picked, entity)])
    origin = table.join(inspect_row(row).selectable, column == table.c.id)
    query = level.select(origin).where(*entity.seen(row)).order_by(table.c.n)
    return Several(found_row(c, level, made, query))


def edge_root(c: Compilation, picked: Picked, source: Many, place: str) -> Single:
    """The edge of one row in a list, in its first order and without its filter.

    Raises:
        TypeError: The list goes through a row in between, or its edges have fields of their own: then the row alone
            does not make an edge.
    """
    if source.through is not None or source.edge is not None:
        raise TypeError(f"{place} goes through another row: a reference to an edge cannot say which")
    edge_type: Any = picked.type
    target = entity_of(get_named_type(edge_type.fields["node"].type))
    assert target is not None
    name, declared = next(iter(source.order.items())) if isinstance(source.order, dict) else (None, source.order)
    order = order_made(f"{place} {name.name if name is not None else ''}", declared, {})
    rows = rows_of(c, target, replace(source, where=None), {})
    columns = order.columns(rows, source)
    key = sole_key(target.row)
    labelled = [column.label(f"o{index}") for index, column in enumerate(columns)]
    inner = select(*rows.columns(with_between=False), *labelled).select_from(rows.source)
    inner = inner.where(getattr(rows.row, key) == bindparam(KEYS, type_=getattr(rows.row, key).type), *rows.conditions)
    only = inner.subquery(f"p{c.number()}")
    level = Level()
    row, alias = c.alias(target.row, only)
    marks = tuple(level.column(only.c[f"o{index}"]) for index in range(len(columns)))

    def field(one: Picked) -> Node:
        if one.name == "node":
            return record(c, level, Here(target, row, alias), one.sole())
        return Cursor(order.tag, marks) if one.name == "cursor" else Const(one.parent.name)

    made = Record(tuple((one.key, field(one)) for one in picked.sole()))
    return Single(found_row(c, level, made, level.select(only)))
