"""What an operation becomes: the SQL of every statement, and the Python that builds the answer, for people to read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    type_from_ast,
    validate,
)
from graphql.execution.collect_fields import collect_fields, collect_subfields

from engine.arguments import coerce_all
from engine.cost import Costs, Prices
from engine.planning import Start, make
from engine.selection import DEFINITION, TYPENAME, Details, Selection, Spot, entity_of
from engine.sources import ById, Declared

SAMPLES: dict[str, Any] = {"Int": 1, "Float": 1.0, "Boolean": True}


def explain(schema: Any, document: str, variables: Mapping[str, Any] | None = None) -> str:
    """Say what each operation of a document becomes.

    Nothing is run. Required variables that are not given get sample values: plans depend on whether arguments are null,
    on enums and on booleans, not on other values.

    Args:
        schema: A strawberry schema.
        document: GraphQL text.
        variables: Values for some of its variables.

    Returns:
        What each operation costs, and for each root field its statements, each with its builder.

    Raises:
        GraphQLError: The document is not valid.
    """
    core: GraphQLSchema = schema._schema  # noqa: SLF001  # Strawberry gives no other way to it.
    parsed = parse(document)
    for error in validate(core, parsed):
        raise error
    operations = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    costs = Costs(parsed, Prices(core), sys.maxsize)
    lines: list[str] = []
    for operation in operations:
        values = {**samples(core, operation), **(variables or {})}
        execution = bound(schema, parsed, operation, values)
        lines.append(" ".join((operation.operation.value, *([operation.name.value] if operation.name else ()))))
        lines.append(told(costs.of(operation, execution.variable_values.coerced), values))
        lines += lines_of(execution, core, operation)
    return "\n".join(lines)


def told(cost: int, values: Mapping[str, Any]) -> str:
    """What an operation costs with these variables."""
    given = ", ".join(f"${name} is {value!r}" for name, value in values.items())
    return f"costs {cost} points" + (f" where {given}" if given else "")


def bound(schema: Any, document: DocumentNode, operation: OperationDefinitionNode, values: Mapping[str, Any]) -> Any:
    """The executor of one operation with values for its variables.

    Raises:
        GraphQLError: A value does not fit.
    """
    name = operation.name.value if operation.name is not None else None
    core: GraphQLSchema = schema._schema  # noqa: SLF001  # As above.
    execution = schema.execution_context_class.build(core, document, raw_variable_values=values, operation_name=name)
    if isinstance(execution, list):
        raise execution[0]
    return execution


def lines_of(execution: Any, core: GraphQLSchema, operation: OperationDefinitionNode) -> Iterator[str]:
    """The text of one operation's fields."""
    root = core.get_root_type(operation.operation)
    assert root is not None
    found = collect_fields(core, execution.fragments, execution.variable_values, root, operation)
    for details in found.grouped_field_set.values():
        yield from lines_of_field(execution, root, details, ())


def lines_of_field(
    execution: Any, parent: GraphQLObjectType, details: Details, above: tuple[str, ...]
) -> Iterator[str]:
    """The text of a field, and of what an ordinary field may hand over."""
    node = details[0].node
    field = parent.fields.get(node.name.value)
    if field is None or node.name.value == TYPENAME:
        return
    place = (*above, (node.alias or node.name).value)
    definition = field.extensions.get(DEFINITION)
    starts = starts_of(execution, field, definition)
    for start, concrete in starts:
        selection = Selection(execution, Spot(parent, details, field.type, concrete))
        if concrete is not None and is_abstract_type(get_named_type(field.type)) and not selection.root.below:
            continue
        yield from lines_of_plan(execution, ".".join(place), selection, start, concrete)
    if starts or not is_composite_type(get_named_type(field.type)):
        return
    for possible in possible_types(execution.schema, field.type):
        below = collect_subfields(
            execution.schema, execution.fragments, execution.variable_values, execution.operation, possible, details
        )
        for group in below.grouped_field_set.values():
            yield from lines_of_field(execution, possible, group, place)


def starts_of(execution: Any, field: GraphQLField, definition: Any) -> list[tuple[Start, GraphQLObjectType | None]]:
    """What the plans of a field may start from: its source, or the key of a row of any type that it may hold."""
    is_declared = isinstance(definition, Declared)
    if is_declared and not isinstance(definition.source, ById):
        return [(Start("source", source=definition.source), None)]
    named = get_named_type(field.type)
    if not is_composite_type(named):
        return []
    entities = [(one, entity_of(one)) for one in possible_types(execution.schema, field.type)]
    kind = "keys" if is_list(field.type) else "key"
    return [(Start(kind, entity), one) for one, entity in entities if entity is not None and entity.prefix is not None]


def possible_types(schema: GraphQLSchema, type_: GraphQLOutputType) -> list[GraphQLObjectType]:
    """The object types that a value may have."""
    named: Any = get_named_type(type_)
    return list(schema.get_possible_types(named)) if is_abstract_type(named) else [named]


def is_list(type_: GraphQLOutputType) -> bool:
    """Whether a field's type is a list."""
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


def lines_of_plan(
    execution: Any, place: str, selection: Selection, start: Start, concrete: GraphQLObjectType | None
) -> Iterator[str]:
    """The text of one plan, the statement that starts it first."""
    plan = make(selection, start, coerce_all(execution, selection))
    of = f" ({concrete.name})" if concrete is not None else ""
    yield f"\n{place}{of}: {len(plan.texts)} statement{'' if len(plan.texts) == 1 else 's'}"
    for number, (text, builder) in enumerate(reversed(plan.texts), start=1):
        yield f"\n-- {number}\n{text}"
        if builder:
            yield f"\n# builder of {number}\n{builder.rstrip()}"


def samples(core: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, Any]:
    """Values for the variables that an operation requires."""
    found = {}
    for definition in operation.variable_definitions or ():
        type_ = type_from_ast(core, definition.type)
        if isinstance(type_, GraphQLNonNull) and definition.default_value is None:
            found[definition.variable.name.value] = sample(type_)
    return found


def sample(type_: GraphQLInputType) -> Any:
    """A value of an input type: the smallest that there is."""
    if isinstance(type_, GraphQLNonNull):
        return sample(type_.of_type)
    if isinstance(type_, GraphQLList):
        return []
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        required = {name: one for name, one in type_.fields.items() if isinstance(one.type, GraphQLNonNull)}
        return {name: sample(one.type) for name, one in required.items()}
    return SAMPLES.get(type_.name, "2026-01-01T00:00:00Z" if "Date" in type_.name else "sample")
