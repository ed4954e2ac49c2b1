"""Reading declared fields: which row or list is asked for, and whether what is found may be answered.

The executor reads this way where declared and ordinary fields are mixed, and `engine.whole` where there are no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from engine.arguments import key_in
from engine.found import Connection
from engine.planning import Start
from engine.selection import DEFINITION, Details, Operation, Spot, entity_of
from engine.sources import ById, Declared, Own


class Context(Protocol):
    """What the engine needs of an operation's context."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values of the viewer's parameters."""

    def read(self) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection for the statements of one root field."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A declared field where it is asked for.

    Attributes:
        parent: The type that it is selected on.
        field: The field in the schema.
        details: Its nodes.
        declared: The field as declared.
    """

    parent: GraphQLObjectType
    field: GraphQLField
    details: Details
    declared: Declared


def declared_at(parent: GraphQLObjectType, details: Details) -> Place | None:
    """The declared field of some nodes; None when it is an ordinary one, or none at all."""
    field = parent.fields.get(details[0].node.name.value)
    declared = field.extensions.get(DEFINITION) if field is not None else None
    return Place(parent, field, details, declared) if field is not None and isinstance(declared, Declared) else None


def start_of(place: Place) -> tuple[Spot, Start]:
    """What the plan of a field starts from that is not asked for by its id."""
    return Spot(place.parent, place.details, place.field.type), Start("source", source=place.declared.source)


def sought(operation: Operation, context: Context, place: Place) -> tuple[Spot, Start, Any] | None:
    """What the plan of a field starts from, and the key of the row; None when there is no such row."""
    source = place.declared.source
    if isinstance(source, ById):
        return row_asked(operation, place)
    key = context.parameters["viewer"] if isinstance(source, Own) else None
    return None if key is None and isinstance(source, Own) else (*start_of(place), key)


def row_asked(operation: Operation, place: Place) -> tuple[Spot, Start, Any] | None:
    """The same by the id that a client gave; None when it is no id of a type that the field may give."""
    detail = place.details[0]
    given = get_argument_values(place.field, detail.node, operation.variable_values, detail.fragment_variable_values)
    prefix, _, _ = str(given["id"]).rpartition("_")
    try:
        key = key_in(given["id"])
    except ValueError:
        return None
    for object_type in possible_types(operation.schema, place.field.type):
        entity = entity_of(object_type)
        if entity is not None and entity.prefix is not None and entity.prefix == prefix:
            return Spot(place.parent, place.details, place.field.type, object_type), Start("key", entity), key
    return None


def possible_types(schema: GraphQLSchema, type_: GraphQLOutputType) -> list[GraphQLObjectType]:
    """The object types that a value of a type may have."""
    named: Any = get_named_type(type_)
    return schema.get_possible_types(named) if is_abstract_type(named) else [named]


def promised(value: Any, type_: GraphQLOutputType, path: Path) -> Any:
    """A value, unless it is null where the schema promises one."""
    if value is None and isinstance(type_, GraphQLNonNull):
        raise TypeError(f"Cannot return null for non-nullable field {path.key}.")
    return value
