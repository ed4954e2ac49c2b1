"""Faults of root fields that give one row."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.places import Place
from engine.keys import primary_key
from engine.selection import entity_of
from engine.sources import ById, OneWhere, Own


def faults_of_by_id(place: Place, _: ById) -> Iterator[str]:
    """Every type that it may give has ids; hidden and missing are null."""
    if not place.nullable:
        yield place.fault("there may be no such row, so the field must be nullable")
    for possible in place.possible():
        entity = entity_of(possible)
        if entity is None or entity.prefix is None:
            yield place.fault(f"{possible.name} has no ids")


def faults_of_own(place: Place, _: Own) -> Iterator[str]:
    """The viewer's row has a key of one column; strangers get null."""
    entity = place.target
    if entity is None or len(primary_key(entity.row)) != 1:
        yield place.fault("it needs a type over a row with a primary key of one column")
    if not place.nullable:
        yield place.fault("strangers have no row of their own, so the field must be nullable")


def faults_of_one_where(place: Place, source: OneWhere) -> Iterator[str]:
    """Its type is over the row that is looked for, and may be missing."""
    entity = place.target
    if entity is None or entity.row is not source.row:
        yield place.fault(f"{place.type.name} is not over {source.row.__name__}")
    if not place.nullable:
        yield place.fault("there may be no such row, so the field must be nullable")
