"""Planning: a selection and what it starts from become a plan, which can be run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine import edges, pages, short_lists
from engine.arguments import Values
from engine.compile import Compilation
from engine.found import Run
from engine.pages import PageRule
from engine.roots import Root, edge_root, key_root, keys_root, list_root, own_root, page_root, where_root
from engine.selection import Selection
from engine.sources import Entity, Listed, Many, OneWhere, Own, Source

KINDS = (edges, pages, short_lists)
"""The parts of the compiler that add kinds of sources to it when they are imported."""


@dataclass(frozen=True)
class Start:
    """What a plan is made for, besides the selection.

    Attributes:
        kind: How the root is found: "source" for a declared field, else what a reference hands over.
        entity: The entity that is read by key; None where the source says what is read.
        source: The declared field's source, or that of the list that an edge is of.
        place: The list that an edge is of, as Type.field.
    """

    kind: str
    entity: Entity | None = None
    source: Source | None = None
    place: str = ""


@dataclass(frozen=True, eq=False)
class Plan:
    """A compiled selection.

    Attributes:
        root: Reads and builds the answer.
        pages: How to read what is asked of each page, by slot.
        texts: Each statement's SQL with its builder, for people.
    """

    root: Root
    pages: Mapping[int, PageRule]
    texts: tuple[tuple[str, str], ...]

    async def run(self, run: Run, keys: Any) -> Any:
        """Read and build.

        Raises:
            BadInput: A limit or a cursor cannot be used; nothing has been read then.
        """
        run.pages = {slot: rule.asked(run.arguments[slot]) for slot, rule in self.pages.items()}
        return await self.root(run, keys)


def make(selection: Selection, start: Start, arguments: list[Values]) -> Plan:
    """Compile a selection."""
    c = Compilation(arguments)
    root = ROOTS[start.kind](c, selection, start)
    return Plan(root, c.pages, tuple(c.texts))


def declared_root(c: Compilation, selection: Selection, start: Start) -> Root:
    """The root of a declared field that is not read by key."""
    assert start.source is not None
    return SOURCES[type(start.source)](c, selection.root, start.source)


def row_by_key(c: Compilation, selection: Selection, start: Start) -> Root:
    """The root of a field by id, and of a reference."""
    assert start.entity is not None
    return key_root(c, selection.root, start.entity)


def rows_by_keys(c: Compilation, selection: Selection, start: Start) -> Root:
    """The root of several references."""
    assert start.entity is not None
    return keys_root(c, selection.root, start.entity)


def edge_by_key(c: Compilation, selection: Selection, start: Start) -> Root:
    """The root of a reference to an edge."""
    assert isinstance(start.source, Many)
    return edge_root(c, selection.root, start.source, start.place)


ROOTS: dict[str, Callable[[Compilation, Selection, Start], Root]] = {
    "source": declared_root,
    "key": row_by_key,
    "keys": rows_by_keys,
    "edge": edge_by_key,
}
SOURCES: dict[type[Source], Callable[..., Root]] = {
    Many: page_root,
    Listed: list_root,
    Own: own_root,
    OneWhere: where_root,
}
