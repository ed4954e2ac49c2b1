"""Queries that are nothing but declared fields: their plans are found, bound and run, and no executor is made for them.

Where anything goes wrong, and where a value must be completed as the library completes it, an executor is made after all:
errors are its own, to the letter.
"""

from __future__ import annotations

from collections.abc import Awaitable, Hashable, Mapping
from typing import Any, Final, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, gather_with_cancel
from strawberry.execution import optimized_is_awaitable

from engine.finishing import fill
from engine.found import Run
from engine.plans import PLANS, Document, Planned, Recent
from engine.reading import Context, Place, declared_at, promised, sought, start_of
from engine.selection import TYPENAME
from engine.sources import ById, Own
from engine.variables import Variables

MOST_SHAPES: Final = 16
"""Combinations of what @skip and @include ask at the root of one operation that are kept."""


class Root:
    """One declared root field."""

    def __init__(self, kept: Document, place: Place, reading: Reading, path: Path) -> None:
        self.place = place
        self.path = path
        self._kept = kept
        source = place.declared.source
        self._own = isinstance(source, Own)
        self._planned = None if isinstance(source, ById) else kept.planned(reading, *start_of(place))

    async def read(self, reading: Reading) -> Any:
        """Give its value, or leave its error where the specification wants it."""
        try:
            planned, key = self._find(reading)
            value = await self._run(reading, planned, key) if planned is not None else None
            return promised(value, self.place.field.type, self.path)
        except Exception as error:  # noqa: BLE001  # Every error of a field is collected, as the library does.
            reading.executor().handle_field_error(error, self.place.field.type, self.place.details, self.path)
            return None

    def _find(self, reading: Reading) -> tuple[Planned | None, Any]:
        if self._planned is not None and not self._own:
            return self._planned, None
        found = sought(reading, reading.context_value, self.place)
        if found is None:
            return None, None
        spot, start, key = found
        return self._planned or self._kept.planned(reading, spot, start), key

    async def _run(self, reading: Reading, planned: Planned, key: Any) -> Any:
        plan, arguments = await planned.find(reading)
        context = reading.context_value
        async with context.read() as connection:
            run = Run(connection, context, context.parameters, arguments)
            answer = await plan.run(run, key)
        return await fill(reading.executor(), answer, self.path) if run.holes else answer


Roots = tuple[tuple[str, Root | str], ...]
"""The fields of the root by response key: what reads each, or the name of its type."""


