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
from collections.abc import Callable
from typing import TypeVar, dataclass_transform

import strawberry
from sqlalchemy import ColumnElement
from strawberry.annotation import StrawberryAnnotation

from engine.markers import (
    by_id,
    column,
    computed,
    embedded,
    finished,
    listed,
    many,
    one,
    one_of,
    one_where,
    own,
    private,
)
from engine.settling import await_settling, settle
from engine.shapes import CURSOR_DOC, FREE, NODE_DOC, SQL, Connection, Edge, Node, PageInfo, SQLColumn, Where, within
from engine.sources import ENTITIES, Attribute, Column, Computed, Declared, Entity, Finished, Source, type_of_row

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
        made: C = strawberry.type(cls, description=doc, directives=[FREE])
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
