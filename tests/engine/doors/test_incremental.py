"""Answers in parts: for clients that ask for them, in the format that they know, and for nobody else."""

from __future__ import annotations

import asyncio
import time

import orjson
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from engine.http import GraphQLDoor
from engine.limits import Limits
from engine.sight import Sight
from tests.engine.doors.porch import Refusal, eventually, serving, welcome
from tests.engine.doors.talk import talking
from tests.engine.doors.test_sight import Notebook

OLD = "multipart/mixed;deferSpec=20220824"
NEW = "multipart/mixed;incrementalSpec=v0.2"
JSON = "application/json"
STOPPED: list[str] = []


@strawberry.type
class Room:
    title: str

    @strawberry.field
    async def slow(self, seconds: float = 0.2) -> str | None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            STOPPED.append(self.title)
            raise
        return self.title.upper()

    @strawberry.field
    async def broken(self) -> str:
        await asyncio.sleep(0.01)
        raise RuntimeError("at 10.0.0.1")

    @strawberry.field
    def numbers(self) -> list[int]:
        return [1, 2, 3]


@strawberry.type
class Query:
    @strawberry.field
    def room(self) -> Room:
        return Room(title="night")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> Room:
        return Room(title="touched")


SCHEMA = strawberry.Schema(Query, Mutation, config=StrawberryConfig(enable_experimental_incremental_execution=True))
DEFERRED = '{ room { title ... @defer(label: "later") { slow numbers } } }'
STREAMED = "{ room { numbers @stream(initialCount: 1) } }"


@pytest.fixture(scope="module")
def notebook():
    """What is seen of operations."""
    return Notebook()


@pytest.fixture(scope="module")
async def door(notebook):
    limits = Limits(deadline_seconds=1)
    made = GraphQLDoor(SCHEMA, context=welcome, limits=limits, expose=(Refusal,), sight=Sight(notebook))
    async with serving(made) as at:
        yield at


def parts_of(text):
    assert text.startswith("--graphql\r\n")
    assert text.endswith("\r\n--graphql--\r\n")
    pieces = text.removeprefix("--graphql\r\n").removesuffix("\r\n--graphql--\r\n").split("\r\n--graphql\r\n")
    assert all(piece.startswith("Content-Type: application/json\r\n\r\n") for piece in pieces)
    return [orjson.loads(piece.partition("\r\n\r\n")[2]) for piece in pieces]


@pytest.fixture
def ask(client, door):
    async def ask(query, accept, method="POST"):
        sent = {"json": {"query": query}} if method == "POST" else {"params": {"query": query}}
        return await client.request(method, f"http://{door}/graphql", headers={"accept": accept}, **sent)

    return ask


@pytest.mark.parametrize("accept", [NEW, f"{NEW}, {JSON}", f"{JSON};q=0.9,{NEW};q=0.1"])
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_parts_by_ids(ask, accept, method):
    response = await ask(DEFERRED, accept, method)
    assert response.headers["content-type"] == "multipart/mixed; boundary=graphql; incrementalSpec=v0.2"
    first, *rest = parts_of(response.text)
    assert first == {
        "data": {"room": {"title": "night"}},
        "pending": [{"id": "0", "path": ["room"], "label": "later"}],
        "hasNext": True,
    }
    (last,) = rest
    assert last["incremental"] == [{"id": "0", "data": {"slow": "NIGHT", "numbers": [1, 2, 3]}}]
    assert (last["completed"], last["hasNext"]) == ([{"id": "0"}], False)


async def test_parts_by_paths(ask):
    first, last = parts_of((await ask(DEFERRED, f"{OLD}, {JSON}")).text)
    assert first == {"data": {"room": {"title": "night"}}, "hasNext": True}
    piece = {"data": {"slow": "NIGHT", "numbers": [1, 2, 3]}, "path": ["room"], "label": "later"}
    assert last == {"incremental": [piece], "hasNext": False}


async def test_lists_come_in_parts(ask):
    first, *rest = parts_of((await ask(STREAMED, OLD)).text)
    assert first == {"data": {"room": {"numbers": [1]}}, "hasNext": True}
    pieces = [piece for part in rest for piece in part.get("incremental", ())]
    numbers = {piece["path"][-1] + n: item for piece in pieces for n, item in enumerate(piece["items"])}
    assert numbers == {1: 2, 2: 3}
    assert all(piece["path"][:-1] == ["room", "numbers"] for piece in pieces)
    assert rest[-1]["hasNext"] is False


