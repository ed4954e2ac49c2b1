"""Values on their way in and out of the naive engine: arguments, leaves, and places in the answer."""

from __future__ import annotations

import enum
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from graphql import get_named_type, is_abstract_type
from strawberry.types.base import StrawberryList, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition

WIRE_ID = re.compile(r"[a-z_]+_([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def converted(raw, definitions) -> dict[str, Any]:
    found = {}
    for argument in definitions:
        name = argument.graphql_name or camel(argument.python_name)
        if name in raw:
            found[argument.python_name] = python_value(raw[name], argument.type)
    return found


def python_value(value, kind) -> Any:
    while isinstance(kind, StrawberryOptional):
        kind = kind.of_type
    if value is None:
        return None
    if isinstance(kind, StrawberryList):
        return [python_value(item, kind.of_type) for item in value]
    if isinstance(kind, StrawberryEnumDefinition) or has_enum_definition(kind):
        definition = kind if isinstance(kind, StrawberryEnumDefinition) else kind.__strawberry_definition__
        return value if isinstance(value, enum.Enum) else definition.wrapped_cls[value]
    if has_object_definition(kind):
        fields = {camel(field.python_name): field for field in kind.__strawberry_definition__.fields}
        return kind(**{fields[key].python_name: python_value(item, fields[key].type) for key, item in value.items()})
    if isinstance(value, str) and (match := WIRE_ID.fullmatch(value)):
        return UUID(match[1])
    return value


def camel(name: str) -> str:
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part.capitalize() for part in rest)


def leaf(value, info) -> Any:
    if isinstance(value, list):
        return [leaf(item, info) for item in value]
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Decimal | UUID) and get_named_type(info.return_type).name != "Float":
        return str(value)
    return value


def possible_types(info) -> list[str]:
    kind = get_named_type(info.return_type)
    return [one.name for one in info.schema.get_possible_types(kind)] if is_abstract_type(kind) else [kind.name]


def type_name_of(cls) -> str:
    return cls.__strawberry_definition__.name


def dynamic(path) -> tuple[Any, ...]:
    return tuple(path.as_list())


def root_of(info) -> tuple[Any, ...]:
    return (info.path.as_list()[0],)


def mark_of(info, plan) -> tuple[Any, ...]:
    """Where a list is in its plan: the same for all parents of one type under one chain of response keys."""
    steps, place = [], info.path
    while place is not None:
        if isinstance(place.key, str):
            steps.append((place.typename, place.key))
        place = place.prev
    return (plan or root_of(info), tuple(reversed(steps)), "list")
