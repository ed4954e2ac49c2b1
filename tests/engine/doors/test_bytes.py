"""Whatever bytes come in a request, it gets an answer, and none that says it was our fault."""

from __future__ import annotations

import asyncio
import os

import orjson
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as how
from hypothesis import strategies as st

from engine.requests import JSON, RESPONSE_JSON
from tests.engine.doors.porch import TOUCHED, make_door

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "250"))
GOOD = orjson.dumps({"query": "{ hello }", "variables": {"a": [1, "é", None]}, "extensions": {"a": 1}})
WORDS = [
    b"query",
    b"variables",
    b"operationName",
    b"extensions",
    b"documentId",
    b"persistedQuery",
    b"sha256Hash",
    b"version",
]
VALUES = [
    b"{ hello }",
    b"mutation { touch }",
    b"null",
    b'"x"',
    b"[1]",
    b"{}",
    b"1e999",
    b"\xff",
    b"%00",
    b"%ED%A0%80",
    b"{",
]
KINDS = [JSON.encode(), RESPONSE_JSON.encode(), b"*/*", b"text/event-stream", b"multipart/mixed;subscriptionSpec=1.0"]
NAMES = [
    b"accept",
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"if-none-match",
    b"sec-fetch-site",
    b"authorization",
    b"x",
]

blobs = st.binary(max_size=40)
headers = st.lists(
    st.tuples(st.sampled_from(NAMES), st.one_of(st.sampled_from([*KINDS, b"q=1", b"9" * 5000]), blobs)), max_size=4
)
pairs = st.lists(st.tuples(st.sampled_from(WORDS), st.one_of(st.sampled_from(VALUES), blobs)), max_size=4)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text(max_size=9)
)
trees = st.recursive(
    leaves, lambda t: st.lists(t, max_size=3) | st.dictionaries(st.text(max_size=6), t, max_size=3), max_leaves=8
)
requests = st.dictionaries(st.sampled_from([word.decode() for word in WORDS]), trees, max_size=5)


@st.composite
def bodies(draw):
    """Any bytes, any JSON, and good requests with a piece knocked out."""
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return orjson.dumps(draw(requests), option=orjson.OPT_NON_STR_KEYS)
    start = draw(st.integers(0, len(GOOD)))
    return GOOD[:start] + draw(blobs) + GOOD[start + draw(st.integers(0, 5)) :]


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as runner:
        yield runner


async def answer(method, query, given_headers, body):
    """Call the door as a server would; gives what it sent."""
    scope = {
        "type": "http",
        "method": method,
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": query,
        "headers": given_headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    sent = []

    async def receive():
        return messages.pop() if messages else await asyncio.Future()

    async def send(message):
        sent.append(message)

    async with asyncio.timeout(10):
        await make_door()(scope, receive, send)
    return sent


@how(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(method=st.sampled_from(["GET", "POST", "HEAD", "PUT"]), query=pairs, given_headers=headers, body=bodies())
@example(method="POST", query=[], given_headers=[(b"content-type", JSON.encode())], body=b"[" * 100_000)
@example(method="POST", query=[], given_headers=[(b"content-type", b"\xff"), (b"accept", b"\xff;q=\xff")], body=b"")
@example(method="GET", query=[(b"query", b"{ hello }"), (b"variables", b"\xff")], given_headers=[], body=b"")
def test_no_bytes_are_our_fault(runner, method, query, given_headers, body):
    asked = b"&".join(name + b"=" + value for name, value in query)
    if method == "POST" and not any(name == b"content-type" for name, _ in given_headers):
        given_headers = [*given_headers, (b"content-type", JSON.encode())]
    sent = runner.run(answer(method, asked, given_headers, body))
    assert sent[0]["type"] == "http.response.start"
    assert 200 <= sent[0]["status"] < 500, (sent[0], sent[-1])
    assert sent[-1]["type"] == "http.response.body"
    assert not sent[-1].get("more_body")
    assert method == "POST" or "touch" not in TOUCHED
    TOUCHED.clear()
