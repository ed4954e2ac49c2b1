"""Short lists: all rows that point here, up to a limit, without cursors."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, true

from engine.arguments import Values
from engine.builder import Items, Node, Part, row_builder
from engine.compile import COMPILERS, Compilation, Here, Level, record
from engine.found import Found
from engine.keys import row_of
from engine.lists import order_of, parent_key, parents, rows_of
from engine.selection import Picked, entity_of
from engine.sources import Entity, Listed
from engine.statements import Statement


def item_entity(picked: Picked, source: Listed) -> Entity:
    """What a list's items are: an entity, or a part over the rows that it is bound to."""
    entity = entity_of(picked.type)
    if entity is not None:
        return entity
    row = source.of if isinstance(source.of, type) else row_of(source.of)
    return Entity(object, row, None, None)


def short_list(c: Compilation, picked: Picked, source: Listed, here: Here | None) -> Found:
    """Write the statement of a short list and its builder."""
    arguments = c.arguments(picked, source)
    target = item_entity(picked, source)
    rows = rows_of(c, target, source, arguments)
    values: Values = c.values[picked.slot] if picked.slot is not None else {}
    order = order_of(picked, source, values, arguments)
    columns = order.columns(rows, source)
    query = select(*rows.columns(with_between=False), *[column.label(f"o{i}") for i, column in enumerate(columns)])
    query = query.select_from(rows.source).where(*rows.conditions).order_by(*order.sorted(columns)).limit(source.limit)
    keys = None if here is None else parents(c, rows.link)
    name = f"p{c.number()}"
    inner: Any = query.subquery(name) if keys is None else query.where(keys.c.id == rows.link).lateral(name)
    level = Level()
    group = None if keys is None else level.column(keys.c.n, "group")
    row, alias = c.alias(target.row, inner)
    bound = source.fields or None
    made = record(c, level, Here(target, row, alias, bound), picked.sole())
    statement_rows = inner if keys is None else keys.join(inner, true())
    sort = [*([keys.c.n] if keys is not None else []), *order.sorted([inner.c[f"o{i}"] for i in range(len(columns))])]
    statement = Statement(level.select(statement_rows).order_by(*sort), c.parameters)
    build, text = row_builder(Items((made,), len(level.columns), len(level.children), group))
    c.texts.append((statement.text, text))
    return Found(statement, build, level.children, keyed=keys is not None)


def compile_listed(c: Compilation, level: Level, here: Here, picked: Picked, source: Listed) -> Node:
    """A short list for each row of a statement: one statement for all of them."""
    child = len(level.children)
    key = parent_key(source, here)
    index = level.column(getattr(here.row, key), here.name, key, "key")
    level.children.append((short_list(c, picked, source, here), index))
    return Part(child, index, None)


COMPILERS[Listed] = compile_listed
