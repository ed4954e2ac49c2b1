"""How a type says where its fields live: one field, one line.

```python
@entity(tables.User, id="user")
class User(Node):
    \"\"\"Somebody with an account.\"\"\"

    username: str = column("What others mention them by.")
    email: str | None = private("Seen by nobody else.", tables.User.email, to=access.oneself)
    broadcasts: Connection[Broadcast] = many(
        "What they played, newest first.", tables.Broadcast.curator_id, order=tables.Broadcast.started_at.desc()
    )
```

The annotation is the type that clients see. Types of modules that import one another are imported under TYPE_CHECKING;
`settle` finds them by name once every module is there. A field whose Python name is a keyword ends with an underscore,
which clients do not see (`from_`). Functions take the row (an alias of the mapped class), the viewer and then what
clients give as arguments; a parameter called `through` is given the row in between of a list that has one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, dataclass_transform

import strawberry
from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.annotation import StrawberryAnnotation

from engine.settling import await_settling, settle
from engine.shapes import (
    CURSOR_DOC,
    NODE_DOC,
    SQL,
    Connection,
    Edge,
    Node,
    PageInfo,
    SQLColumn,
    Where,
    within,
)
from engine.sources import (
    ENTITIES,
    Attribute,
    ById,
    Column,
    Computed,
    Declared,
    Embedded,
    Entity,
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

__all__ = [
    "SQL",
    "Connection",
    "Edge",
    "Node",
    "PageInfo",
    "SQLColumn",
    "Where",
    "by_id",
    "column",
    "computed",
    "edge",
    "embedded",
    "entity",
    "finished",
    "listed",
    "many",
    "one",
    "one_of",
    "one_where",
    "own",
    "part",
    "private",
    "reads",
    "settle",
    "within",
]

C = TypeVar("C", bound=type)


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


def written_fields(cls: type, default: Callable[[str], Attribute] | None) -> dict[str, str]:
    """Replace the markers of a class by fields.

    Returns:
        The annotation of each field as it was written, by Python name.
    """
    written: dict[str, str] = dict(inspect.get_annotations(cls))
    for name, source in list(cls.__dict__.items()):
        if not isinstance(source, Source):
            continue
        if isinstance(source, Column) and source.column is None and default is not None:
            source.column = default(name.rstrip("_"))
        if isinstance(source, Computed | Finished):
            written[name] = source.function.__annotations__["return"]
        if not source.doc:
            raise TypeError(f"{cls.__name__}.{name} needs a description")
        field = Declared(
            python_name=name,
            graphql_name=name.rstrip("_") if name.endswith("_") else None,
            type_annotation=StrawberryAnnotation(written[name], namespace={}),
            description=source.doc,
            deprecation_reason=source.deprecated,
        )
        field.source = source
        setattr(cls, name, field)
    return written


def described(cls: type) -> str:
    """The docstring of a class, which is what clients read about its type."""
    if not cls.__dict__.get("__doc__"):
        raise TypeError(f"{cls.__name__} needs a docstring: clients read it")
    return inspect.cleandoc(cls.__dict__["__doc__"])


def entity(
    row: type_of_row, *, id: str | None, visible: Callable[..., ColumnElement[bool]] | None = None
) -> Callable[[C], C]:
    """Declare a type over a mapped row class.

    Args:
        row: The mapped class.
        id: What wire ids begin with ("user" gives `user_0190…`); None for a type without an id of its own.
        visible: (row, viewer) -> the condition under which a row is there at all, applied wherever the type is reached.
    """

    def declare(cls: C) -> C:
        doc = described(cls)
        written = written_fields(cls, lambda name: getattr(row, name))
        made: C = strawberry.type(cls, description=doc)
        ENTITIES[made] = Entity(made, row, id, visible)
        await_settling(made, written)
        return made

    return declare


def edge(row: type_of_row) -> Callable[[C], C]:
    """Declare the edges of a list that have fields of their own.

    The row is the one in between, or X's row where there is none; cursor and node are added. Computed fields take the
    arguments of the list by name.
    """

    def declare(cls: C) -> C:
        doc = described(cls)
        written = written_fields(cls, lambda name: getattr(row, name))
        for name, text in (("node", NODE_DOC), ("cursor", CURSOR_DOC)):
            cls.__annotations__ = {name: "str", **inspect.get_annotations(cls)}
            setattr(cls, name, strawberry.field(description=text))
        made: C = strawberry.type(cls, description=doc)
        ENTITIES[made] = Entity(made, row, None, None, edge=True)
        await_settling(made, {"cursor": "str", **written})
        return made

    return declare


@dataclass_transform(field_specifiers=(strawberry.field,), kw_only_default=True)
def part(cls: C) -> C:
    """Declare an object without a row of its own; who shows it binds its fields. They need descriptions."""
    doc = described(cls)
    written = inspect.get_annotations(cls)
    made: C = strawberry.type(cls, description=doc)
    await_settling(made, written)
    return made


def reads(cls: C) -> C:
    """Declare a class of root fields, to be merged into Query."""
    written = written_fields(cls, None)
    made: C = strawberry.type(cls, description=inspect.cleandoc(cls.__doc__ or "Reads."))
    await_settling(made, written)
    return made
