"""Declared fields inside the GraphQL executor: their plan runs, and what it gives is final. Everything else is ordinary.

Permission classes, field extensions and middleware are never asked about declared fields; `check` refuses them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Protocol

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from engine.arguments import key_in
from engine.finishing import fill
from engine.found import Connection, Run
from engine.planning import Start
from engine.plans import Plans
from engine.references import EdgeRef, Reference, Refs, edge_ref, ref, refs
from engine.selection import DEFINITION, Details, Spot, entity_of
from engine.sources import ENTITIES, ById, Declared, Entity, Many, Own

__all__ = ["PLANS", "CompiledExecutor", "Context", "edge_ref", "ref", "refs"]

PLANS = Plans()
"""The plans of this process."""


class Context(Protocol):
    """What the engine needs of an operation's context."""

    parameters: Mapping[str, Any]

    def read(self) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection for the statements of one root field."""


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, with plans for declared fields and references."""

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: Details,
        path: Path,
        position_context: Any,
    ) -> Any:
        """Run the plan of a declared field; leave every other field to the library."""
        field = parent_type.fields.get(field_details_list[0].node.name.value)
        if field is not None and isinstance(declared := field.extensions.get(DEFINITION), Declared):
            return self.guarded(
                self.read_field(parent_type, declared, field, field_details_list, path), field, field_details_list, path
            )
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(  # noqa: PLR0917  # The library's own signature.
        self,
        return_type: GraphQLOutputType,
        field_details_list: Details,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Read what a reference stands for; complete every other value as the library does."""
        if isinstance(result, Reference):
            return self.read_reference(Spot(info.parent_type, field_details_list, return_type), path, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def guarded(self, reading: Awaitable[Any], field: GraphQLField, details: Details, path: Path) -> Any:
        """The value of a declared field, or its error where the specification wants it."""
        try:
            return promised(await reading, field.type, path)
        except Exception as error:  # noqa: BLE001  # Every error of a field is collected, as the library does.
            self.handle_field_error(error, field.type, details, path)
            return None

    async def read_field(
        self, parent: GraphQLObjectType, declared: Declared, field: GraphQLField, details: Details, path: Path
    ) -> Any:
        """Run the plan of a declared field."""
        source = declared.source
        spot = Spot(parent, details, field.type)
        if isinstance(source, ById):
            found = self.row_asked(field, details)
            if found is None:
                return None
            concrete, entity, key = found
            return await self.run(replace(spot, concrete=concrete), Start("key", entity), key, path)
        keys: Any = None
        if isinstance(source, Own):
            keys = self.context_value.parameters["viewer"]
            if keys is None:
                return None
        return await self.run(spot, Start("source", source=source), keys, path)

    def row_asked(self, field: GraphQLField, details: Details) -> tuple[GraphQLObjectType, Entity, Any] | None:
        """The type and key in the id that a client gave; None when it is no id of a type that the field may give."""
        given = get_argument_values(field, details[0].node, self.variable_values, details[0].fragment_variable_values)
        prefix, _, _ = str(given["id"]).rpartition("_")
        try:
            key = key_in(given["id"])
        except ValueError:
            return None
        for object_type in self.possible_types(field.type):
            entity = entity_of(object_type)
            if entity is not None and entity.prefix is not None and entity.prefix == prefix:
                return object_type, entity, key
        return None

    def possible_types(self, type_: GraphQLOutputType) -> list[GraphQLObjectType]:
        """The object types that a value of a type may have."""
        named: Any = get_named_type(type_)
        return self.schema.get_possible_types(named) if is_abstract_type(named) else [named]

    async def read_reference(self, spot: Spot, path: Path, reference: Reference) -> Any:
        """Run the plan of a reference."""
        if isinstance(reference, EdgeRef):
            start = self.edge_start(reference)
        else:
            entity = ENTITIES[reference.of]
            concrete = next((one for one in self.possible_types(spot.type) if entity_of(one) is entity), None)
            if concrete is None:
                raise TypeError(f"{spot.parent.name}.{path.key} cannot hold a {reference.of.__name__}")
            spot = replace(spot, concrete=concrete)
            start = Start("keys" if isinstance(reference, Refs) else "key", entity)
        keys = list(reference.keys) if isinstance(reference, Refs) else reference.key
        return promised(await self.run(spot, start, keys, path), spot.type, path)

    def edge_start(self, reference: EdgeRef) -> Start:
        """What the plan of a reference to an edge starts from."""
        name = reference.of.__strawberry_definition__.name  # type: ignore[attr-defined]  # Strawberry's own mark.
        owner: Any = self.schema.type_map[name]
        declared = owner.fields[reference.field].extensions.get(DEFINITION)
        if not isinstance(declared, Declared) or not isinstance(declared.source, Many):
            raise TypeError(f"{name}.{reference.field} is not a list with pages")
        return Start("edge", source=declared.source, place=f"{name}.{reference.field}")

    async def run(self, spot: Spot, start: Start, keys: Any, path: Path) -> Any:
        """Find the plan and run it on a connection of its own."""
        plan, arguments = PLANS.find(self, spot, start)
        context: Context = self.context_value
        async with context.read() as connection:
            run = Run(connection, context, context.parameters, arguments)
            answer = await plan.run(run, keys)
        return await fill(self, answer, path) if run.holes else answer


def promised(value: Any, type_: GraphQLOutputType, path: Path) -> Any:
    """A value, unless it is null where the schema promises one."""
    if value is None and isinstance(type_, GraphQLNonNull):
        raise TypeError(f"Cannot return null for non-nullable field {path.key}.")
    return value
