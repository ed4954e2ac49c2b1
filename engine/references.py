"""References: rows that a deed or an event hands over by key, read and built when the answer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

from engine.shapes import Edge

T = TypeVar("T")


@dataclass(frozen=True)
class Ref:
    """One row by its key."""

    of: type
    key: UUID


@dataclass(frozen=True)
class Refs:
    """Several rows by their keys."""

    of: type
    keys: tuple[UUID, ...]


@dataclass(frozen=True)
class EdgeRef:
    """One row by its key, and its place in a list of its parent."""

    of: type
    field: str
    key: UUID


Reference = Ref | Refs | EdgeRef


def ref(of: type[T], key: UUID) -> T:
    """Hand over a row of a declared type; hidden or missing, it is null.

    To the type checker it is the type itself, which is how payloads and events declare their fields.
    """
    return cast("T", Ref(of, key))


def refs(of: type[T], keys: Sequence[UUID]) -> list[T]:
    """Hand over several rows, read by one statement: in this order, without those that are hidden or missing."""
    return cast("list[T]", Refs(of, tuple(keys)))


def edge_ref(of: type, field: str, key: UUID) -> Edge[Any]:
    """Hand over the edge of a row in a list, with the cursor that it has there.

    Args:
        of: The type that has the list.
        field: The list's GraphQL name.
        key: The row's primary key.
    """
    return cast("Edge[Any]", EdgeRef(of, field, key))