@pytest.mark.parametrize("query", [DEFERRED, STREAMED])
async def test_others_get_one_answer(ask, door, query):
    for accept in (
        JSON,
        "*/*",
        f"{JSON}, multipart/mixed;deferSpec=1",
        f"{JSON},multipart/mixed;incrementalSpec=v0.2;q=0",
    ):
        response = await ask(query, accept)
        assert response.headers["content-type"].startswith(JSON)
        assert response.json()["data"]["room"]["numbers"] == [1, 2, 3]
        assert response.json().keys() == {"data"}
    async with talking(door) as talk:
        await talk.ask(query)
        assert (await talk.hear())["payload"]["data"]["room"]["numbers"] == [1, 2, 3]
        assert (await talk.hear())["type"] == "complete"


async def test_what_is_not_deferred_is_one_json(ask):
    for query in ("{ room { title } }", "{ room { ... @defer(if: false) { title } } }"):
        response = await ask(query, f"{NEW}, {JSON}")
        assert "night" in response.text
    assert (await ask("{ room { nothing ... @defer { title } } }", f"{NEW}, {JSON}")).status_code == 200
    assert parts_of((await ask("{ room { title } }", NEW)).text) == [
        {"data": {"room": {"title": "night"}}, "hasNext": False}
    ]


async def test_a_deed_comes_in_parts_by_post_alone(ask):
    query = "mutation { touch { title ... @defer { slow } } }"
    first, last = parts_of((await ask(query, NEW)).text)
    assert first["data"] == {"touch": {"title": "touched"}}
    assert last["incremental"][0]["data"] == {"slow": "TOUCHED"}
    assert (await ask(query, NEW, "GET")).status_code == 405


@pytest.mark.parametrize("accept", [OLD, NEW])
async def test_faults_in_parts_are_masked(ask, accept):
    first, *rest = parts_of((await ask("{ room { title ... @defer { broken } } }", accept)).text)
    assert "errors" not in first
    said = orjson.dumps(rest).decode()
    assert "10.0.0.1" not in said
    assert '"INTERNAL"' in said
    assert rest[-1]["hasNext"] is False


async def test_parts_have_a_deadline(ask):
    started = time.monotonic()
    first, last = parts_of((await ask("{ room { title ... @defer { slow(seconds: 30) } } }", NEW)).text)
    assert time.monotonic() - started < 5
    assert first["hasNext"] is True
    assert last["hasNext"] is False
    assert last["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"


async def test_who_leaves_is_worked_for_no_more(client, door):
    STOPPED.clear()
    query = {"query": "{ room { title ... @defer { slow(seconds: 0.9) } } }"}
    async with client.stream("POST", f"http://{door}/graphql", json=query, headers={"accept": NEW}) as response:
        async for _ in response.aiter_bytes():
            break
    await eventually(lambda: STOPPED == ["night"], 0.8)


async def test_what_comes_in_parts_is_seen_once_and_to_its_end(ask, client, door, notebook):
    notebook.seen.clear()
    await ask("query Whole { room { title } }", NEW)
    await ask("query Parts { room { title ... @defer { slow } } }", OLD)
    await ask("query Faults { room { title ... @defer { broken } } }", NEW)
    await ask("{ nothing { title } }", NEW)
    query = {"query": "query Left { room { title ... @defer { slow(seconds: 0.9) } } }"}
    async with client.stream("POST", f"http://{door}/graphql", json=query, headers={"accept": NEW}) as response:
        async for _ in response.aiter_bytes():
            break
    await eventually(lambda: len(notebook.seen) == 5, 2)
    found = [(seen.kind, seen.name, list(seen.codes)) for seen in notebook.seen]
    assert found == [
        ("query", "Whole", []),
        ("query", "Parts", []),
        ("query", "Faults", ["INTERNAL"]),
        ("unknown", "", ["GRAPHQL_VALIDATION_FAILED"]),
        ("query", "Left", ["CLIENT_GONE"]),
    ]
    assert notebook.seen[1].seconds >= 0.2
