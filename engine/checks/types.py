"""Faults of whole types, and of fields that ask for what plans never ask about."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLObjectType, GraphQLSchema, is_abstract_type, is_object_type

from engine.checks.places import Place
from engine.cost_directives import Cost, ListSize
from engine.keys import primary_key
from engine.selection import DEFINITION, entity_of
from engine.sources import Declared, Entity, Source

OWN_FIELDS = {"id", "cursor", "node"}


def faults_of_entity(graphql_type: GraphQLObjectType, entity: Entity) -> Iterator[str]:
    """Faults of an entity as such."""
    name = graphql_type.name
    if entity.prefix is not None and len(primary_key(entity.row)) != 1:
        yield f"{name}: an id needs a primary key of one column"
    if entity.prefix is None and "id" in graphql_type.fields:
        definition = graphql_type.fields["id"].extensions.get(DEFINITION)
        if not isinstance(definition, Declared):
            yield f"{name}.id: a type without a prefix has no ids"
    for field_name, field in graphql_type.fields.items():
        definition = field.extensions.get(DEFINITION)
        if not isinstance(definition, Declared) and field_name not in OWN_FIELDS:
            yield f"{name}.{field_name}: an ordinary field of a declared type is never asked; make it a finished one"


def faults_of_bypass(place: Place, definition: Declared) -> Iterator[str]:
    """A declared field is read by its plan alone: nothing that wraps resolvers is run."""
    if definition.permission_classes:
        yield place.fault("permission classes are not asked about declared fields; say it in visible=, where= or to=")
    elif definition.extensions:
        yield place.fault("extensions are not run for declared fields")
    if definition.base_resolver is not None:
        yield place.fault("a declared field has no resolver")
    if any(not isinstance(directive, Cost | ListSize) for directive in definition.directives):
        yield place.fault("directives that act on resolvers do not act on declared fields")


def faults_of_prefixes(core: GraphQLSchema) -> Iterator[str]:
    """Two types that one field may give must differ in their ids."""
    for name, graphql_type in core.type_map.items():
        if not is_abstract_type(graphql_type) or name.startswith("__"):
            continue
        seen: dict[str, str] = {}
        for possible in core.get_possible_types(graphql_type):
            entity = entity_of(possible)
            prefix = entity.prefix if entity is not None else None
            if prefix is None:
                continue
            if prefix in seen:
                yield f"{name}: {seen[prefix]} and {possible.name} have the same id prefix {prefix!r}"
            seen[prefix] = possible.name


def faults_of_binding(place: Place, source: Source) -> Iterator[str]:
    """Every field of a part is bound, and nothing else is."""
    part = place.type
    if not is_object_type(part):
        yield place.fault(f"{part.name} is no part")
        return
    names = {field.extensions[DEFINITION].python_name for field in part.fields.values()}
    for name in sorted(names - set(source.bound())):
        yield place.fault(f"{part.name}.{name} is not bound to anything")
    for name in sorted(set(source.bound()) - names):
        yield place.fault(f"{part.name} has no field {name}")
