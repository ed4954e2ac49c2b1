"""What operations cost: by the law, the same for whoever computes it from the printed schema, and in bounded time."""

from __future__ import annotations

import time

import pytest
import strawberry
from graphql import (
    GraphQLError,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    get_operation_ast,
    is_leaf_type,
    is_object_type,
    parse,
    validate,
    value_from_ast_untyped,
)

from engine.cost import Costs, Prices
from engine.documents import graphql_schema
from engine.limits import Limits
from schema.root import schema
from tests.client import contract, trim

CORE = graphql_schema(schema)
PRICES = Prices(CORE)
PRINTED = build_schema(schema.as_str())
FIRST = "query Q($n: Int, $m: Int = 7, $yes: Boolean!) "


def cost(document, **variables):
    parsed = parse(document)
    assert validate(CORE, parsed) == []
    operation = get_operation_ast(parsed)
    defaults = {
        one.variable.name.value: value_from_ast_untyped(one.default_value)
        for one in operation.variable_definitions or ()
        if one.default_value
    }
    return Costs(parsed, PRICES, 4_000).of(operation, {**defaults, **variables})


@pytest.mark.parametrize(
    ("document", "points"),
    [
        ("{ __typename }", 1),
        ('{ user(username: "a") { id username } }', 1),
        ('{ a: user(username: "a") { id } b: user(username: "b") { id } }', 2),
        ("{ liveBroadcasts { nodes { id } } }", 1 + 20),
        ("{ liveBroadcasts { edges { node { id } cursor } pageInfo { endCursor } } }", 1 + 20),
        ("{ liveBroadcasts(first: 3) { nodes { id } totalCount } }", 1 + 3 + 1),
        ("{ liveBroadcasts(last: 4) { nodes { curator { id } } } }", 1 + 4 * 2),
        (
            "{ liveBroadcasts(first: 5) { nodes { messages(last: 6) { nodes { author { id } } } } } }",
            1 + 5 * (1 + 1 + 12),
        ),
        ("{ liveBroadcasts(first: 0) { nodes { id } } }", 1),
        ("{ liveBroadcasts(first: -3) { nodes { id } } }", 1),
        ("{ liveBroadcasts(first: 2000000000) { nodes { id } } }", 1 + 100),
        ("{ liveBroadcasts(first: null) { nodes { id } } }", 1 + 20),
        ("{ liveBroadcasts { totalCount } }", 1 + 1),
        ("{ viewer { sessions { id } } }", 1 + 100),
        ("{ __schema { types { name fields { name } } } }", 100),
    ],
)
def test_the_law(document, points):
    assert cost(document) == points


def test_what_hangs_on_variables():
    document = FIRST + (
        "{ liveBroadcasts(first: $n) { nodes { messages(last: $m) { nodes { id } } curator @include(if: $yes) { id } } } }"
    )
    assert cost(document, n=10, yes=False) == 1 + 10 * (1 + 1 + 7)
    assert cost(document, n=10, yes=True) == 1 + 10 * (1 + 1 + 7 + 1)
    assert cost(document, n=None, m=1, yes=True) == 1 + 20 * (1 + 1 + 1 + 1)
    assert cost(document, m=0, yes=False) == 1 + 20 * 2
    assert cost(document, n=1_000_000, m=1_000_000, yes=False) == 1 + 100 * (1 + 1 + 100)


def test_what_is_asked_twice_under_one_name_counts_once():
    assert cost("{ viewer { user { id } user { username } ...F } } fragment F on Viewer { user { id } }") == 2
    twice = "query Q($yes: Boolean!) { viewer { user @include(if: $yes) { id } ...F @skip(if: $yes) } } "
    assert cost(twice + "fragment F on Viewer { user { username } }", yes=True) == 2
    assert cost(twice + "fragment F on Viewer { user { username } }", yes=False) == 2
    hidden = "query Q($yes: Boolean!) { viewer { ...F @include(if: $yes) } } fragment F on Viewer { user { id } }"
    assert cost(hidden, yes=False) == 1
    assert cost("{ viewer { user @skip(if: true) { id } } }") == 1
    again = "query Q($yes: Boolean!) { viewer { ...F @include(if: $yes) ...F } } fragment F on Viewer { user { id } }"
    assert cost(again, yes=False) == 2


def test_of_several_types_the_dearest_counts():
    node = "{ node(id: 1) { __typename ... on User { broadcasts(first: 9) { nodes { id } } } ... on Broadcast { curator { id } } } }"
    assert cost(node) == 1 + 1 + 9
    assert cost("{ node(id: 1) { ... on Broadcast { curator { id } } } }") == 2


def test_deeds_weigh_more_and_vendors_most():
    beat = "mutation { sendBroadcastHeartbeat(input: {broadcastId: 1}) { userErrors { code message } } }"
    code = 'mutation { requestSignInCode(input: {email: "a@b.example"}) { userErrors { code } } }'
    assert cost(beat) == 10
    assert cost(code) == 50


# An independent reading of the printed schema, as a client's tool would do it: recursive, and without fragments' finesse.