class Whole:
    """A query that may be nothing but declared fields, and what is known of it before anybody asks.

    Attributes:
        never: Whether it has turned out that it is not, whatever its variables are.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        executor: type[Executor[Any]],
        document: DocumentNode,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
    ) -> None:
        self.schema = schema
        self.executor = executor
        self.document = document
        self.operation = operation
        self.fragments = fragments
        self.variables = Variables(schema, operation.variable_definitions or ())
        self.never = False
        self._kept: Document | None = None
        self._roots: Recent[Hashable, Roots] = Recent(MOST_SHAPES)

    def bind(
        self, given: Mapping[str, Any], context: Any, *, hide_suggestions: bool
    ) -> Reading | list[GraphQLError] | None:
        """Take the values of one request.

        Args:
            given: The values of the variables, as they came.
            context: Who asks.
            hide_suggestions: Whether errors name nothing that was not asked for.

        Returns:
            What can be run; what is wrong with the values; or None where the executor must run it.
        """
        values = self.variables.take(given, hide_suggestions=hide_suggestions)
        if isinstance(values, list):
            return values
        reading = Reading(self, values, context, given, hide_suggestions)
        kept = self._kept = self._kept or PLANS.document(reading)
        flags = kept.flags_of(reading)
        roots = self._roots.get(flags)
        if roots is None:
            roots = self._roots.put(flags, self._collect(kept, reading))
            self.never = not roots and not kept.flags
        reading.roots = roots
        return reading if roots else None

    def _collect(self, kept: Document, reading: Reading) -> Roots:
        """The root fields for these values of @skip and @include; nothing when one is not declared."""
        parent = self.schema.query_type
        assert parent is not None
        found = collect_fields(
            self.schema, self.fragments, reading.variable_values, parent, self.operation, reading.hide_suggestions
        )
        roots: list[tuple[str, Root | str]] = []
        for key, details in found.grouped_field_set.items():
            place = declared_at(parent, details)
            if place is not None:
                roots.append((key, Root(kept, place, reading, Path(None, key, parent.name))))
            elif details[0].node.name.value == TYPENAME:
                roots.append((key, parent.name))
            else:
                return ()
        return tuple(roots)


class Reading:
    """One request for it; to those who run operations it is an executor."""

    __slots__ = ("_executor", "_whole", "context_value", "given", "hide_suggestions", "roots", "variable_values")

    def __init__(
        self, whole: Whole, values: VariableValues, context: Context, given: Mapping[str, Any], hide_suggestions: bool
    ) -> None:
        self._whole = whole
        self._executor: Any = None
        self.variable_values = values
        self.context_value = context
        self.given = given
        self.hide_suggestions = hide_suggestions
        self.roots: Roots = ()

    @property
    def schema(self) -> GraphQLSchema:
        """The schema."""
        return self._whole.schema

    @property
    def operation(self) -> OperationDefinitionNode:
        """What is asked."""
        return self._whole.operation

    @property
    def fragments(self) -> dict[str, FragmentDetails]:
        """The fragments of its document."""
        return self._whole.fragments

    @staticmethod
    def is_awaitable(_value: object) -> bool:
        """Whether something must be awaited: what `execute_operation` gives is all there is."""
        return True

    def executor(self) -> Any:
        """The executor of this request, made when it is first needed."""
        if self._executor is None:
            whole, name = self._whole, self.operation.name
            self._executor = whole.executor.build(
                whole.schema,
                whole.document,
                None,
                self.context_value,
                dict(self.given),
                name.value if name is not None else None,
                is_awaitable=cast("Any", optimized_is_awaitable),
                hide_suggestions=self.hide_suggestions,
            )
        return self._executor

    def execute_operation(self, serially: bool | None = None) -> Awaitable[ExecutionResult]:
        """Read everything."""
        return self._read()

    async def _read(self) -> ExecutionResult:
        read: dict[str, Any] = {key: None if isinstance(root, Root) else root for key, root in self.roots}
        data: dict[str, Any] | None = read
        waiting = [(key, root) for key, root in self.roots if isinstance(root, Root)]
        try:
            if len(waiting) == 1:
                [(key, root)] = waiting
                read[key] = await root.read(self)
            else:
                values = await gather_with_cancel(*[root.read(self) for _, root in waiting])
                read.update(zip([key for key, _ in waiting], values, strict=True))
        except GraphQLError as error:
            self.executor().collected_errors.add(error, None)
            data = None
        errors = self._executor.collected_errors.errors if self._executor is not None else None
        return ExecutionResult(data, errors or None)


def wholes_of(schema: GraphQLSchema, executor: type[Executor[Any]], document: DocumentNode) -> dict[str | None, Whole]:
    """The queries of a document that may be read so, by the names that they are asked for by.

    Args:
        schema: What is served.
        executor: What reads where this cannot.
        document: A valid document.
    """
    fragments = {
        node.name.value: FragmentDetails(node, None)
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    if any(details.definition.variable_definitions for details in fragments.values()):
        return {}
    operations = operations_of(document)
    queries = {
        id(operation): Whole(schema, executor, document, operation, fragments)
        for operation in operations.values()
        if operation.operation is OperationType.QUERY and not operation.directives
    }
    return {name: queries[id(operation)] for name, operation in operations.items() if id(operation) in queries}


def operations_of(document: DocumentNode) -> dict[str | None, OperationDefinitionNode]:
    """The operations of a document by name; without a name the only one."""
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    named: dict[str | None, OperationDefinitionNode] = {
        node.name.value: node for node in nodes if node.name is not None
    }
    return {**named, None: nodes[0]} if len(nodes) == 1 else named
