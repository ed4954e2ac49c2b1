"""Declared fields inside the GraphQL executor: their plan runs, and what it gives is final. Everything else is ordinary.

Permission classes, field extensions and middleware are never asked about declared fields; `check` refuses them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graphql import GraphQLObjectType, GraphQLOutputType
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from engine.finishing import fill
from engine.found import Run
from engine.planning import Start
from engine.plans import PLANS
from engine.reading import Context, Place, declared_at, possible_types, promised, sought
from engine.references import EdgeRef, Reference, Refs, edge_ref, ref, refs
from engine.selection import DEFINITION, Details, Spot, entity_of
from engine.sources import ENTITIES, Declared, Many

__all__ = ["PLANS", "CompiledExecutor", "Context", "edge_ref", "ref", "refs"]


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
        place = declared_at(parent_type, field_details_list)
        if place is not None:
            return self.guarded(place, path)
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

    async def guarded(self, place: Place, path: Path) -> Any:
        """The value of a declared field, or its error where the specification wants it."""
        try:
            found = sought(self, self.context_value, place)
            value = await self.run(*found, path) if found is not None else None
            return promised(value, place.field.type, path)
        except Exception as error:  # noqa: BLE001  # Every error of a field is collected, as the library does.
            self.handle_field_error(error, place.field.type, place.details, path)
            return None

    async def read_reference(self, spot: Spot, path: Path, reference: Reference) -> Any:
        """Run the plan of a reference."""
        if isinstance(reference, EdgeRef):
            start = self.edge_start(reference)
        else:
            entity = ENTITIES[reference.of]
            concrete = next((one for one in possible_types(self.schema, spot.type) if entity_of(one) is entity), None)
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
        plan, arguments = await PLANS.find(self, spot, start)
        context: Context = self.context_value
        async with context.read() as connection:
            run = Run(connection, context, context.parameters, arguments)
            answer = await plan.run(run, keys)
        return await fill(self, answer, path) if run.holes else answer
