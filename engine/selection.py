"""What a client selects under a root field, as a tree, for one set of values of @skip and @include."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues
from graphql.language import DirectiveNode, Visitor, visit
from strawberry.types.field import StrawberryField

from engine.sources import ENTITIES, Declared, Entity, Finished, Source

Details: TypeAlias = list[FieldDetails]


class Operation(Protocol):
    """What plans are made for and found by; an executor is one."""

    @property
    def schema(self) -> GraphQLSchema:
        """The schema."""

    @property
    def operation(self) -> OperationDefinitionNode:
        """What is asked; the same object each time."""

    @property
    def fragments(self) -> dict[str, FragmentDetails]:
        """The fragments of its document."""

    @property
    def variable_values(self) -> VariableValues:
        """The values of its variables."""

    @property
    def context_value(self) -> Any:
        """Who asks."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How one argument of a field finds its value.

    Attributes:
        name: Its Python name.
        variable: The variable that it is; None for all else.
        value: What it is otherwise: what is written, or the default; `Undefined` for nothing.
        required: Whether there must be a value.
        nullable: Whether that may be null.
        convert: What turns input objects into their classes.
    """

    name: str
    variable: str | None
    value: Any
    required: bool
    nullable: bool
    convert: Callable[[Any], Any] | None


DEFINITION = "strawberry-definition"
"""Where strawberry keeps its own object in the extensions of graphql-core's."""

TYPENAME = "__typename"


@dataclass(frozen=True)
class Spot:
    """A place in the answer whose value a plan gives.

    Attributes:
        parent: The type that the field is selected on.
        details: The field's nodes.
        type: The type of the value: the field's, or that of one item of its list.
        concrete: The one object type that the value has; None for what the schema says.
    """

    parent: GraphQLObjectType
    details: Details
    type: GraphQLOutputType
    concrete: GraphQLObjectType | None = None


@dataclass(eq=False)
class Picked:
    """One response key of one object type.

    Attributes:
        key: What the client calls it.
        name: The field's GraphQL name.
        parent: The object type that the field is selected on.
        details: The field's nodes.
        definition: The field as declared; None for __typename.
        field: The field in the schema; None for __typename.
        slot: Where its arguments are among those of the selection; None when it takes none.
        below: What is selected under it, by the name of the object type.
        types: The object types that its value may have, by name.
        takes: Its arguments, once they have been looked up; empty when a value is made of variables and more.
        depth: How many steps below the root field its value lies in the answer.
        falls_to: The depth of the position that becomes null when this field cannot have a value; -1 is above the root.
        item_falls_to: The same for what its value holds.
    """

    key: str
    name: str
    parent: GraphQLObjectType
    details: Details
    definition: StrawberryField | None = None
    field: GraphQLField | None = None
    slot: int | None = None
    below: dict[str, list[Picked]] = dataclasses.field(default_factory=dict)
    types: dict[str, GraphQLObjectType] = dataclasses.field(default_factory=dict)
    takes: tuple[Taken, ...] | None = None
    depth: int = 0
    falls_to: int = 0
    item_falls_to: int = 0

    @property
    def source(self) -> Source | None:
        """Where the field lives, if it says so."""
        return self.definition.source if isinstance(self.definition, Declared) else None

    @property
    def type(self) -> GraphQLNamedType:
        """The field's type without lists and nullability."""
        assert self.field is not None
        return get_named_type(self.field.type)

    @property
    def nullable(self) -> bool:
        """Whether the field may be null."""
        return self.field is not None and not isinstance(self.field.type, GraphQLNonNull)

    def sole(self) -> list[Picked]:
        """What is selected under a field of an object type."""
        return self.below[self.type.name]


def entity_of(graphql_type: GraphQLNamedType) -> Entity | None:
    """The entity behind an object type of the schema, if it is one."""
    definition = graphql_type.extensions.get(DEFINITION)
    return ENTITIES.get(getattr(definition, "origin", None)) if definition is not None else None  # type: ignore[arg-type]


def depths(type_: GraphQLOutputType, depth: int, falls_to: int) -> tuple[int, int, int]:
    """Where nulls fall to.

    Args:
        type_: The type of a field.
        depth: The field's own depth.
        falls_to: Where a null falls to that the field may not have.

    Returns:
        falls_to of the field, the depth of the objects in it, and falls_to of these.
    """
    own: int | None = None
    while True:
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        else:
            falls_to = depth
        own = falls_to if own is None else own
        if not isinstance(type_, GraphQLList):
            return own, depth, falls_to
        type_, depth = type_.of_type, depth + 1


class Selection:
    """All that is selected under one root field (or reference)."""

    def __init__(self, execution: Operation, spot: Spot) -> None:
        self.schema: GraphQLSchema = execution.schema
        self.slots: list[Picked] = []
        self._execution: Operation | None = execution
        self._concrete = spot.concrete
        self.root = self._pick(spot.parent, spot.details, 0, -1, spot.type)
        self._execution = None  # What is kept must not hold a request's context.

    def _pick(
        self,
        parent: GraphQLObjectType,
        details: Details,
        depth: int,
        falls_to: int,
        type_: GraphQLOutputType | None = None,
    ) -> Picked:
        node = details[0].node
        picked = Picked((node.alias or node.name).value, node.name.value, parent, details, depth=depth)
        if picked.name == TYPENAME:
            return picked
        schema_field = picked.field = parent.fields[picked.name]
        picked.definition = schema_field.extensions.get(DEFINITION)
        if schema_field.args:
            picked.slot = len(self.slots)
            self.slots.append(picked)
        picked.falls_to, below, picked.item_falls_to = depths(type_ or schema_field.type, depth, falls_to)
        is_made_by_python = isinstance(picked.source, Finished) and type_ is None  # Then the executor completes it.
        if node.selection_set and not is_made_by_python:
            for object_type in self._possible(picked.type, is_root=type_ is not None):
                picked.types[object_type.name] = object_type
                picked.below[object_type.name] = [
                    self._pick(object_type, group, below + 1, picked.item_falls_to)
                    for group in self._collected(object_type, details)
                ]
        return picked

    def _possible(self, type_: Any, *, is_root: bool) -> list[GraphQLObjectType]:
        if is_root and self._concrete is not None:
            return [self._concrete]
        return list(self.schema.get_possible_types(type_)) if is_abstract_type(type_) else [type_]

    def _collected(self, object_type: GraphQLObjectType, details: Details) -> list[Details]:
        x = self._execution
        assert x is not None
        found = collect_subfields(x.schema, x.fragments, x.variable_values, x.operation, object_type, details)
        return list(found.grouped_field_set.values())


class _FlagVisitor(Visitor):
    """Collects the variables that @skip and @include look at."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in ("skip", "include"):
            values = (argument.value for argument in node.arguments or ())
            self.names.update(value.name.value for value in values if isinstance(value, VariableNode))


def flag_names(execution: Operation) -> tuple[str, ...]:
    """The variables of an operation that decide what is selected."""
    visitor = _FlagVisitor()
    for node in (execution.operation, *(fragment.definition for fragment in execution.fragments.values())):
        visit(node, visitor)
    return tuple(sorted(visitor.names))
