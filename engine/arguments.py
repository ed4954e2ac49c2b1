"""Arguments: what of them selects a plan, what is a parameter of it, and how parameters find their values."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from graphql import (
    GraphQLInputObjectType,
    GraphQLNonNull,
    ListValueNode,
    Node,
    ObjectValueNode,
    Undefined,
    VariableNode,
    get_named_type,
    is_required_argument,
)
from graphql.execution.values import get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from sqlalchemy import BindParameter, bindparam
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_argument
from strawberry.types.unset import UNSET
from strawberry.utils.str_converters import to_camel_case

from engine.errors import BadInput
from engine.selection import Operation, Picked, Selection, Taken

Values: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[int | str, ...]

SCALARS = frozenset({str, int, float})
"""Of these a value selects no plan, whatever it is."""

SMALLEST_BIGINT, LARGEST_BIGINT = -(2**63), 2**63 - 1


def coerce(execution: Operation, picked: Picked) -> Values:
    """The arguments of one field as Python values: enum members, input classes, defaults.

    Raises:
        GraphQLError: A value does not fit its type.
    """
    if picked.takes is None:
        picked.takes = takes(execution, picked)
    values: Values = {}
    given = execution.variable_values.coerced
    for taken in picked.takes:
        name = taken.variable
        value = taken.value if name is None else given.get(name, taken.value)
        if value is Undefined:
            if taken.required:
                return coerce_written(execution, picked)
        elif value is None and not taken.nullable:
            return coerce_written(execution, picked)
        else:
            values[taken.name] = value if taken.convert is None else taken.convert(value)
    return values if picked.takes else coerce_written(execution, picked)


def coerce_written(execution: Operation, picked: Picked) -> Values:
    """The same, the library's way: from what is written, each time anew.

    Raises:
        GraphQLError: A value does not fit its type.
    """
    assert picked.field is not None
    detail = picked.details[0]
    raw = get_argument_values(picked.field, detail.node, execution.variable_values, detail.fragment_variable_values)
    return {
        name: raw[written] if convert is None else convert(raw[written])
        for name, written, convert in named_arguments(execution, picked)
        if written in raw
    }


def takes(execution: Operation, picked: Picked) -> tuple[Taken, ...]:
    """How the arguments of a field find their values; empty where the library must look each time."""
    assert picked.field is not None
    detail = picked.details[0]
    if detail.fragment_variable_values is not None:
        return ()
    written = {argument.name.value: argument.value for argument in detail.node.arguments or ()}
    found: list[Taken] = []
    for name, key, convert in named_arguments(execution, picked):
        argument, node = picked.field.args[key], written.get(key)
        value: Any = coerce_default_value(argument)
        variable = node.name.value if isinstance(node, VariableNode) else None
        if node is not None and variable is None:
            if has_variables(node):
                return ()
            value = coerce_input_literal(node, argument.type)
        required = is_required_argument(argument) or (node is not None and variable is None)
        found.append(Taken(name, variable, value, required, not isinstance(argument.type, GraphQLNonNull), convert))
    return tuple(found)


def has_variables(node: Node) -> bool:
    """Whether a value is written with variables in it."""
    if isinstance(node, ListValueNode):
        return any(map(has_variables, node.values))
    if isinstance(node, ObjectValueNode):
        return any(has_variables(field.value) for field in node.fields)
    return isinstance(node, VariableNode)


def named_arguments(execution: Operation, picked: Picked) -> list[tuple[str, str, Callable[[Any], Any] | None]]:
    """The arguments of a field: their Python and GraphQL names, and what turns input objects into their classes."""
    assert picked.definition is not None
    converter: GraphQLCoreConverter = execution.schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]  # noqa: SLF001
    config, scalars = converter.config, converter.scalar_registry
    assert picked.field is not None
    found: list[tuple[str, str, Callable[[Any], Any] | None]] = []
    for argument in picked.definition.arguments:
        written = config.name_converter.from_argument(argument)
        is_input = isinstance(get_named_type(picked.field.args[written].type), GraphQLInputObjectType)
        convert = partial(convert_argument, type_=argument.type, scalar_registry=scalars, config=config)
        found.append((argument.python_name, written, convert if is_input else None))
    return found


def coerce_all(execution: Operation, selection: Selection) -> list[Values]:
    """The arguments of every field of a selection, by slot."""
    return [coerce(execution, picked) for picked in selection.slots]


def is_fixed(value: object) -> bool:
    """Whether a value selects a plan: null or absent, a boolean, or an enum's member."""
    return value is None or value is UNSET or isinstance(value, bool | enum.Enum)


def shape(value: object) -> object:
    """What of a value selects a plan, as something hashable."""
    kind = type(value)
    if kind in SCALARS:
        return kind
    if is_fixed(value):
        return value
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return (type(value), *[shape(getattr(value, field.name)) for field in fields])
    if isinstance(value, dict):
        return tuple((name, shape(item)) for name, item in value.items())
    return kind


class Parameters:
    """The parameters of a plan under construction: names in SQL, and where their values are at run time."""

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}

    def placeholder(self, value: Any, *path: int | str) -> Any:
        """Put parameters in place of everything in a value that does not select a plan."""
        if is_fixed(value):
            return value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            return dataclasses.replace(
                value, **{name: self.placeholder(getattr(value, name), *path, name) for name in names}
            )
        return self.parameter(*path)

    def parameter(self, *path: int | str) -> BindParameter[Any]:
        """A parameter whose value is found by a path into the arguments: slot, argument, input field and so on."""
        name = "a" + "_".join(str(step) for step in path)
        self.paths[name] = path
        return bindparam(name)


def value_at(arguments: list[Values], path: Path) -> Any:
    """The value at a path into the arguments."""
    value: Any = arguments[path[0]]  # type: ignore[index]  # The first step is a slot.
    for step in path[1:]:
        value = value[step] if isinstance(value, dict) else getattr(value, str(step))
    return value


def named(path: Path) -> tuple[str, ...]:
    """A path as clients write it."""
    return tuple(to_camel_case(str(step)).rstrip("_") for step in path[1:])


def plain_reader(path: Path) -> Callable[[list[Values]], Any]:
    """Reads a value at run time; enum members in lists become the names under which they are stored."""

    def read(arguments: list[Values]) -> Any:
        value = value_at(arguments, path)
        if isinstance(value, str) and "\x00" in value:
            raise BadInput("Text cannot hold the character NUL.", *named(path))
        if isinstance(value, int) and not SMALLEST_BIGINT <= value <= LARGEST_BIGINT:
            raise BadInput("This number is too large.", *named(path))
        if isinstance(value, list):
            return [item.name if isinstance(item, enum.Enum) else item for item in value]
        return value

    return read


def key_reader(path: Path) -> Callable[[list[Values]], Any]:
    """Reads wire ids at run time where the SQL compares keys."""

    def read(arguments: list[Values]) -> Any:
        value = value_at(arguments, path)
        try:
            return [key_in(item) for item in value] if isinstance(value, list) else key_in(value)
        except ValueError as error:
            raise BadInput("This is not an id.", *named(path)) from error

    return read


def key_in(value: object) -> UUID:
    """The key in a wire id, or a key that is one already.

    Raises:
        ValueError: It holds none.
    """
    if isinstance(value, UUID):
        return value
    text = str(value).rpartition("_")[2]
    key = UUID(text)
    if str(key) != text:
        raise ValueError(text)
    return key


def given(values: Mapping[str, Any], name: str) -> Any:
    """An argument's value, None when it is absent."""
    value = values.get(name)
    return None if value is UNSET else value
