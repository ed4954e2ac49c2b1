"""The last step of declaring: names of types are looked up among all declared types, so that modules may form cycles."""

from __future__ import annotations

import inspect
import sys
from typing import Any, get_args

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from engine.shapes import Connection, connection_over
from engine.sources import ENTITIES, ById, Computed, Declared, Finished, Many, Source

WAITING: list[tuple[type, dict[str, str]]] = []
"""Declared classes with the annotations of their fields as written, until they are settled."""

FIRST_DOC = "At most so many, from the front; 20 unless said, 100 at most."
AFTER_DOC = "Only what follows this cursor."
LAST_DOC = "At most so many, from the back, 100 at most; not together with `first`."
BEFORE_DOC = "Only what comes before this cursor."
PAGE_ARGUMENTS = (
    ("first", int | None, FIRST_DOC),
    ("after", str | None, AFTER_DOC),
    ("last", int | None, LAST_DOC),
    ("before", str | None, BEFORE_DOC),
)


def await_settling(cls: type, written: dict[str, str]) -> None:
    """Remember a class until all modules are imported."""
    WAITING.append((cls, written))


def settle(viewer: Any) -> None:
    """Look up the types of all fields declared since the last time; call it once all modules are imported.

    Args:
        viewer: Who looks: an object whose attributes are bindparams. Their values come from `context.parameters` under
            the same names; the one called "viewer" is the viewer's id, or None.
    """
    waiting, WAITING[:] = WAITING[:], []
    names: dict[str, type] = {"Connection": Connection, **{cls.__name__: cls for cls, _ in waiting}}
    connections: dict[type, type] = {}
    for cls, written in waiting:
        namespace = {**names, **vars(sys.modules[cls.__module__])}
        if cls in ENTITIES:
            ENTITIES[cls].viewer = viewer
        for field in cls.__strawberry_definition__.fields:  # type: ignore[attr-defined]  # Strawberry's own mark.
            if field.python_name in written:
                source = field.source if isinstance(field, Declared) else None
                known = function_names(source, names) if isinstance(source, Computed | Finished) else namespace
                field.type_annotation = StrawberryAnnotation(written[field.python_name], namespace=known)
            if isinstance(field, Declared):
                settle_source(field.source, viewer)
                settle_edges(field, connections)
                field.arguments = [] if is_edge(cls) else arguments_of(field.source, names)


def is_edge(cls: type) -> bool:
    """Whether a class is the edge of a list: its fields take the arguments of the list, and have none of their own."""
    return cls in ENTITIES and ENTITIES[cls].edge


def settle_source(source: Source, viewer: Any) -> None:
    """Tell a source, and those of the parts in it, who looks."""
    source.viewer = viewer
    for bound in source.bound().values():
        settle_source(bound, viewer)


def settle_edges(field: Declared, connections: dict[type, type]) -> None:
    """Give a list whose edges have fields of their own a page type with these edges, and the edges their node."""
    source = field.source
    if not isinstance(source, Many) or source.edge is None:
        return
    annotation = field.type_annotation
    assert annotation is not None
    (node,) = get_args(annotation.evaluate())
    if source.edge not in connections:
        connections[source.edge] = connection_over(node, source.edge)
        node_field = field_called(source.edge, "node")
        node_field.type_annotation = StrawberryAnnotation(node, namespace={})
    field.type_annotation = StrawberryAnnotation(connections[source.edge], namespace={})


def field_called(cls: type, name: str) -> StrawberryField:
    """The field of a declared class by its Python name."""
    fields: list[StrawberryField] = cls.__strawberry_definition__.fields  # type: ignore[attr-defined]
    return next(field for field in fields if field.python_name == name)


def arguments_of(source: Source, names: dict[str, type]) -> list[StrawberryArgument]:
    """The arguments of a field: those of its function, then orderBy, then those of a page."""
    arguments = [argument_of(parameter, function_names(source, names)) for parameter in source.parameters()]
    if isinstance(source, ById):
        arguments.append(argument("id", strawberry.ID, "Its id."))
    if isinstance(source, Many):
        if isinstance(source.order, dict):
            first = next(iter(source.order))
            arguments.append(argument("order_by", type(first), "In which order.", default=first))
        arguments += [argument(name, kind, doc, default=strawberry.UNSET) for name, kind, doc in PAGE_ARGUMENTS]
    return arguments


def argument(name: str, annotation: Any, doc: str, *, default: Any = inspect.Parameter.empty) -> StrawberryArgument:
    """An argument that the engine adds."""
    return StrawberryArgument(name, None, StrawberryAnnotation(annotation), default=default, description=doc)


def function_names(source: Source, names: dict[str, type]) -> dict[str, Any]:
    """What the annotations of a source's function may mention."""
    function = getattr(source, "where", None) or getattr(source, "function", None)
    return {**names, **getattr(inspect.unwrap(function), "__globals__", {})} if function else dict(names)


def argument_of(parameter: inspect.Parameter, namespace: dict[str, Any]) -> StrawberryArgument:
    """An argument from a function's parameter; None as a default is not shown, since absent and null are one."""
    name = parameter.name
    default = strawberry.UNSET if parameter.default is None else parameter.default
    made = StrawberryArgument(
        name, None, StrawberryAnnotation(parameter.annotation, namespace=namespace), default=default
    )
    if made.graphql_name is None and name.endswith("_"):
        made.graphql_name = name.rstrip("_")
    return made
