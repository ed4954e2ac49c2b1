"""How the naive engine reads declarations: functions, conditions, orders and keys."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from sqlalchemy import UnaryExpression, false, func
from sqlalchemy import inspect as inspect_row
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import operators

from engine.sources import Entity


def called(function, row, viewer, arguments, between=None) -> Any:
    names = list(inspect.signature(function).parameters)
    given_by_name = {**arguments, "through": between}
    positional = (row, viewer)[: len(names)]
    return function(*positional, **{name: given_by_name[name] for name in names[2:] if name in given_by_name})


def listed_conditions(function, row, viewer, arguments, between) -> list[Any]:
    if function is None:
        return []
    found = called(function, row, viewer, arguments, between)
    return list(found) if isinstance(found, Iterator) else [found]


def visibility(entity: Entity) -> list[Any]:
    return [func.coalesce(entity.visible(entity.row, entity.viewer), false())] if entity.visible else []


def direction(order) -> tuple[Any, bool]:
    if isinstance(order, UnaryExpression) and order.modifier is operators.desc_op:
        return order.element, True
    return order, False


def names_of(row) -> list[str]:
    return list(inspect_row(row).columns.keys())


def key_names(row) -> list[str]:
    mapper = inspect_row(row)
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]


def keys_of(row) -> list[Any]:
    return [getattr(row, name) for name in key_names(row)]


def by_key(row, key) -> list[Any]:
    return [column == value for column, value in zip(keys_of(row), key, strict=True)]


def refers(attribute, row) -> str:
    for column in attribute.property.columns:
        for foreign in column.foreign_keys:
            if foreign.column.table is inspect_row(row).local_table:
                return inspect_row(row).get_property_by_column(foreign.column).key
    return key_names(row)[0]


def is_key(expression, row, source) -> bool:
    names = key_names(row)
    name = getattr(expression, "key", None)
    of = source.of.key if isinstance(source.of, InstrumentedAttribute) else None
    return name in names and set(names) <= {name, of}
