"""The GraphQL types that every list and every id shares, and the words that declarations are typed with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import strawberry
from sqlalchemy import ARRAY, BindParameter, ColumnElement, any_, bindparam, literal
from sqlalchemy.orm import InstrumentedAttribute

from engine.cost_directives import Cost

T = TypeVar("T")

if TYPE_CHECKING:
    SQL: TypeAlias = ColumnElement[T]
else:

    class SQL:
        """What a computed field returns: an expression to Python, its value to clients."""

        def __class_getitem__(cls, item: object) -> object:
            """Give the type that clients see."""
            return item


SQLColumn: TypeAlias = ColumnElement[T] | InstrumentedAttribute[T]
Where: TypeAlias = Iterator[ColumnElement[bool]]


def within(column: SQLColumn[T], values: object) -> ColumnElement[bool]:
    """Hold when the column has one of the values: one array parameter, however many there are.

    Args:
        column: What is compared.
        values: An argument that is a list, or a list made in Python.
    """
    array = ARRAY(column.type)
    if isinstance(values, BindParameter):
        return column == any_(bindparam(values.key, type_=array))
    return column == any_(literal(values, array))


@strawberry.interface(description="Anything that has an id of its own.")
class Node:
    """Anything that has an id of its own."""

    id: strawberry.ID = strawberry.field(description="Globally unique, and the same for as long as the thing exists.")


FREE = Cost(weight="0")
"""What comes with something that is counted already."""
COUNT = Cost(weight="1")
"""Counting a list is a question of its own."""


@strawberry.type(description="Where a page lies in its list.", directives=[FREE])
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(description="Whether anything follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether anything comes before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last item; null on an empty page.")


CURSOR_DOC = "Where the item lies in the list; give it as `after` or `before` of the same list."
NODE_DOC = "The item."
NODES_DOC = "The items of this page."
EDGES_DOC = "The items of this page with their cursors."
PAGE_INFO_DOC = "Where this page lies in the list."
TOTAL_COUNT_DOC = "How many items the list has in all; counted only when asked for."


@strawberry.type(description="One item of a list and its place there.", directives=[FREE])
class Edge(Generic[T]):
    """One item of a list and its place there."""

    cursor: str = strawberry.field(description=CURSOR_DOC)
    node: T = strawberry.field(description=NODE_DOC)


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """One page of a list."""

    nodes: list[T] = strawberry.field(description=NODES_DOC)
    edges: list[Edge[T]] = strawberry.field(description=EDGES_DOC)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO_DOC)
    total_count: int = strawberry.field(description=TOTAL_COUNT_DOC, directives=[COUNT])


def connection_over(node: type, edge: type) -> type:
    """Make the page type of a list whose edges have fields of their own: `FollowerEdge` gives `FollowerConnection`."""
    name = edge.__name__.removesuffix("Edge") + "Connection"
    fields = {
        "nodes": (list[node], NODES_DOC),  # type: ignore[valid-type]  # The types are values here.
        "edges": (list[edge], EDGES_DOC),  # type: ignore[valid-type]
        "page_info": (PageInfo, PAGE_INFO_DOC),
        "total_count": (int, TOTAL_COUNT_DOC),
    }
    body: dict[str, object] = {key: strawberry.field(description=doc) for key, (_, doc) in fields.items()}
    body["total_count"] = strawberry.field(description=TOTAL_COUNT_DOC, directives=[COUNT])
    body["__annotations__"] = {key: annotation for key, (annotation, _) in fields.items()}
    body["__module__"] = edge.__module__
    return strawberry.type(type(name, (), body), name=name, description="One page of a list.")
