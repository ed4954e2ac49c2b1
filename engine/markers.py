"""The markers that declarations are written with: each says where one field lives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from engine.sources import (
    ById,
    Column,
    Computed,
    Embedded,
    Finished,
    Function,
    Listed,
    Many,
    One,
    OneOf,
    OneWhere,
    Own,
    Source,
    type_of_row,
)


def column(doc: str, column: Any = None, *, deprecated: str | None = None) -> Any:
    """Show a column of the row; without `column`, the one of the field's name."""
    return Column(doc=doc, column=column, deprecated=deprecated)


def private(doc: str, column: Any, *, to: Function, deprecated: str | None = None) -> Any:
    """Show a column to those for whom `to(row, viewer)` holds; to everybody else it is null."""
    return Column(doc=doc, column=column, only=to, deprecated=deprecated)


def one(doc: str, key: Any, *, where: Function | None = None, deprecated: str | None = None) -> Any:
    """Show one other row.

    Args:
        doc: What clients read about it.
        key: A foreign key of this row, or a column of the other row that points here (then a unique index must hold it
            to one row, with `where` for a partial one), or this row's own primary key: the same row as another type.
        where: (other row[, viewer, arguments...]) -> a condition, or a generator of conditions, on the other row.
        deprecated: Why not to use it any more.
    """
    return One(doc=doc, key=key, where=where, deprecated=deprecated)


def one_of(doc: str, type: Any, key: Any, *, deprecated: str | None = None) -> Any:
    """Show a row of one of the types of a union or interface.

    Args:
        doc: What clients read about it.
        type: The column that says of which type: it holds the id prefix of that type, or its GraphQL name.
        key: The column that holds the primary key of the other row.
        deprecated: Why not to use it any more.
    """
    return OneOf(doc=doc, type=type, key=key, deprecated=deprecated)


def many(
    doc: str,
    of: Any,
    *,
    order: Any,
    through: Any = None,
    where: Function | None = None,
    edge: type | None = None,
    deprecated: str | None = None,
) -> Any:
    """Show pages of rows; the annotation is `Connection[X]`. The arguments first, after, last, before are added.

    Args:
        doc: What clients read about it.
        of: The column that points here: of X's row, or, with `through`, of the row in between. At the root, X's row.
        order: A column that is never null or an expression over columns, `.desc()` or not; or a function (row, viewer,
            arguments...) giving an expression; or {member of an enum: one of these}, which adds the argument orderBy
            with the first as its default. The primary key is appended.
        through: The column of the row in between that points to X's row.
        where: (row, viewer, arguments...) -> generator of conditions on X's row. Null or not, enums and booleans may be
            looked at with `if`; everything else is a parameter. Lists are compared by `within`.
        edge: A class decorated with `edge`, when the edges have fields of their own.
        deprecated: Why not to use it any more.
    """
    return Many(doc=doc, of=of, order=order, through=through, where=where, edge=edge, deprecated=deprecated)


def listed(
    doc: str,
    of: Any,
    *,
    order: Any,
    where: Function | None = None,
    limit: int = 100,
    deprecated: str | None = None,
    **fields: Any,
) -> Any:
    """Show a short list without pages; the annotation is `list[X]`, X an entity or a part.

    Args:
        doc: What clients read about it.
        of: The column of the other row that points here; at the root, the row.
        order: As in `many`, but never an enum.
        where: As in `many`.
        limit: How many at most.
        deprecated: Why not to use it any more.
        **fields: For a part: each field's column of the other row, or function (row, viewer) -> SQL, or `embedded`.
    """
    return Listed(doc=doc, of=of, order=order, where=where, limit=limit, fields=bind(fields), deprecated=deprecated)


def embedded(doc: str | None = None, *, when: Any = None, deprecated: str | None = None, **fields: Any) -> Any:
    """Show columns of this row as an object of a part.

    Args:
        doc: What clients read about it; may be left out where a part is bound inside another.
        when: A column or function giving a condition: where it is null or does not hold, the whole object is null.
        deprecated: Why not to use it any more.
        **fields: Each field's column of this row, or function (row, viewer) -> SQL, or `embedded`.
    """
    return Embedded(doc=doc, when=when, fields=bind(fields), deprecated=deprecated)


def by_id(doc: str, *, deprecated: str | None = None) -> Any:
    """Root field: the row with an id; the annotation is an entity, a union or Node. Hidden and missing are both null."""
    return ById(doc=doc, deprecated=deprecated)


def own(doc: str, *, deprecated: str | None = None) -> Any:
    """Root field: the row whose primary key is the viewer's id; null for a stranger."""
    return Own(doc=doc, deprecated=deprecated)


def one_where(doc: str, row: type_of_row, *, where: Function, deprecated: str | None = None) -> Any:
    """Root field: the one row for which `where(row, viewer, arguments...)` holds, or null."""
    return OneWhere(doc=doc, row=row, where=where, deprecated=deprecated)


def computed(function: Function) -> Any:
    """Make a field of a function (row, viewer[, arguments...]) -> SQL[T]; its docstring is what clients read."""
    return Computed(doc=inspect.getdoc(function), function=function)


def finished(*columns: Any) -> Callable[[Function], Any]:
    """Make a field of a Python function (values of the columns..., context[, arguments...]) -> T.

    Values come as the driver gives them: UUID, Decimal, datetime; JSON is decoded. A column may also be a function
    (row, viewer) -> SQL. The function may be a coroutine, and may return objects, references or lists of them, which are
    then completed like the answer of an ordinary resolver.
    """

    def declare(function: Function) -> Finished:
        return Finished(doc=inspect.getdoc(function), columns=columns, function=function)

    return declare


def bind(fields: Mapping[str, Any]) -> dict[str, Source]:
    """Turn what the fields of a part are bound to into sources."""
    return {name: bound_source(value) for name, value in fields.items()}


def bound_source(value: Any) -> Source:
    """Turn a column or a function into a source; a source stays what it is."""
    if isinstance(value, Source):
        return value
    if isinstance(value, InstrumentedAttribute):
        return Column(column=value)
    return Computed(function=value)
