"""Texts that nobody has read before: what is refused at sight, which rules they are held to, and who waits for whom."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

import orjson
import pytest
from graphql import GraphQLError, parse, validate
from starlette.requests import Request

from app import DOCUMENTS as OURS
from engine.breath import REFUSAL_SECONDS, REFUSALS, Pace, Queue, breathe, in_turns
from engine.documents import Documents, Refused
from engine.errors import BadInput
from engine.limits import Limits, check_variables
from engine.requests import LARGE, read_request
from engine.rules import NEEDING, RULES, rules_for
from engine.scan import scan
from schema.root import schema
from tests.engine.bombs import DOCUMENTS

LIMITS = Limits()
OPERATIONS = {each["name"]: each["body"] for each in orjson.loads(OURS.read_bytes())["operations"]}

AT_SIGHT = {
    "aliases": "TOO_MANY_ALIASES",
    "aliases below": "TOO_MANY_ALIASES",
    "deeper than the parser goes": "TOO_DEEP",
    "overlapping fragments": "TOO_MANY_DEFINITIONS",
    "operations": "TOO_MANY_DEFINITIONS",
    "unused variables": "TOO_MANY_VARIABLES",
    "wide lists": "LIST_TOO_LONG",
    "deep lists": "TOO_DEEP",
    "a huge text": "TOO_MANY_DIRECTIVES",
    "brackets": "TOO_DEEP",
}

HARMLESS = {
    "signs in texts": '{ user(username: "' + "@ { [ ( : $ " * 300 + '") { id } }',
    "signs in blocks": '{ user(username: """' + '@ { " "" \\""" : ' * 300 + '""") { id } }',
    "signs in comments": "{ viewer { user { id } } } #" + "@{[(:$" * 300,
    "arguments": "{"
    + " ".join(f"user(username: $u) {{ broadcasts(first: {n}) {{ totalCount }} }}" for n in range(60))
    + "}",
    "aliases of two operations": " ".join(
        f"query Q{q} {{" + " ".join(f"a{n}: viewer {{ user {{ id }} }}" for n in range(20)) + "}" for q in range(2)
    ),
    "a list at its limit": "{ curators(filter: {genres: [" + '"a", ' * 100 + "]}) { totalCount } }",
    "lists of several": "{ a(b: [" + "{c: [1 2 3]} " * 90 + "]) }",
}

SLOW_TO_MATCH = {
    "quotes": '"' * 16_000,
    "blocks that do not end": '{ a(b: """' + '\\"""' * 4_000,
    "blocks without an end": '\\"""' * 4_000,
    "texts that do not end": '"' + "\\" * 16_000,
    "lines of texts": '"\n' * 8_000,
    "numbers": "-." * 8_000,
}


def seen(text, most=LIMITS.tokens):
    try:
        scan(text, LIMITS, most)
    except GraphQLError as error:
        return error.extensions["code"]
    return None


@pytest.mark.parametrize("name", AT_SIGHT)
def test_bombs_are_refused_at_sight(name):
    assert seen(DOCUMENTS[name]) == AT_SIGHT[name]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_too_much_is_not_refused_at_sight(name):
    assert seen(HARMLESS[name]) is None


def test_nothing_that_our_apps_send_is_refused_at_sight():
    assert len(OPERATIONS) > 50
    assert {seen(text) for text in OPERATIONS.values()} == {None}


def test_words_are_counted():
    assert seen("{ " + "a " * 97 + "}", 99) is None
    assert seen("{ " + "a " * 98 + "}", 99) == "DOCUMENT_TOO_LARGE"


@pytest.mark.parametrize("name", SLOW_TO_MATCH)
def test_no_text_makes_the_look_long(name):
    took = []
    for _ in range(3):
        start = time.thread_time()
        seen(SLOW_TO_MATCH[name])
        took.append(time.thread_time() - start)
    assert min(took) < 0.020


LARGE_AND_HARMLESS = {
    "signs in a text": {"text": '[{"a\\": [], ' * 40_000},
    "as many values as there may be": {"ids": ["x" * 150] * 4_900},
    "as many names as there may be": {f"{n:0200}": n for n in range(4_900)},
}
LARGE_AND_FULL = {
    "empty lists": {"ids": [[]] * 30_000},
    "empty objects": {"ids": [{}] * 30_000},
    "numbers": {"ids": [0] * 40_000},
    "texts with ends that look like none": {"ids": ["\\"] * 20_000},
    "names with quotes": {f'"{n}"': n for n in range(16_000)},
}


@pytest.mark.parametrize("spaced", [True, False])
@pytest.mark.parametrize("name", [*LARGE_AND_HARMLESS, *LARGE_AND_FULL])
async def test_large_bodies_are_refused_by_their_values_alone(name, spaced):
    """Before they are decoded: it is not the values that are looked at, but the signs between them."""
    harmless = name in LARGE_AND_HARMLESS
    variables = {**LARGE_AND_HARMLESS, **LARGE_AND_FULL}[name]
    asked = {"query": "query ($ids: [ID!]) { nodes(ids: $ids) { id } }", "variables": variables}
    body = json.dumps(asked, separators=None if spaced else (",", ":")).encode()
    assert LARGE < len(body) < LIMITS.body_bytes
    arriving = [{"type": "http.request", "body": body, "more_body": False}]
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}

    async def receive():
        return arriving.pop()

    if harmless:
        found = await read_request(Request(scope, receive), LIMITS, Queue(), "mina")
        assert found.variables == variables
        check_variables(found.variables, replace(LIMITS, list_items=5_000))
    else:
        with pytest.raises(BadInput, match="may hold 5000 values"):
            await read_request(Request(scope, receive), LIMITS, Queue(), "mina")


