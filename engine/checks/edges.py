"""Faults of fields that lead to one other row."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.indexes import is_view, unique_over
from engine.checks.places import Place
from engine.keys import column_of, points_back, primary_key, refers_to, row_of, table_of
from engine.selection import entity_of
from engine.sources import Entity, One, OneOf


def faults_of_one(place: Place, source: One) -> Iterator[str]:
    """A key leads where the annotation says, to one row, which may be hidden only under a nullable field."""
    target, here = place.target, place.here()
    if target is None or here is None:
        yield place.fault(f"{place.type.name} is over no row")
        return
    if target.visible is not None and not place.nullable:
        yield place.fault(f"{place.type.name} may be hidden, so the field must be nullable")
    if points_back(source.key, here, target.row, narrowed=source.where is not None):
        yield from faults_of_back(place, source, here, target)
    else:
        yield from faults_of_forth(place, source, here, target)


def faults_of_forth(place: Place, source: One, here: type, target: Entity) -> Iterator[str]:
    """A key of this row names a row of the target."""
    column = column_of(source.key)
    is_itself = table_of(here) is table_of(target.row) and source.key.key in primary_key(here)
    if not refers_to(source.key, target.row) and not is_itself and not is_view(table_of(here)):
        yield place.fault(f"{source.key} does not refer to {table_of(target.row).name}")
    if (column.nullable or source.where is not None) and not place.nullable:
        yield place.fault(f"{source.key} may lead nowhere, and the field may not be null")


def faults_of_back(place: Place, source: One, here: type, target: Entity) -> Iterator[str]:
    """A key of one row of the target names this row."""
    if row_of(source.key) is not target.row:
        yield place.fault(f"{source.key} is a column of neither this row nor {place.type.name}")
        return
    table = table_of(target.row)
    if not is_view(table):
        if not refers_to(source.key, here):
            yield place.fault(f"{source.key} does not refer to {table_of(here).name}")
        if not unique_over(table, column_of(source.key).name, narrowed=source.where is not None):
            yield place.fault(f"no unique index holds {source.key} to one row")
    if not place.nullable:
        yield place.fault("the other row may be missing, so the field must be nullable")


def faults_of_one_of(place: Place, source: OneOf) -> Iterator[str]:
    """The row's own columns name a row of a type that has ids; any may be missing."""
    for column in (source.type, source.key):
        if place.is_foreign(column):
            yield place.fault(f"{column} is a column of another row")
    if not place.nullable:
        yield place.fault("nothing holds such a key to a row, so the field must be nullable")
    for possible in place.possible():
        entity = entity_of(possible)
        if entity is None or entity.prefix is None:
            yield place.fault(f"{possible.name} has no ids")
