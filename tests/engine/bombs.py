"""Documents made to cost us much, against the platform's own schema."""

from __future__ import annotations

import json


def nested(levels):
    return "{ viewer { user { " + "broadcasts { nodes { curator { " * levels + "id" + " } } }" * levels + " } } }"


def unfolding(levels):
    """Fragments that each spread the next one twice, over pages: two to the power of levels."""
    bodies = "".join(
        f"fragment F{n} on User {{ broadcasts {{ nodes {{ curator {{ ...F{n + 1} }} }} edges {{ node {{ curator {{ ...F{n + 1} }} }} }} }} }} "
        for n in range(levels)
    )
    return "{ viewer { user { ...F0 } } } " + bodies + f"fragment F{levels} on User {{ id }}"


def pages(levels, size=100):
    within = "nodes { id title curator { id } }"
    for _ in range(levels):
        within = f"nodes {{ curator {{ broadcasts(first: {size}) {{ {within} }} }} }}"
    return f"{{ liveBroadcasts(first: {size}) {{ {within} }} }}"


def types(count):
    """Fragments over each other's types, which unfold for each of them."""
    bodies = "".join(
        f"fragment F{n} on Node {{ ... on Broadcast {{ curator {{ ...G{n} }} }} ... on Message {{ author {{ ...G{n} }} }} }} "
        f"fragment G{n} on User {{ broadcasts {{ nodes {{ ...F{n + 1} }} edges {{ node {{ ...F{n + 1} }} }} }} }} "
        for n in range(count)
    )
    return '{ node(id: "a") { ...F0 } } ' + bodies + f"fragment F{count} on Node {{ id }}"


DOCUMENTS = {
    "deep": nested(6),
    "deeper than the parser goes": nested(400),
    "aliases": "{" + " ".join(f'a{n}: user(username: "a") {{ id }}' for n in range(300)) + "}",
    "aliases below": "{ viewer { user { " + " ".join(f"a{n}: username" for n in range(900)) + " } } }",
    "fragments that unfold": unfolding(12),
    "fragments in a circle": "{ viewer { user { ...A } } } fragment A on User { broadcasts { nodes { curator { ...A } } } }",
    "types that unfold": types(3),
    "overlapping fields": "{ viewer { user { " + "broadcasts { nodes { id title } } " * 120 + " } } }",
    "overlapping arguments": "{ viewer { user { "
    + " ".join(f"broadcasts(first: {n}) {{ totalCount }}" for n in range(150))
    + " } } }",
    "overlapping fragments": "{ viewer { user { "
    + " ".join(f"...F{n}" for n in range(150))
    + " } } } "
    + " ".join(
        f"fragment F{n} on User {{ broadcasts {{ nodes {{ id title curator {{ id }} }} }} }}" for n in range(150)
    ),
    "pages in pages": pages(2),
    "deep lists": "{ curators(filter: {genres: " + "[" * 900 + "]" * 900 + "}) { nodes { id } } }",
    "wide lists": "{ curators(filter: {genres: [" + '"a" ' * 1_800 + "]}) { nodes { id } } }",
    "a huge text": '{ user(username: "' + "a" * 15_000 + '") ' + "@x " * 60 + "{ id } }",
    "a huge number": "{ liveBroadcasts(first: " + "9" * 15_000 + ") { nodes { id } } }",
    "unknown fields": "{"
    + " ".join(f"x{n}" for n in range(20))
    + " viewer {"
    + " ".join(f"y{n}" for n in range(900))
    + "} }",
    "unknown variables": "{ viewer { user { "
    + " ".join(f"broadcasts(first: $v{n}) {{ totalCount }}" for n in range(25))
    + " } } }",
    "unused variables": "query (" + " ".join(f"$v{n}: Int" for n in range(900)) + ") { __typename }",
    "operations": " ".join(f"query Q{n} {{ ...F }}" for n in range(400))
    + " fragment F on Query { viewer { user { id } } }",
    "100 kB": "{ viewer { user { id } } } #" + "x" * 100_000,
    "100 kB of names": "{" + " ".join(f"n{n}" for n in range(16_000)) + "}",
    "brackets": "{" * 16_000,
    "introspection of itself": "{ __schema { types { fields { type { fields { type { fields { type { fields { type { fields { type { fields { type { fields { name } } } } } } } } } } } } } } } }",
}

VARIABLES = {
    "variables in each other": {"id": "[" * 900 + "]" * 900},
    "long lists": {"id": [0] * 100_000},
    "lists of lists": {"id": [[0] * 100] * 900},
    "empty lists": {"id": [[]] * 250_000},
    "empty objects": {"id": [{}] * 250_000},
    "texts": {"id": ["a"] * 200_000},
    "a huge object": {f"v{n}": n for n in range(50_000)},
    "a long text for a number": {"id": {"a": "9" * 900_000}},
}


def bodies():
    """All of them as bodies of requests."""
    for name, document in DOCUMENTS.items():
        yield name, json.dumps({"query": document})
    for name, variables in VARIABLES.items():
        text = json.dumps(
            {"query": "query ($id: Int) { liveBroadcasts(first: $id) { nodes { id } } }", "variables": variables}
        )
        yield name, text.replace('"[[', "[[").replace(']]"', "]]")
