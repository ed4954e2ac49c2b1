"""Operations for any schema: Hypothesis draws what a client could send, out of the schema alone and what is known of the data.

Everything that is drawn is valid. Selections overlap and merge; arguments are literals or variables; fragments are
inline or named; @skip and @include look at constants and variables; cursors are those of earlier pages, now and then of
another list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from hypothesis import strategies as st

PAGE = ("first", "after", "last", "before")
DEEPEST = 5


@dataclass
class Known:
    """What is known of the data.

    Attributes:
        ids: Wire ids by the name of their type.
        cursors: Cursors by their list, such as `Query.clubs`, or `Query.clubs NEWEST` where it has several orders.
        values: Values for arguments and input fields by their own name, or by that of their scalar.
    """

    ids: dict[str, list[str]] = field(default_factory=dict)
    cursors: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)

    def all_ids(self) -> list[str]:
        return [one for ids in self.ids.values() for one in ids] + ["nonsense", "member_nonsense"]

    def all_cursors(self) -> list[str]:
        return [one for cursors in self.cursors.values() for one in cursors]


@dataclass
class Operation:
    """A document with its variables, and other values for them that may be sent with the same document."""

    text: str
    variables: dict[str, Any]
    others: list[dict[str, Any]] = field(default_factory=list)

    def sets(self) -> list[dict[str, Any]]:
        return [self.variables, *self.others]


class Writer:
    """Writes one operation."""

    def __init__(self, random: Random, schema, known: Known) -> None:
        self.random = random
        self.schema = schema
        self.known = known
        self.variables: dict[str, tuple[str, list[Any]]] = {}
        self.fragments: list[str] = []
        self.aliases = 0

    def operation(self) -> Operation:
        body = self.selection(self.schema.query_type, 0)
        signature = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"query Q({signature}) " if signature else "query Q "
        sets = [{name: values[number] for name, (_, values) in self.variables.items()} for number in range(3)]
        return Operation(head + body + "\n" + "\n".join(self.fragments), sets[0], sets[1:] if self.variables else [])

    def often(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    # -- selections

    def selection(self, kind, depth: int) -> str:
        count = self.random.randint(1, 4 if depth < 3 else 2)
        return "{ " + " ".join(self.part(kind, depth) for _ in range(count)) + " }"

    def part(self, kind, depth: int) -> str:
        if is_abstract_type(kind) and (self.often(75) or not hasattr(kind, "fields")):
            return self.inline(self.random.choice(self.schema.get_possible_types(kind)), depth)
        if self.often(5):
            return "__typename"
        if depth and self.often(10):
            return self.inline(kind, depth)
        if depth and self.often(10):
            return self.named(kind, depth)
        return self.field(kind, depth)

    def inline(self, kind, depth: int) -> str:
        return f"... on {kind.name} {self.directive()}{self.selection(kind, depth + 1)}"

    def named(self, kind, depth: int) -> str:
        body = self.selection(kind, depth + 1)
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {kind.name} {body}")
        return f"...{name} {self.directive()}"

    def directive(self) -> str:
        if not self.often(12):
            return ""
        word = self.random.choice(["skip", "include"])
        if self.often(80):
            return f"@{word}(if: ${self.variable('Boolean!', lambda: self.often(50))}) "
        return f"@{word}(if: {'true' if self.often(50) else 'false'}) "

    def field(self, kind, depth: int) -> str:
        name = self.chosen(kind, depth)
        if name is None:
            return "__typename"
        found = kind.fields[name]
        arguments = self.arguments(kind, name, found)
        alias = ""
        if found.args or self.often(10):
            self.aliases += 1
            alias = f"a{self.aliases}: "
        below = get_named_type(found.type)
        body = "" if is_leaf_type(below) else " " + self.selection(below, depth + 1)
        return f"{alias}{name}{arguments} {self.directive()}{body}"

    def chosen(self, kind, depth: int) -> str | None:
        """A field: near the root rather one with something below it, and of a page rather its items."""
        leaves = [name for name, one in kind.fields.items() if is_leaf_type(get_named_type(one.type))]
        if depth >= DEEPEST:
            return self.random.choice(leaves) if leaves else None
        items = [name for name in ("nodes", "edges") if name in kind.fields]
        if items and self.often(60):
            return self.random.choice(items)
        others = [name for name in kind.fields if name not in leaves]
        if others and leaves:
            return self.random.choice(others if self.often(60 if depth < 4 else 30) else leaves)
        return self.random.choice(others or leaves)

    # -- arguments

    def arguments(self, kind, name: str, found) -> str:
        is_page = {"first", "last"} <= set(found.args)
        place, order = f"{kind.name}.{name}", self.order(found)
        written = [f"orderBy: {order}"] if order else []
        written += self.page(f"{place} {order}" if order else place) if is_page else []
        ids = [one for possible in self.possible(found.type) for one in self.known.ids.get(possible.name, [])]
        for argument, definition in found.args.items():
            if is_page and (argument in PAGE or (argument == "orderBy" and order)):
                continue
            if not isinstance(definition.type, GraphQLNonNull) and self.often(50):
                continue
            if has_default(definition) and self.often(40):
                continue
            written.append(f"{argument}: {self.given(argument, definition.type, ids)}")
        return f"({', '.join(written)})" if written else ""

    def possible(self, kind) -> list[Any]:
        named = get_named_type(kind)
        return list(self.schema.get_possible_types(named)) if is_abstract_type(named) else [named]

    def order(self, found) -> str | None:
        """An order that is written into the document, so that cursors of it can be given; None to leave it open."""
        if "orderBy" not in found.args or self.often(50):
            return None
        return self.random.choice(sorted(get_named_type(found.args["orderBy"].type).values))

    def page(self, place: str) -> list[str]:
        end = self.random.choice(["first", "last"])
        sizes = [0, 1, 2, 2, 3, 5] if self.often(97) else [-1, 101]
        written = [f"{end}: {self.written('Int', lambda: self.random.choice(sizes))}"] if self.often(90) else []
        own = self.known.cursors.get(place, [])
        cursors = own if self.often(96) else [*self.known.all_cursors(), "nonsense"]
        for bound in ("after", "before"):
            if own and self.often(35 if bound == "after" else 25):
                written.append(f"{bound}: {self.written('String', lambda: self.random.choice(cursors))}")
        return written

    def given(self, name: str, kind, ids: list[str]) -> str:
        if self.often(50):
            return f"${self.variable(str(kind), lambda: self.value(name, kind, ids))}"
        return literal(self.value(name, kind, ids), kind)

    def written(self, kind: str, make) -> str:
        return f"${self.variable(kind, make)}" if self.often(50) else orjson.dumps(make()).decode()

    def variable(self, kind: str, make) -> str:
        """A new variable, with three values."""
        name = f"v{len(self.variables)}"
        self.variables[name] = (kind, [make() for _ in range(3)])
        return name

    def value(self, name: str, kind, ids: list[str]) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self.value_of(name, kind.of_type, ids)
        return None if self.often(15) else self.value_of(name, kind, ids)

    def value_of(self, name: str, kind, ids: list[str]) -> Any:
        if isinstance(kind, GraphQLList):
            return [self.value(name, kind.of_type, ids) for _ in range(self.random.randint(0, 3))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(sorted(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                inner: self.value(inner, one.type, [])
                for inner, one in kind.fields.items()
                if (isinstance(one.type, GraphQLNonNull) and not has_default(one)) or self.often(25)
            }
        if kind.name == "ID":
            return self.random.choice(ids if ids and self.often(85) else self.known.all_ids())
        if kind.name == "Boolean":
            return self.often(50)
        return self.random.choice(self.known.values.get(name) or self.known.values[kind.name])


def has_default(definition: Any) -> bool:
    """Whether an argument or input field has a default."""
    return definition.default is not None or definition.default_value is not Undefined


def literal(value: Any, kind: Any) -> str:
    """A value as it is written in a document."""
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList):
        return "[" + ", ".join(literal(one, kind.of_type) for one in value) + "]"
    if isinstance(kind, GraphQLInputObjectType):
        return "{" + ", ".join(f"{name}: {literal(one, kind.fields[name].type)}" for name, one in value.items()) + "}"
    return value if isinstance(kind, GraphQLEnumType) else orjson.dumps(value).decode()


@st.composite
def operations(draw, schema, known: Known) -> Operation:
    """Draw an operation that a client of the schema could send."""
    return Writer(draw(st.randoms(use_true_random=True)), schema, known).operation()


def lists_of(schema, kind) -> list[tuple[str, Any]]:
    """The fields of a type that are pages."""
    found = kind.fields.items() if isinstance(kind, GraphQLObjectType) else ()
    return [(name, one) for name, one in found if "first" in one.args and "edges" in get_named_type(one.type).fields]


def openings(schema) -> list[str]:
    """Operations that show the beginning of every list at the root, in every order, and of the lists one step below."""
    written = []
    for name, one in lists_of(schema, schema.query_type):
        if any(
            isinstance(argument.type, GraphQLNonNull) and not has_default(argument) for argument in one.args.values()
        ):
            continue
        node = get_named_type(get_named_type(one.type).fields["nodes"].type)
        inner = " ".join(f"{below}(first: 4) {{ edges {{ cursor }} }}" for below, _ in lists_of(schema, node))
        identity = "id" if "id" in node.fields else "__typename"
        orders = sorted(get_named_type(one.args["orderBy"].type).values) if "orderBy" in one.args else [None]
        for order in orders:
            chosen = f", orderBy: {order}" if order else ""
            alias = f"{name}__{order}: " if order else ""
            written.append(
                f"{{ {alias}{name}(first: 9{chosen}) {{ edges {{ cursor node {{ __typename {identity} {inner} }} }} }} }}"
            )
    return written


def learn(known: Known, kind: str, data: Any) -> None:
    """Take ids and cursors out of an answer to an opening."""
    for key, value in data.items():
        name = key.replace("__", " ")
        if not isinstance(value, dict) or "edges" not in value:
            continue
        for edge in value["edges"]:
            remember(known.cursors, f"{kind}.{name}", edge["cursor"])
            node = edge.get("node")
            if node is not None:
                if "id" in node:
                    remember(known.ids, node["__typename"], node["id"])
                learn(known, node["__typename"], node)


def remember(known: dict[str, list[str]], name: str, value: str) -> None:
    """Add a value once."""
    values = known.setdefault(name, [])
    if value not in values:
        values.append(value)
