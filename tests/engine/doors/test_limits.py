"""Bombs: refused fast, with a code, and before any resolver runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from graphql import DocumentNode, build_schema, get_introspection_query, parse
from graphql.validation import validate

from engine.documents import Documents, Refused
from engine.limits import Limits, measure
from tests.engine.doors.porch import SCHEMA, TOUCHED, Guest

CONTRACT = Path(__file__).parents[3] / "contract"


def nested(levels):
    return "{" + "me {" * levels + "name" + "}" * levels + "}"


def chain(links, per_link):
    """Fragments that each spread the next one several times: per_link to the power of links."""
    spreads = [" ".join(f"f{n}_{i}: me {{ ...F{n + 1} }}" for i in range(per_link)) for n in range(links)]
    fragments = " ".join(f"fragment F{n} on Self {{ {spread} }}" for n, spread in enumerate(spreads))
    return f"{{ me {{ ...F0 }} }} {fragments} fragment F{links} on Self {{ name }}"


def doubled(levels):
    """The same without aliases: each fragment spreads the next one under two fields."""
    body = " ".join(f"fragment G{n} on Self {{ me {{ ...G{n + 1} }} other {{ ...G{n + 1} }} }}" for n in range(levels))
    return f"{{ me {{ ...G0 }} }} {body} fragment G{levels} on Self {{ name }}"


BOMBS = {
    "deep": (nested(16), "TOO_DEEP"),
    "deeper than the parser goes": (nested(900), "TOO_DEEP"),
    "lists in lists": ("{ echo(input: {numbers: " + "[" * 900 + "]" * 900 + "}) }", "TOO_DEEP"),
    "a fragment within itself": ("{ me { ...F } } fragment F on Self { me { ...F } }", "TOO_DEEP"),
    "a cycle of fragments": (
        "{ me { ...A } } fragment A on Self { me { ...B } } fragment B on Self { me { ...A } }",
        "TOO_DEEP",
    ),
    "a cycle without fields": ("{ me { ...A } } fragment A on Self { ...B } fragment B on Self { ...A }", None),
    "amplified aliases": (chain(12, 2), "TOO_MANY_ALIASES"),
    "amplified fields": (doubled(12), "TOO_MANY_FIELDS"),
    "aliases": ("{" + " ".join(f"a{n}: hello" for n in range(31)) + "}", "TOO_MANY_ALIASES"),
    "10,000 aliases": ("{" + " ".join(f"a{n}:me{{name}}" for n in range(10_000)) + "}", "DOCUMENT_TOO_LARGE"),
    "root fields": ("{" + " ".join(f"a{n}: hello" for n in range(21)) + "}", "TOO_MANY_ROOT_FIELDS"),
    "1,200 aliases": ("{" + " ".join(f"a{n}:me" for n in range(1_200)) + "}", "TOO_MANY_ALIASES"),
    "100 kB": ("{ hello } #" + "x" * 100_000, "DOCUMENT_TOO_LARGE"),
    "8,200 characters of 2 bytes": ("{ hello } #" + "é" * 8_200, "DOCUMENT_TOO_LARGE"),
    "tokens": ("{" + "hello " * 4_000 + "}", "DOCUMENT_TOO_LARGE"),
    "comments": ("{ hello }" + "#\n" * 8_000, "DOCUMENT_TOO_LARGE"),
    "selections": (
        "{ me { ...F } a: me { ...F } b: me { ...F } } fragment F on Self {" + "name " * 700 + "}",
        "TOO_MANY_FIELDS",
    ),
    "names": ("{" + "hello " * 2_000 + "}", "DOCUMENT_TOO_LARGE"),
    "conflicts": ("{" + "me{name} " * 480 + "}", "TOO_COMPLEX"),
    "directives": ("{ hello " + "@skip(if: false) " * 51 + "}", "TOO_MANY_DIRECTIVES"),
    "unknown directives": ("{ hello " + "@a " * 1_500 + "}", "TOO_MANY_DIRECTIVES"),
    "directives far apart": ("{ me {" + "name @include(if: true) " * 51 + "} }", "TOO_MANY_DIRECTIVES"),
    "a list": ("{ echo(input: {numbers: [" + "1 " * 101 + "]}) }", "LIST_TOO_LONG"),
    "a list as default": ("query ($n: [Int!] = [" + "1 " * 101 + "]) { hello }", "LIST_TOO_LONG"),
    "a list in a directive": ("{ hello @skip(if: [" + "true " * 101 + "]) }", "LIST_TOO_LONG"),
    "an object": ("{ echo(input: {" + " ".join(f"a{n}: 1" for n in range(1_200)) + "}) }", "LIST_TOO_LONG"),
    "a NUL": ('{ echo(input: {text: "\\u0000"}) }', "INVALID_INPUT"),
    "unknown fields": ("{" + " ".join(f"x{n}" for n in range(19)) + "}", "GRAPHQL_VALIDATION_FAILED"),
    "many operations": (" ".join(f"query Q{n} {{ hello }}" for n in range(101)), "TOO_MANY_DEFINITIONS"),
    "many fragments": (
        "{ hello "
        + " ".join(f"...F{n}" for n in range(100))
        + "}"
        + " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(100)),
        "TOO_MANY_DEFINITIONS",
    ),
    "variables": ("query (" + " ".join(f"$v{n}: Int" for n in range(101)) + ") { hello }", "TOO_MANY_VARIABLES"),
    "operations": (
        " ".join(f"query Q{n} {{ ...F }}" for n in range(75)) + "fragment F on Query {" + "hello " * 30 + "}",
        "TOO_MANY_FIELDS",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_bombs_are_refused_fast(post, name):
    bomb, code = BOMBS[name]
    await post("{ hello }")
    TOUCHED.clear()
    response = await post(bomb)
    shown = response.json()["errors"]
    assert shown[0]["extensions"]["code"] == (code or "GRAPHQL_VALIDATION_FAILED")
    assert "data" not in response.json()
    assert TOUCHED == []
    assert len(response.content) < 20_000
    documents = Documents(SCHEMA, Limits())
    assert min(took(documents, bomb) for _ in range(3)) < 0.050


def took(documents, bomb):
    """Seconds of CPU: how busy the machine is with other things does not count."""
    start = time.thread_time()
    with pytest.raises(Refused):
        documents.find(bomb)
    return time.thread_time() - start


AT_THE_LIMIT = {
    "deep": nested(14),
    "aliases": "{ me {" + " ".join(f"a{n}: name" for n in range(30)) + "} }",
    "root fields": "{" + " ".join(f"a{n}: hello" for n in range(20)) + "}",
    "directives": "{ hello " + "...@skip(if: false) { hello } ...@skip(if: false) { __typename } " * 25 + "}",
    "a list": "{ echo(input: {numbers: [" + "1 " * 100 + "]}) }",
    "a document of 16 kB": "{ hello } #" + "x" * (16_384 - 11),
    "introspection": get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    ),
}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
async def test_what_is_just_allowed_runs(post, name):
    response = await post(AT_THE_LIMIT[name])
    assert "errors" not in response.json()
    assert response.json()["data"]


VARIABLES = [
    ({"input": {"numbers": list(range(101))}}, ["input", "numbers"]),
    ({"input": {"more": {"text": "a\0b"}}}, ["input", "more", "text"]),
    ({"input": {"text": ""}, "spare": [[[[[[[[[[[1]]]]]]]]]]]}, ["spare", *["0"] * 10]),
    ({"input": {"text": ""}, "spare": [[1] * 100] * 60}, ["spare"]),
]


@pytest.mark.parametrize(("variables", "field"), VARIABLES)
async def test_variables_are_bounded_too(post, variables, field):
    response = await post("query ($input: Echo!) { echo(input: $input) }", variables)
    shown = response.json()["errors"][0]
    assert shown["extensions"] == {"code": "INVALID_INPUT", "field": field}
    assert TOUCHED == []


async def test_variables_within_bounds_pass(post):
    variables = {"input": {"text": "é🎧", "numbers": list(range(100)), "more": {"more": {"text": ""}}}}
    assert (await post("query ($input: Echo!) { echo(input: $input) }", variables)).json()["data"] == {"echo": "é🎧"}


async def test_strangers_may_not_introspect(post):
    for query in (
        "{ __schema { types { name } } }",
        '{ ...F } fragment F on Query { a: __type(name: "Self") { name } }',
    ):
        shown = (await post(query, name="stranger")).json()
        assert shown["errors"][0]["extensions"]["code"] == "INTROSPECTION_OFF"
        assert "errors" not in (await post(query)).json()
    assert (await post("{ __typename }", name="stranger")).json() == {"data": {"__typename": "Query"}}


async def test_strangers_get_no_suggestions(post):
    wrong = [
        ("{ helo }", None),
        ("{ me { nam } }", None),
        ("{ echo(inputs: {}) }", None),
        ('{ echo(input: {txt: ""}) }', None),
        ("query ($i: Echo!) { echo(input: $i) }", {"i": {"txt": ""}}),
        ("query ($i: Ecko!) { echo(input: $i) }", {"i": {}}),
    ]
    for query, variables in wrong:
        assert "Did you mean" in (await post(query, variables)).text
        assert "Did you mean" not in (await post(query, variables, name="stranger")).text


def test_every_operation_of_the_contract_is_small_enough():
    """The contract is what clients really send, all fragments together in one document."""
    text = "\n".join(path.read_text() for path in sorted(CONTRACT.glob("*.graphql")))
    definitions = parse(text).definitions
    shared = tuple(found for found in definitions if found.kind == "fragment_definition")
    operations = [found for found in definitions if found.kind == "operation_definition"]
    assert len(operations) > 50
    for operation in operations:
        measure(DocumentNode(definitions=(operation, *shared)), Limits(directives=1_000))


def test_known_documents_are_remembered_within_bounds():
    documents = Documents(SCHEMA, Limits(remembered_tokens=20))
    first = documents.find("{ hello }")
    assert documents.find("{ hello }") is first
    for number in range(10):
        documents.find(f"query Q{number} {{ hello }}")
    assert documents.find("{ hello }") is not first
    with pytest.raises(Refused):
        documents.find("{ nothing }")


def test_refusals_push_nothing_out():
    documents = Documents(SCHEMA, Limits(remembered_tokens=20))
    first = documents.find("{ hello }")
    for number in range(10):
        with pytest.raises(Refused):
            documents.find(f"{{ nothing{number} }}")
    assert documents.find("{ hello }") is first


def test_the_library_would_not_have_refused():
    """The amplified documents are valid GraphQL: without limits they would run."""
    schema = build_schema("type Query { me: Self hello: String } type Self { me: Self other: Self name: String }")
    for name in ("amplified aliases", "amplified fields", "deep", "aliases"):
        assert validate(schema, parse(BOMBS[name][0])) == []


async def test_refused_guests_cost_no_context_of_others(post):
    await post(BOMBS["deep"][0], name="mina")
    assert Guest.made == ["mina"]