WRONG = [
    "query ($a: Int, $a: Nothing) { liveBroadcasts(first: $b) { totalCount } }",
    "query ($a: String) { liveBroadcasts(first: $a) { totalCount } }",
    "{ viewer @nothing { user @skip(if: true) @skip(if: true) { id } } }",
    "{ viewer { ...A } } fragment B on Int { id } fragment B on User { ...B }",
    "subscription { a: viewer b: viewer }",
    "{ user(name: 1, name: 2) { id } }",
    '{ liveBroadcasts(first: "a", filter: {a: 1, a: 2}) { totalCount } }',
    "mutation { signIn(input: {code: null, oauth: null}) { userErrors { code } } }",
    "{ viewer } query { viewer { nothing } }",
    "{ liveBroadcasts @stream(label: 1) { nodes @stream { id } } ... @defer(label: $x) { viewer { id } } }",
]


@pytest.mark.parametrize("text", [*WRONG, *(text for name, text in DOCUMENTS.items() if name not in AT_SIGHT)])
def test_rules_are_spared_only_where_nothing_breaks_them(text):
    try:
        document = parse(text, max_lexical_tokens=4_000)
    except GraphQLError:
        return
    judged = [
        [error.formatted for error in validate(schema._schema, document, rules, max_errors=200)]
        for rules in (RULES, rules_for(text))
    ]
    assert judged[0] == judged[1]


def test_each_rule_that_may_be_spared_is_one():
    names = {rule.__name__ for rule in RULES}
    assert {name for spared in NEEDING.values() for name in spared} < names
    assert len(rules_for("{ a }")) < len(RULES) - 15
    assert rules_for('"$ @ fragment ( subscription"') == RULES


async def test_others_go_on_while_a_text_is_read():
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    def work():
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            breathe()
        return ticks

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    before = ticks
    assert await in_turns(work) > before + 10
    before = ticks
    # Outside of it nothing is interrupted.
    assert work() == before
    ticking.cancel()


async def test_a_text_is_read_in_turns_and_found_at_once():
    documents = Documents(schema, LIMITS)
    paused = 0

    async def count():
        nonlocal paused
        while True:
            paused += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await asyncio.sleep(0)
    await documents.read("{ viewer { user { id } } }", "mina")
    assert documents.knows("{ viewer { user { id } } }")
    before = paused
    await documents.read(DOCUMENTS["overlapping fields"], "mina")
    counting.cancel()
    assert paused > before + 2
    assert documents.settled(DOCUMENTS["overlapping fields"])
    with pytest.raises(Refused, match="aborted"):
        documents.find(DOCUMENTS["overlapping fields"])


async def test_what_is_too_long_or_known_waits_for_nobody():
    documents = Documents(schema, LIMITS)
    await documents.read("{ viewer { user { id } } }", "mina")
    for text in ("{ viewer { user { id } } }", DOCUMENTS["100 kB"]):
        with pytest.raises(StopIteration):
            documents.read(text, "mina").send(None)


async def test_refusals_of_one_come_at_a_pace_and_nobody_else_waits():
    pace = Pace()
    loop = asyncio.get_running_loop()
    start = loop.time()
    for _ in range(REFUSALS):
        await pace.keep("mallory")
    assert loop.time() - start < REFUSAL_SECONDS * REFUSALS / 2
    await asyncio.gather(*(pace.keep("mallory") for _ in range(10)))
    assert loop.time() - start > REFUSAL_SECONDS * 8
    start = loop.time()
    await pace.keep("mina")
    assert loop.time() - start < REFUSAL_SECONDS


async def test_those_who_send_much_wait_for_those_who_send_little():
    queue, order, begun = Queue(), [], asyncio.Event()

    async def one(who, number):
        async with queue.turn(who):
            await begun.wait()
            order.append((who, number))

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(one("mallory", number))
        for who in ("mina", "theo"):
            group.create_task(one(who, 0))
        await asyncio.sleep(0)
        begun.set()
    mallory = [("mallory", number) for number in range(4)]
    assert order == [*mallory[:2], ("mina", 0), ("theo", 0), *mallory[2:]]


async def test_a_turn_is_never_lost_with_those_who_leave():
    queue, had, begun = Queue(), [], asyncio.Event()

    async def first():
        async with queue.turn("first"):
            await begun.wait()
        # The next one has its turn already, and leaves before it begins.
        waiting[1].cancel()

    async def one(who):
        async with queue.turn(who):
            had.append(who)

    holding = asyncio.create_task(first())
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(one(f"waits {number}")) for number in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    begun.set()
    await asyncio.wait([holding, *waiting])
    await one("last")
    assert had == ["waits 2", "last"]
