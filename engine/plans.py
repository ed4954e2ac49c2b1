"""Plans: compiled selections, kept for as long as their document is used, and their text for people to read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from graphql import GraphQLObjectType, GraphQLOutputType, OperationDefinitionNode
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext as Execution

from engine import edges, pages, short_lists
from engine.arguments import Values, coerce_all, shape
from engine.compile import Compilation
from engine.found import Run
from engine.pages import PageRule
from engine.roots import Root, edge_root, key_root, keys_root, list_root, own_root, page_root, where_root
from engine.selection import Details, Selection, flag_names
from engine.sources import ById, Entity, Listed, Many, OneWhere, Own, Source

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST_DOCUMENTS = 1000
MOST_SELECTIONS = 64
MOST_PLANS = 128

KINDS = (edges, pages, short_lists)
"""The rooms of the compiler that add kinds of sources to it when they are imported."""


class Recent(Generic[K, V]):
    """What was used last, up to so many."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What is kept under a key; it counts as used."""
        value = self.kept.get(key)
        if value is not None:
            self.kept.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> V:
        """Keep something; what was not used for longest goes."""
        self.kept[key] = value
        if len(self.kept) > self.most:
            self.kept.popitem(last=False)
        return value


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


class Document:
    """What is kept for one operation: its selections and plans. It holds the operation, so that its id stays its own."""

    def __init__(self, execution: Execution) -> None:
        self.operation: OperationDefinitionNode = execution.operation
        self.fragments = execution.fragments
        self.flags = flag_names(execution)
        self.selections: Recent[Hashable, Selection] = Recent(MOST_SELECTIONS)
        self.plans: Recent[Hashable, Plan] = Recent(MOST_PLANS)


class Plans:
    """All plans of a process."""

    def __init__(self, most: int = MOST_DOCUMENTS) -> None:
        self.documents: Recent[int, Document] = Recent(most)
        self.made = 0

    def document(self, execution: Execution) -> Document:
        """What is kept for the operation under way."""
        key = id(execution.operation)
        known = self.documents.get(key)
        if known is None or known.operation is not execution.operation:
            known = self.documents.put(key, Document(execution))
        return known

    def find(
        self,
        execution: Execution,
        parent: GraphQLObjectType,
        details: Details,
        type_: GraphQLOutputType,
        start: Start,
        concrete: GraphQLObjectType | None = None,
    ) -> tuple[Plan, list[Values]]:
        """The plan of a field or reference, made if need be, and the arguments of this request.

        Args:
            execution: The operation under way.
            parent: The type that the field is selected on.
            details: The field's nodes.
            type_: The type of the value.
            start: What the plan starts from.
            concrete: The object type of the value, where the field's type leaves it open.
        """
        document = self.document(execution)
        flags = tuple([execution.variable_values.coerced.get(name) for name in document.flags])
        # The nodes live as long as the operation and its fragments, which the document holds: ids are safe as keys.
        key = (id(details[0].node), parent.name, str(type_), concrete and concrete.name, start, flags)
        selection = document.selections.get(key)
        if selection is None:
            selection = document.selections.put(key, Selection(execution, parent, details, type_, concrete))
        arguments = coerce_all(execution, selection)
        plan_key = (key, tuple([shape(values) for values in arguments]))
        plan = document.plans.get(plan_key)
        if plan is None:
            plan = document.plans.put(plan_key, make(selection, start, arguments))
            self.made += 1
        return plan, arguments


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
ROOT_SOURCES = (ById, *SOURCES)