class Reader:
    def __init__(self, fragments):
        self.schema = PRINTED
        self.fragments = fragments

    def directive(self, node, name):
        found = next((one for one in getattr(node, "directives", ()) or () if one.name.value == name), None)
        return found and {one.name.value: value_from_ast_untyped(one.value) for one in found.arguments}

    def weight(self, field):
        kind = get_named_type(field.type)
        given = self.directive(field.ast_node, "cost") or self.directive(kind.ast_node, "cost")
        return int(given["weight"]) if given else int(not is_leaf_type(kind))

    def selected(self, type_, selection_set):
        for node in selection_set.selections:
            if node.kind == "field":
                yield type_, node
                continue
            inner = self.fragments[node.name.value] if node.kind == "fragment_spread" else node
            on = self.schema.type_map[inner.type_condition.name.value] if inner.type_condition else type_
            yield from self.selected(type_ if is_object_type(type_) else on, inner.selection_set)

    def merged(self, sets):
        groups = {}
        for type_, selection_set in sets:
            for on, node in self.selected(type_, selection_set):
                groups.setdefault((on.name, (node.alias or node.name).value), (on, []))[1].append(node)
        return groups.values()

    def of(self, sets, variables, sizes):
        parts = {}
        for type_, nodes in self.merged(sets):
            name = nodes[0].name.value
            if name == "__typename":
                continue
            field = type_.fields[name]
            kind = get_named_type(field.type)
            size = self.directive(field.ast_node, "listSize") or {}
            given = []
            for argument in nodes[0].arguments or ():
                if argument.name.value in size.get("slicingArguments", ()):
                    value = argument.value
                    read = variables.get(value.name.value) if value.kind == "variable" else int(value.value)
                    given += [read] if read is not None else []
            length = max(given, default=size.get("assumedSize", 1))
            sized = size.get("sizedFields") or ()
            below = self.of(
                [(kind, node.selection_set) for node in nodes if node.selection_set],
                variables,
                dict.fromkeys(sized, length),
            )
            times = sizes.get(name, 1 if sized else length)
            parts[type_.name] = parts.get(type_.name, 0) + times * (self.weight(field) + below)
        alone = [
            points for over, points in parts.items() if len(parts) > 1 and is_object_type(self.schema.type_map[over])
        ]
        return sum(parts.values()) - sum(alone) + max(alone, default=0)


def of_the_contract():
    document = contract()
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            text = trim(node.name.value, document)
            if not validate(CORE, parse(text), max_errors=1, hide_suggestions=True):
                yield node.name.value, text


CONTRACT = dict(of_the_contract())


@pytest.mark.parametrize("name", CONTRACT)
def test_a_clients_tool_gets_the_same_from_the_printed_schema(name):
    document = parse(CONTRACT[name])
    operation = get_operation_ast(document)
    variables = {
        one.variable.name.value: value_from_ast_untyped(one.default_value) if one.default_value else None
        for one in operation.variable_definitions or ()
    }
    fragments = {node.name.value: node for node in document.definitions if node.kind == "fragment_definition"}
    reader = Reader(fragments)
    root = reader.schema.get_root_type(operation.operation)
    assert Costs(document, PRICES, 4_000).of(operation, variables) == reader.of(
        [(root, operation.selection_set)], variables, {}
    )


def test_each_operation_of_the_contract_fits_well():
    """With the pages that it has unless a client asks for longer ones; what it asks for by itself is in these."""
    dearest = max(cost(text, yes=True) for text in CONTRACT.values())
    assert 100 < dearest < Limits().cost / 4


def test_types_that_lead_to_each_other_do_not_unfold_without_end():
    bodies = "".join(
        f"fragment F{n} on Node {{ ... on Broadcast {{ curator {{ ...G{n} }} }} ... on Message {{ author {{ ...G{n} }} }} }} "
        f"fragment G{n} on User {{ broadcasts {{ nodes {{ ...F{n + 1} }} edges {{ node {{ ...F{n + 1} }} }} }} }} "
        for n in range(12)
    )
    document = parse("{ node(id: 1) { ...F0 } } " + bodies + "fragment F12 on Node { id }")
    start = time.thread_time()
    with pytest.raises(GraphQLError, match="may select"):
        Costs(document, PRICES, 4_000)
    assert time.thread_time() - start < 0.05


def test_a_price_declared_on_a_field_goes_before_that_of_its_type():
    from_sdl = {
        field: node.directives
        for field, node in ((one, PRINTED.mutation_type.fields[one].ast_node) for one in ("sendTip", "sendMessage"))
    }
    weights = {field: value_from_ast_untyped(found[0].arguments[0].value) for field, found in from_sdl.items()}
    assert weights == {"sendTip": "50", "sendMessage": "10"}


@strawberry.type
class Thing:
    name: str


@strawberry.type
class Shelf:
    @strawberry.field
    def things(self) -> list[Thing]:
        return []


def test_what_is_not_known_of_a_list_is_assumed():
    core = graphql_schema(strawberry.Schema(Shelf))
    document = parse("{ things { name } }")
    assert Costs(document, Prices(core), 100).of(get_operation_ast(document), {}) == 10
