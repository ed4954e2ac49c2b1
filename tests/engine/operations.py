"""Operations for any schema: Hypothesis draws what a client could send, out of the schema alone and what is known of the data.

Everything that is drawn is valid. Selections overlap and merge; arguments are literals or variables; fragments are
inline or named; @skip and @include look at constants and variables; cursors are those of earlier pages, now and then of
another list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """What is known of the data: ids by type, cursors by list, and values for arguments by their scalar's name."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    cursors: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)

    def all_ids(self) -> list[str]:
        return [one for ids in self.ids.values() for one in ids] + ["nonsense", "member_nonsense"]

    def all_cursors(self) -> list[str]:
        return [one for cursors in self.cursors.values() for one in cursors]


@dataclass
class Operation:
    """A document with its variables."""

    text: str
    variables: dict[str, Any]


class Writer:
    """Writes one operation."""

    def __init__(self, draw, schema, known: Known) -> None:
        self.draw = draw
        self.schema = schema
        self.known = known
        self.variables: dict[str, tuple[str, Any]] = {}
        self.fragments: list[str] = []
        self.aliases = 0

    def operation(self) -> Operation:
        body = self.selection(self.schema.query_type, 0)
        signature = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"query Q({signature}) " if signature else "query Q "
        given = {name: value for name, (_, value) in self.variables.items()}
        return Operation(head + body + "\n" + "\n".join(self.fragments), given)

    def often(self, percent: int) -> bool:
        return self.draw(st.integers(1, 100)) <= percent

    # -- selections

    def selection(self, kind, depth: int) -> str:
        parts = [self.part(kind, depth) for _ in range(self.draw(st.integers(1, 4 if depth < 3 else 2)))]
        return "{ " + " ".join(parts) + " }"

    def part(self, kind, depth: int) -> str:
        if is_abstract_type(kind) and (self.often(75) or not hasattr(kind, "fields")):
            return self.inline(self.draw(st.sampled_from(self.schema.get_possible_types(kind))), depth)
        if self.often(7):
            return "__typename"
        if depth and self.often(12):
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
        if not self.often(15):
            return ""
        word = self.draw(st.sampled_from(["skip", "include"]))
        value = self.draw(st.booleans())
        if self.often(70):
            return f"@{word}(if: ${self.variable('Boolean!', value)}) "
        return f"@{word}(if: {str(value).lower()}) "

    def field(self, kind, depth: int) -> str:
        names = [
            name for name in kind.fields if depth < DEEPEST or is_leaf_type(get_named_type(kind.fields[name].type))
        ]
        if not names:
            return "__typename"
        name = self.draw(st.sampled_from(names))
        found = kind.fields[name]
        arguments = self.arguments(kind, name, found)
        alias = ""
        if found.args or self.often(10):
            self.aliases += 1
            alias = f"a{self.aliases}: "
        below = get_named_type(found.type)
        body = "" if is_leaf_type(below) else " " + self.selection(below, depth + 1)
        return f"{alias}{name}{arguments} {self.directive()}{body}"

    # -- arguments

    def arguments(self, kind, name: str, found) -> str:
        written = []
        if "first" in found.args:
            written += self.page(kind, name)
        for argument, definition in found.args.items():
            if argument in PAGE and "first" in found.args:
                continue
            if not isinstance(definition.type, GraphQLNonNull) and self.often(50):
                continue
            if self.has_default(definition) and self.often(40):
                continue
            written.append(f"{argument}: {self.given(definition.type)}")
        return f"({', '.join(written)})" if written else ""

    @staticmethod
    def has_default(definition) -> bool:
        return definition.default is not None or definition.default_value is not Undefined

    def page(self, kind, name: str) -> list[str]:
        end = self.draw(st.sampled_from(["first", "last"]))
        size = self.draw(st.sampled_from([0, 1, 2, 3, 5]) if self.often(97) else st.sampled_from([-1, 101]))
        written = [f"{end}: {self.written_or_variable('Int', size)}"] if self.often(90) else []
        own = self.known.cursors.get(f"{kind.name}.{name}", [])
        for bound in ("after", "before"):
            if own and self.often(35 if bound == "after" else 25):
                cursor = self.draw(st.sampled_from(own if self.often(96) else [*self.known.all_cursors(), "nonsense"]))
                written.append(f"{bound}: {self.written_or_variable('String', cursor)}")
        return written

    def given(self, kind) -> str:
        value = self.value(kind)
        if self.often(50):
            return f"${self.variable(str(kind), value)}"
        return literal(value, kind)

    def written_or_variable(self, kind: str, value: Any) -> str:
        return f"${self.variable(kind, value)}" if self.often(50) else orjson.dumps(value).decode()

    def variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = (kind, value)
        return name

    def value(self, kind) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self.value_of(kind.of_type)
        return None if self.often(15) else self.value_of(kind)

    def value_of(self, kind) -> Any:
        if isinstance(kind, GraphQLList):
            return [self.value(kind.of_type) for _ in range(self.draw(st.integers(0, 3)))]
        if isinstance(kind, GraphQLEnumType):
            return self.draw(st.sampled_from(sorted(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                name: self.value(one.type)
                for name, one in kind.fields.items()
                if (isinstance(one.type, GraphQLNonNull) and not self.has_default(one)) or self.often(40)
            }
        if kind.name == "ID":
            return self.draw(st.sampled_from(self.known.all_ids()))
        if kind.name == "Boolean":
            return self.draw(st.booleans())
        return self.draw(st.sampled_from(self.known.values[kind.name]))


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
    return Writer(draw, schema, known).operation()


def lists_of(schema, kind) -> list[tuple[str, Any]]:
    """The fields of a type that are pages."""
    found = kind.fields.items() if isinstance(kind, GraphQLObjectType) else ()
    return [(name, one) for name, one in found if "first" in one.args and "edges" in get_named_type(one.type).fields]


def openings(schema) -> list[str]:
    """Operations that show the beginning of every list at the root, in every order, and of the lists one step below."""
    written = []
    for name, one in lists_of(schema, schema.query_type):
        if any(
            isinstance(argument.type, GraphQLNonNull) and not Writer.has_default(argument)
            for argument in one.args.values()
        ):
            continue
        node = get_named_type(get_named_type(one.type).fields["nodes"].type)
        inner = " ".join(f"{below}(first: 4) {{ edges {{ cursor }} }}" for below, _ in lists_of(schema, node))
        identity = "id" if "id" in node.fields else "__typename"
        orders = sorted(get_named_type(one.args["orderBy"].type).values) if "orderBy" in one.args else [None]
        for order in orders:
            chosen = f", orderBy: {order}" if order else ""
            written.append(
                f"{{ {name}(first: 9{chosen}) {{ edges {{ cursor node {{ __typename {identity} {inner} }} }} }} }}"
            )
    return written


def learn(known: Known, kind: str, data: Any) -> None:
    """Take ids and cursors out of an answer to an opening."""
    for name, value in data.items():
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
