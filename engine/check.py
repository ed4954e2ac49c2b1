"""Declarations against tables, keys and indexes: what would be wrong, slow or unsafe at run time is a fault at start.

The types of the annotations are looked up by `settle` and by the schema; what is checked here nobody else sees, since
markers are untyped on purpose and plans skip the executor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema
from sqlalchemy.orm import configure_mappers

from engine.checks import columns, edges, lists, roots, types
from engine.checks.places import Place
from engine.selection import DEFINITION, entity_of
from engine.sources import (
    ById,
    Column,
    Computed,
    Declared,
    Embedded,
    Finished,
    Listed,
    Many,
    One,
    OneOf,
    OneWhere,
    Own,
    Source,
)

CHECKS: dict[type[Source], Any] = {
    Column: columns.faults_of_column,
    Computed: columns.faults_of_computed,
    Finished: columns.faults_of_finished,
    Embedded: columns.faults_of_embedded,
    One: edges.faults_of_one,
    OneOf: edges.faults_of_one_of,
    Many: lists.faults_of_many,
    Listed: lists.faults_of_listed,
    ById: roots.faults_of_by_id,
    Own: roots.faults_of_own,
    OneWhere: roots.faults_of_one_where,
}


def check(schema: Any) -> list[str]:
    """Compare every declaration that a schema shows with the tables.

    Args:
        schema: A strawberry schema.

    Returns:
        The faults, each with its place; with any of them a server must not start.
    """
    configure_mappers()  # Else the first plan would, which takes tenths of a second.
    core: GraphQLSchema = schema._schema  # noqa: SLF001  # Strawberry gives no other way to it.
    found = [
        fault
        for graphql_type in core.type_map.values()
        if isinstance(graphql_type, GraphQLObjectType) and DEFINITION in graphql_type.extensions
        for fault in faults_of_type(core, graphql_type)
    ]
    return [*found, *types.faults_of_prefixes(core)]


def faults_of_type(core: GraphQLSchema, graphql_type: GraphQLObjectType) -> Iterator[str]:
    """The faults of one object type."""
    entity = entity_of(graphql_type)
    if entity is not None:
        yield from types.faults_of_entity(graphql_type, entity)
    for name, field in graphql_type.fields.items():
        definition = field.extensions.get(DEFINITION)
        if not isinstance(definition, Declared):
            continue
        place = Place(core, graphql_type, name, field, entity)
        yield from types.faults_of_bypass(place, definition)
        yield from faults_of_source(place, definition.source)


def faults_of_source(place: Place, source: Source) -> Iterator[str]:
    """The faults of one field, and of the fields of the part that it binds."""
    yield from CHECKS[type(source)](place, source)
    if source.bound():
        yield from types.faults_of_binding(place, source)
        for inner in place.parts(source):
            yield from faults_of_source(inner, source.bound()[inner.python_name])
