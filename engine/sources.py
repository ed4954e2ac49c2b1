"""Where the fields of declared types live: the vocabulary that declarations are made of and plans are made from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.types.field import StrawberryField

type_of_row = type[Any]
Function = Callable[..., Any]
Attribute = InstrumentedAttribute[Any]

THROUGH = "through"
"""A parameter of this name is given the row between the two ends of a list, and is no argument of the field."""


def parameters_after(function: Function | None, count: int) -> list[inspect.Parameter]:
    """The parameters of a declaration's function that clients give as arguments: all after the first `count`."""
    if function is None:
        return []
    parameters = list(inspect.signature(function).parameters.values())
    return [parameter for parameter in parameters[count:] if parameter.name != THROUGH]


@dataclass(kw_only=True, eq=False)
class Source:
    """Where one field lives.

    Attributes:
        doc: What clients read about it.
        deprecated: Why not to use it any more, or None.
        viewer: Who looks, as SQL parameters; given when declarations are settled.
    """

    doc: str | None = None
    deprecated: str | None = None
    viewer: Any = None

    def parameters(self) -> list[inspect.Parameter]:
        """The arguments that the field takes, besides those of its page and order."""
        return []

    def bound(self) -> Mapping[str, Source]:
        """The sources of the fields of a part, by their Python names; empty for everything else."""
        return {}


@dataclass(kw_only=True, eq=False)
class Column(Source):
    """A column of the row; with `only`, null unless that holds."""

    column: Attribute | None = None
    only: Function | None = None


@dataclass(kw_only=True, eq=False)
class Computed(Source):
    """A SQL expression over the row and the viewer."""

    function: Function

    def parameters(self) -> list[inspect.Parameter]:
        """Everything after (row, viewer)."""
        return parameters_after(self.function, 2)


@dataclass(kw_only=True, eq=False)
class Finished(Source):
    """A Python function over columns (or SQL expressions) of the row; it may be a coroutine, and may give objects."""

    columns: tuple[Attribute | Function, ...]
    function: Function

    def parameters(self) -> list[inspect.Parameter]:
        """Everything after the columns' values and the context."""
        return parameters_after(self.function, len(self.columns) + 1)


@dataclass(kw_only=True, eq=False)
class One(Source):
    """The row that a key of this row names, or the one row that names this row by its key."""

    key: Attribute
    where: Function | None = None

    def parameters(self) -> list[inspect.Parameter]:
        """Everything after (row, viewer) of the condition."""
        return parameters_after(self.where, 2)


@dataclass(kw_only=True, eq=False)
class OneOf(Source):
    """A row of one of several types, named by a column with the type and one with the key."""

    type: Attribute
    key: Attribute


@dataclass(kw_only=True, eq=False)
class Many(Source):
    """A page of the rows that point here, directly or through a row in between; or of all rows, at the root."""

    of: Attribute | type_of_row
    order: Any
    through: Attribute | None = None
    where: Function | None = None
    edge: type | None = None

    def parameters(self) -> list[inspect.Parameter]:
        """Everything after (row, viewer) of the condition."""
        return parameters_after(self.where, 2)


@dataclass(kw_only=True, eq=False)
class Listed(Source):
    """All the rows that point here, up to a limit, without pages; as entities, or as parts bound to their columns."""

    of: Attribute | type_of_row
    order: Any
    where: Function | None = None
    limit: int = 100
    fields: Mapping[str, Source] = field(default_factory=dict)

    def parameters(self) -> list[inspect.Parameter]:
        """Everything after (row, viewer) of the condition."""
        return parameters_after(self.where, 2)

    def bound(self) -> Mapping[str, Source]:
        """The fields of the part."""
        return self.fields


@dataclass(kw_only=True, eq=False)
class Embedded(Source):
    """Columns of this row, seen by clients as an object of their own."""

    fields: Mapping[str, Source]
    when: Attribute | Function | None = None

    def bound(self) -> Mapping[str, Source]:
        """The fields of the part."""
        return self.fields


@dataclass(kw_only=True, eq=False)
class ById(Source):
    """A root field: one row by its wire id."""


@dataclass(kw_only=True, eq=False)
class Own(Source):
    """A root field: the row whose primary key is the viewer's."""


@dataclass(kw_only=True, eq=False)
class OneWhere(Source):
    """A root field: the one row for which a condition holds."""

    row: type_of_row
    where: Function

    def parameters(self) -> list[inspect.Parameter]:
        """Everything after (row, viewer) of the condition."""
        return parameters_after(self.where, 2)


class Declared(StrawberryField):
    """A field with a source; it has no resolver, its value comes out of a plan."""

    source: Source

    def __copy__(self) -> Declared:
        """Copy as the library does when it merges types, and keep the source."""
        copied = super().__copy__()
        copied.source = self.source
        return copied


@dataclass(eq=False)
class Entity:
    """A GraphQL type over a mapped row class.

    Attributes:
        type: The declared class.
        row: The mapped class whose rows it shows.
        prefix: What its wire ids begin with, or None when it has none.
        visible: (row, viewer) -> which rows may be seen; None for all.
        viewer: Who looks, as SQL parameters; given when declarations are settled.
        edge: Whether it is the edge of a list and has a cursor and a node beside its fields.
    """

    type: type
    row: type_of_row
    prefix: str | None
    visible: Function | None
    viewer: Any = None
    edge: bool = False

    def seen(self, row: Any) -> list[ColumnElement[bool]]:
        """The condition under which a row may be seen, as a list of none or one."""
        return [self.visible(row, self.viewer)] if self.visible is not None else []


ENTITIES: dict[type, Entity] = {}
"""Every entity by its class."""
