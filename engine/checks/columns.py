"""Faults of fields that show columns and expressions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLEnumType, is_leaf_type
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Time,
    Uuid,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import Interval, NullType, TypeEngine

from engine.checks.places import Place
from engine.keys import column_of
from engine.outgoing import kind_of
from engine.sources import Column, Computed, Embedded, Finished

FITTING: dict[str, tuple[type[TypeEngine[Any]], ...]] = {
    "Int": (Integer,),
    "Float": (Float, Numeric, Integer),
    "String": (String, Numeric, Uuid),
    "ID": (String, Uuid, Integer),
    "Boolean": (Boolean,),
    "DateTime": (DateTime,),
    "Date": (Date,),
    "Time": (Time,),
    "Decimal": (Numeric,),
    "UUID": (Uuid,),
    "JSON": (JSON,),
}
"""Which columns each leaf may show. Other scalars are the schema's own business."""


def faults_of_column(place: Place, source: Column) -> Iterator[str]:
    """A column is of this row, as nullable as the field, and of a type that it can show."""
    attribute = source.column
    if not isinstance(attribute, InstrumentedAttribute):
        yield place.fault("it does not say which column it shows")
        return
    if place.is_foreign(attribute):
        yield place.fault(f"{attribute} is a column of another row")
        return
    if source.only is not None and not place.nullable:
        yield place.fault("a private field must be nullable")
    if column_of(attribute).nullable and not place.nullable and not place.conditional:
        yield place.fault(f"{attribute} may be null, and the field may not")
    yield from faults_of_kind(place, column_of(attribute).type)


def faults_of_kind(place: Place, type_: TypeEngine[Any]) -> Iterator[str]:
    """Whether values of a SQL type can be shown under the field's type."""
    kind = kind_of(type_)
    if isinstance(kind, ARRAY):
        kind = kind_of(kind.item_type)
    leaf = place.type
    if not is_leaf_type(leaf):
        yield place.fault(f"a column cannot be shown as {leaf.name}")
    elif isinstance(leaf, GraphQLEnumType):
        yield from faults_of_enum(place, leaf, kind)
    elif isinstance(kind, LargeBinary | Interval):
        yield place.fault(f"{kind!r} has no form on the wire; make a finished field of it")
    elif leaf.name in FITTING and not isinstance(kind, FITTING[leaf.name]):
        yield place.fault(f"{kind!r} cannot be shown as {leaf.name}")
    elif isinstance(kind, BigInteger) and leaf.name == "Int":
        yield place.fault("a BIGINT does not fit into Int; give it a scalar or a smaller column")
    elif isinstance(kind, DateTime) and not kind.timezone:
        yield place.fault("a time without a zone cannot be shown; make the column TIMESTAMPTZ")


def faults_of_enum(place: Place, leaf: GraphQLEnumType, kind: TypeEngine[Any]) -> Iterator[str]:
    """What is stored under an enum are its GraphQL names. Columns of text are looked at value by value, when read."""
    unknown = sorted(set(kind.enums) - set(leaf.values)) if isinstance(kind, Enum) else []
    if not isinstance(kind, String):
        yield place.fault(f"{kind!r} cannot be shown as {leaf.name}")
    elif unknown:
        yield place.fault(f"{leaf.name} has no {', '.join(unknown)}, which the column may hold")


def faults_of_computed(place: Place, source: Computed) -> Iterator[str]:
    """An expression has a type that PostgreSQL's values can be shown as."""
    row = place.here()
    if row is None or source.parameters():
        return  # What depends on arguments shows its type only with them.
    kind = kind_of(source.function(row, source.viewer).type)
    if not isinstance(kind, NullType | ARRAY) and not isinstance(place.type, GraphQLEnumType):
        yield from (fault for fault in faults_of_kind(place, kind) if "BIGINT" not in fault)


def faults_of_finished(place: Place, source: Finished) -> Iterator[str]:
    """The columns of a finished field are this row's, and its function takes them."""
    for column in source.columns:
        if isinstance(column, InstrumentedAttribute) and place.is_foreign(column):
            yield place.fault(f"{column} is a column of another row")


def faults_of_embedded(place: Place, source: Embedded) -> Iterator[str]:
    """A part that may be null is nullable."""
    if source.when is not None and not place.nullable:
        yield place.fault("what is there only under a condition must be nullable")
    if isinstance(source.when, InstrumentedAttribute) and place.is_foreign(source.when):
        yield place.fault(f"{source.when} is a column of another row")
