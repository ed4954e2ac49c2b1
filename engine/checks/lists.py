"""Faults of lists: keys, orders, indexes, edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import get_named_type
from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import InstrumentedAttribute

from engine import cursors
from engine.checks.indexes import is_view, serves
from engine.checks.places import Place
from engine.keys import column_of, refers_to, row_of, table_of
from engine.lists import direction
from engine.selection import entity_of
from engine.sources import ENTITIES, Entity, Listed, Many


def faults_of_many(place: Place, source: Many) -> Iterator[str]:
    """A list leads where the annotation says, in an order that an index gives."""
    connection: Any = place.type
    nodes = connection.fields.get("nodes") if hasattr(connection, "fields") else None
    target = entity_of(get_named_type(nodes.type)) if nodes is not None else None
    if target is None:
        yield place.fault("its type is not Connection[...] of a type over a row")
        return
    yield from faults_of_link(place, source, target)
    yield from faults_of_edge(place, source, target)
    orders = source.order if isinstance(source.order, dict) else {None: source.order}
    for member, order in orders.items():
        name = "its order" if member is None else f"order {member.name}"
        yield from faults_of_order(place, source, target, name, order)


def faults_of_listed(place: Place, source: Listed) -> Iterator[str]:
    """A short list leads where the annotation says; its key has an index."""
    row = source.of if isinstance(source.of, type) else row_of(source.of)
    target = place.target or Entity(object, row, None, None)
    yield from faults_of_link(place, source, target)
    if isinstance(source.order, dict):
        yield place.fault("a short list has one order")
        return
    expression, _ = direction(source.order)
    if isinstance(expression, InstrumentedAttribute) and column_of(expression).nullable:
        yield place.fault(f"{expression} may be null, and cannot order a list")
    if isinstance(source.of, InstrumentedAttribute):
        yield from faults_of_index(place, source, table_of(row_of(source.of)), [column_of(source.of).name])


def faults_of_link(place: Place, source: Many | Listed, target: Entity) -> Iterator[str]:
    """The columns that lead from the parent to the rows of a list."""
    through = source.through if isinstance(source, Many) else None
    if isinstance(source.of, type):
        if source.of is not target.row:
            yield place.fault(f"{source.of.__name__} is not the row of its type")
        return
    here = place.here()
    if here is None:
        yield place.fault("a root list is over a row, not over a column")
        return
    holder = row_of(source.of)
    expected = row_of(through) if through is not None else target.row
    if holder is not expected:
        yield place.fault(f"{source.of} is not a column of {expected.__name__}")
    if not refers_to(source.of, here) and not is_view(table_of(holder)):
        yield place.fault(f"{source.of} does not refer to {table_of(here).name}")
    if through is not None and not refers_to(through, target.row):
        yield place.fault(f"{through} does not refer to {table_of(target.row).name}")


def faults_of_edge(place: Place, source: Many, target: Entity) -> Iterator[str]:
    """Edges with fields of their own are over the row in between, or over the row itself."""
    if source.edge is None:
        return
    edge = ENTITIES.get(source.edge)
    if edge is None or not edge.edge:
        yield place.fault(f"{source.edge.__name__} is not decorated with edge(...)")
    elif edge.row is not (row_of(source.through) if source.through is not None else target.row):
        yield place.fault(f"{source.edge.__name__} is over another row than its list")
    else:
        connection: Any = place.type
        edge_type: Any = get_named_type(connection.fields["edges"].type)
        if entity_of(get_named_type(edge_type.fields["node"].type)) is not target:
            yield place.fault(f"{source.edge.__name__} is the edge of lists of different types")


def faults_of_order(place: Place, source: Many, target: Entity, name: str, order: Any) -> Iterator[str]:
    """An order is never null, can be put into a cursor, and is given by an index where it is a column."""
    expression, _ = direction(order)
    if not isinstance(expression, InstrumentedAttribute):
        if isinstance(expression, ColumnElement):
            yield from faults_of_cursor(place, name, expression.type)
        elif not callable(expression):
            yield place.fault(f"{name} is neither a column nor an expression nor a function")
        return
    column = column_of(expression)
    if column.nullable:
        yield place.fault(f"{name}: {expression} may be null, and cursors cannot say where nulls are")
    yield from faults_of_cursor(place, name, column.type)
    owner = row_of(expression)
    between = row_of(source.through) if source.through is not None else None
    if owner not in (target.row, between):
        yield place.fault(f"{name}: {expression} is not a column of its rows")
        return
    if isinstance(source.of, type):
        yield from faults_of_index(place, source, table_of(owner), [column.name])
        return
    holder = row_of(source.of)
    wanted = [column_of(source.of).name]
    if owner is holder and column.name != wanted[0]:
        wanted.append(column.name)
    yield from faults_of_index(place, source, table_of(holder), wanted)


def faults_of_cursor(place: Place, name: str, type_: Any) -> Iterator[str]:
    """Values of an order can be written into cursors and read back."""
    try:
        cursors.reader(type_)
    except (TypeError, NotImplementedError):
        yield place.fault(f"{name}: no cursor can be made of {type_!r}")


def faults_of_index(place: Place, source: Many | Listed, table: Table, wanted: list[str]) -> Iterator[str]:
    """An index gives the rows of each parent, in order."""
    if is_view(table):
        return
    narrowed = source.where is not None
    is_root = isinstance(source.of, type)
    if not serves(table, wanted, narrowed=narrowed, from_the_start=not (narrowed and is_root)):
        yield place.fault(f"no index on {table.name} ({', '.join(wanted)}, ...)")
