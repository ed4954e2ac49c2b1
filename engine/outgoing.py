"""How columns leave SQL: what the encoder or the schema would refuse is turned into what clients see, by PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from graphql import GraphQLOutputType, get_named_type
from sqlalchemy import ARRAY, JSON, Double, Float, Integer, LargeBinary, Numeric, Text, Uuid, cast
from sqlalchemy import ColumnElement as Expression
from sqlalchemy.types import Interval, TypeDecorator, TypeEngine

Decode = Callable[[Any], Any]

FLOAT = "Float"


def kind_of(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type as PostgreSQL stores it."""
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_


def outgoing(expression: Any, type_: GraphQLOutputType) -> tuple[Expression[Any], Decode | None]:
    """Make a column ready for the answer.

    UUIDs and numerics become text (numerics under Float become double precision), JSON is decoded here, whatever codec
    the connection has. Times, dates, booleans, text, enums and integers go as they are.

    Args:
        expression: The column.
        type_: The type of the field that shows it.

    Returns:
        What is selected, and what has to be done to each value, or None.

    Raises:
        TypeError: Values of this type have no form on the wire.
    """
    kind = kind_of(expression.type)
    leaf = get_named_type(type_).name
    if isinstance(kind, ARRAY):
        target = target_type(kind_of(kind.item_type), leaf)
        return (expression if target is None else cast(expression, ARRAY(target))), None
    if isinstance(kind, JSON):
        return cast(expression, Text), orjson.loads
    target = target_type(kind, leaf)
    return (expression if target is None else cast(expression, target)), None


def target_type(kind: TypeEngine[Any], leaf: str) -> TypeEngine[Any] | None:
    """What a column of a type is cast to under a leaf; None for no cast.

    Raises:
        TypeError: There is no such cast.
    """
    if isinstance(kind, Uuid):
        return Text()
    if isinstance(kind, Float):
        return None
    if isinstance(kind, Numeric):
        return Double() if leaf == FLOAT else Text()
    if isinstance(kind, Integer) and leaf == FLOAT:
        return Double()
    if isinstance(kind, LargeBinary | Interval | JSON):
        raise TypeError(f"{kind!r} has no form on the wire: make a finished field of it")
    return None
