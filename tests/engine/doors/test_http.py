"""GraphQL over HTTP: which status, which type, and what is refused."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from graphql import OperationType
from starlette.responses import HTMLResponse

from engine.accept import read_accept
from engine.http import GraphQLDoor
from engine.requests import BadRequest
from tests.engine.doors.porch import SCHEMA, TOUCHED, Guest, serving, welcome

JSON, RESPONSE = "application/json", "application/graphql-response+json"
REFUSED = [
    ("{ hello", "GRAPHQL_PARSE_FAILED"),
    ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ("query ($n: Int!) { hello }", "GRAPHQL_VALIDATION_FAILED"),
    ("query A { hello } query B { hello }", "GRAPHQL_VALIDATION_FAILED"),
    ("subscription { count(to: 1) }", "SUBSCRIPTION_OVER_HTTP"),
    ("", "GRAPHQL_PARSE_FAILED"),
]
BODIES = [
    b"",
    b"{",
    b"[]",
    b'[{"query": "{ hello }"}]',
    b"null",
    b'"{ hello }"',
    b"{}",
    b'{"query": null}',
    b'{"query": 7}',
    b'{"query": ["{ hello }"]}',
    b'{"query": "{ hello }", "variables": []}',
    b'{"query": "{ hello }", "variables": "x"}',
    b'{"query": "{ hello }", "operationName": {}}',
    b'{"query": "{ hello }", "extensions": 1}',
    b'{"query": "{ hello } # \xff\xfe"}',
    b'{"query": "{ hello } # \\ud800"}',
    b"[" * 3000,
]


async def test_answers_in_the_type_that_is_accepted(post):
    for accept, expected in (
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        ("*/*", JSON),
        (f"{JSON};q=0.5, {RESPONSE}", RESPONSE),
    ):
        response = await post("{ hello }", accept=accept)
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{expected}; charset=utf-8"
        assert response.json() == {"data": {"hello": "Hello, mina"}}


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("application/*", JSON),
        (f"{RESPONSE}, {JSON}", RESPONSE),
        (f"{JSON}, {RESPONSE}", RESPONSE),
        (f"{JSON}, {RESPONSE};q=0.99", JSON),
        (f"{JSON};q=0.2, application/*;q=0.5", RESPONSE),
        (f"{JSON};q=0.2, application/*;q=0.1, */*", JSON),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{RESPONSE}, */*", RESPONSE),
        (f"{JSON};q=0, */*", RESPONSE),
        ("text/html, */*;q=0.1", JSON),
        (f"{RESPONSE}; charset=utf-8", RESPONSE),
    ],
)
def test_chooses_by_weight(accept, chosen):
    assert read_accept(accept).single == chosen


EVENTS, PARTS = "text/event-stream", "multipart/mixed"
SPEC = f"{PARTS};boundary=graphql;subscriptionSpec=1.0"


@pytest.mark.parametrize(
    ("accept", "single", "stream", "for_query"),
    [
        (EVENTS, None, EVENTS, True),
        (SPEC, None, PARTS, True),
        (f"{SPEC}, {JSON}", JSON, PARTS, False),
        (f"{RESPONSE}, {JSON};q=0.9, {EVENTS}, {PARTS}", RESPONSE, EVENTS, False),
        (f"{JSON};q=0.5, {EVENTS}", JSON, EVENTS, True),
        (f"{EVENTS};q=0.1, {SPEC}, {JSON}", JSON, PARTS, False),
        (f"{PARTS}, {JSON}", JSON, None, False),
        (f"{PARTS};subscriptionSpec=2.0, */*", JSON, None, False),
    ],
)
def test_chooses_streams(accept, single, stream, for_query):
    accepted = read_accept(accept)
    assert (accepted.single, accepted.stream) == (single, stream)
    assert accepted.streams(OperationType.QUERY) == for_query
    assert accepted.streams(OperationType.SUBSCRIPTION) == (stream is not None)
    assert accepted.streams(None) == (single is None)


NOTHING = [
    "text/html",
    "text/*",
    PARTS,
    f"{EVENTS};q=0",
    f"{JSON};q=0",
    f"{JSON};q=nonsense",
    f"{JSON};q=nan",
    f"{JSON};q=-1",
    ",;q=,",
    "\xff",
]


@pytest.mark.parametrize("accept", NOTHING)
async def test_accepts_no_other_type(client, address, accept):
    with pytest.raises(BadRequest) as refused:
        read_accept(accept)
    assert refused.value.status == 406
    response = await client.post(
        f"http://{address}/graphql", json={"query": "{ hello }"}, headers={"accept": accept.encode("latin-1")}
    )
    assert response.status_code == 406
    assert TOUCHED == Guest.made == []


@pytest.mark.parametrize(("query", "code"), REFUSED)
async def test_refuses_what_cannot_be_run(post, query, code):
    for accept, status in ((JSON, 200), (RESPONSE, 400)):
        response = await post(query, accept=accept)
        assert response.status_code == status
        assert response.json()["errors"][0]["extensions"]["code"] == code
        assert "data" not in response.json()
    assert TOUCHED == []


@pytest.mark.parametrize("body", BODIES)
async def test_refuses_what_is_no_request(client, address, body):
    response = await client.post(f"http://{address}/graphql", content=body, headers={"content-type": JSON})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert TOUCHED == Guest.made == []


async def test_unknown_operation_is_refused(client, address):
    for accept, status in ((JSON, 200), (RESPONSE, 400)):
        body = {"query": "query A { hello }", "operationName": "B"}
        response = await client.post(f"http://{address}/graphql", json=body, headers={"accept": accept})
        assert response.status_code == status
        assert response.json()["errors"][0]["message"] == "Unknown operation named 'B'."


async def test_nulls_count_as_left_out(client, address):
    body = {"query": "{ hello }", "variables": None, "operationName": None, "extensions": None}
    response = await client.post(f"http://{address}/graphql", json=body)
    assert response.json() == {"data": {"hello": "Hello, stranger"}}


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/mixed; boundary=x",
        "",
        "application/json; charset=latin1",
    ],
)
async def test_takes_json_only(client, address, kind):
    body = orjson.dumps({"query": "mutation { touch }"})
    response = await client.post(f"http://{address}/graphql", content=body, headers={"content-type": kind})
    assert response.status_code == 415
    assert TOUCHED == []


async def test_takes_no_compressed_body(client, address):
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    assert (await client.post(f"http://{address}/graphql", content=b"x", headers=headers)).status_code == 415


async def test_refuses_long_bodies_announced_or_not(client, address):
    body = b'{"query": "{ hello }", "variables": {"x": "' + b"x" * 1_048_576 + b'"}}'

    async def pieces():
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    for content in (body, pieces()):
        response = await client.post(f"http://{address}/graphql", content=content, headers={"content-type": JSON})
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_gives_up_on_bodies_that_do_not_come(quick):
    host, port = quick.split(":")
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{")
    async with asyncio.timeout(2):
        assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_other_methods_are_not_allowed(client, address):
    for method in ("PUT", "DELETE", "PATCH", "QUERY"):
        response = await client.request(method, f"http://{address}/graphql")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    options = await client.options(f"http://{address}/graphql")
    assert (options.status_code, options.headers["allow"], options.content) == (204, "GET, HEAD, POST, OPTIONS", b"")


async def test_head_is_get_without_its_body(client, address):
    url = f"http://{address}/graphql"
    for params in ({"query": "{ hello }"}, {"query": "mutation { touch }"}, {}):
        read, head = await client.get(url, params=params), await client.head(url, params=params)
        assert (head.status_code, head.content) == (read.status_code, b"")
        assert head.headers["content-length"] == str(len(read.content))
    assert "touch" not in TOUCHED


async def test_get_reads_and_nothing_else(client, address):
    url = f"http://{address}/graphql"
    asked = {"query": "query ($t: String!) { echo(input: {text: $t}) }", "variables": '{"t": "é"}', "operationName": ""}
    assert (await client.get(url, params=asked)).json() == {"data": {"echo": "é"}}
    for accept in (JSON, RESPONSE):
        response = await client.get(url, params={"query": "mutation { touch }"}, headers={"accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
    for wrong in ({}, {"query": "{ hello }", "variables": "{"}, {"query": "{ hello }", "extensions": "[]"}):
        assert (await client.get(url, params=wrong)).status_code == 400
    assert "touch" not in TOUCHED


async def test_browsers_get_the_page(client):
    door = GraphQLDoor(SCHEMA, context=welcome, page=lambda _request: HTMLResponse("<title>page</title>"))
    async with serving(door) as at:
        html = {"accept": "text/html,*/*;q=0.8"}
        assert "page" in (await client.get(f"http://{at}/graphql", headers=html)).text
        query = await client.get(f"http://{at}/graphql", headers=html, params={"query": "{ hello }"})
        assert query.json() == {"data": {"hello": "Hello, stranger"}}


async def test_guests_who_are_not_let_in(post):
    for accept in (JSON, RESPONSE):
        bad = await post("{ hello }", name="bad", accept=accept)
        assert (bad.status_code, bad.headers["www-authenticate"]) == (401, "Bearer")
        assert bad.json() == {"errors": [{"message": "Sign in again.", "extensions": {"code": "UNAUTHENTICATED"}}]}
        hasty = await post("{ hello }", name="hasty", accept=accept)
        assert (hasty.status_code, hasty.headers["retry-after"]) == (429, "8")
        unlucky = await post("{ hello }", name="unlucky", accept=accept)
        assert unlucky.status_code == 500
        assert "10.0.0.1" not in unlucky.text


async def test_one_context_for_each_request(post):
    await asyncio.gather(*(post("{ a: hello b: hello }", name=f"guest{number}") for number in range(5)))
    assert sorted(Guest.made) == [f"guest{number}" for number in range(5)]


async def test_data_that_is_no_text_is_our_fault(post):
    response = await post("{ unencodable }")
    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_partial_data_is_a_success(post):
    for accept, status in ((JSON, 200), (RESPONSE, 294)):
        response = await post("{ hello refuse }", accept=accept)
        assert (response.status_code, response.is_success) == (status, True)
        assert response.json()["data"] == {"hello": "Hello, mina", "refuse": None}
        nothing = await post("{ promised }", accept=accept)
        assert (nothing.status_code, nothing.json()["data"]) == (status, None)


async def test_answers_are_not_kept(post):
    assert (await post("{ hello }")).headers["cache-control"] == "no-store"


def test_schema_extensions_are_refused():
    with pytest.raises(TypeError, match="field extensions"):
        GraphQLDoor(type(SCHEMA)(SCHEMA.query, extensions=[lambda: None]), context=welcome)
