"""Subscriptions over plain HTTP: server-sent events, and Apollo's multipart."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.engine.doors.porch import CLOSED, TOUCHED, Guest, eventually, make_door, serving

EVENTS = "text/event-stream"
PARTS = "multipart/mixed;subscriptionSpec=1.0, application/json"


@asynccontextmanager
async def asking(client, address, query, *, accept=EVENTS, name="mina", variables=None, method="POST", **more):
    """Ask, and give the response with its body still to come."""
    given = {"authorization": f"Bearer {name}", "accept": accept, **more}
    body = {"query": query, "variables": variables}
    sent = {"json": body} if method == "POST" else {"params": {"query": query}}
    async with client.stream(method, f"http://{address}/graphql", headers=given, timeout=10, **sent) as response:
        yield response


def events_of(text):
    """The events of a stream without its comments: their fields by name."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) if ": " in line else (line[:-1], "") for line in b.split("\n")) for b in blocks]


def payloads_of(text):
    return [orjson.loads(event["data"]) for event in events_of(text) if event["event"] == "next"]


def parts_of(text):
    assert text.startswith("--graphql\r\n")
    assert text.endswith("\r\n--graphql--\r\n")
    pieces = text.removeprefix("--graphql\r\n").removesuffix("\r\n--graphql--\r\n").split("\r\n--graphql\r\n")
    assert all(piece.startswith("Content-Type: application/json\r\n\r\n") for piece in pieces)
    return [orjson.loads(piece.partition("\r\n\r\n")[2]) for piece in pieces]


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_subscription_as_events(client, address, method):
    async with asking(client, address, "subscription { count(to: 3) }", method=method) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        text = (await response.aread()).decode()
    assert "\r" not in text
    assert payloads_of(text) == [{"data": {"count": str(n)}} for n in range(3)]
    assert events_of(text)[-1] == {"event": "complete", "data": ""}
    await eventually(lambda: CLOSED == ["mina"])


async def test_a_query_and_a_deed_as_events(client, address):
    for query, data in (("{ hello }", {"hello": "Hello, mina"}), ("mutation { touch }", {"touch": "touched"})):
        async with asking(client, address, query) as response:
            text = (await response.aread()).decode()
        assert payloads_of(text) == [{"data": data}]
        assert events_of(text)[-1]["event"] == "complete"


async def test_a_deed_does_not_come_by_get(client, address):
    async with asking(client, address, "mutation { touch }", method="GET") as response:
        assert response.status_code == 405
    assert TOUCHED == []


@pytest.mark.parametrize(
    "query", ["{", "{ nothing }", "subscription { decline }", 'subscription { stumble(secret: "x") }']
)
async def test_what_cannot_be_told_is_told_in_the_stream(client, address, query):
    async with asking(client, address, query) as response:
        assert response.status_code == 200
        text = (await response.aread()).decode()
    assert payloads_of(text)[-1]["errors"]
    assert events_of(text)[-1]["event"] == "complete"
    async with asking(client, address, "subscription { count(to: 1) }", name="bad") as response:
        assert response.status_code == 401


async def test_headers_come_at_once_and_silence_is_filled(client):
    async with serving(make_door(heartbeat_seconds=0.2)) as address:
        for accept, sign in ((EVENTS, ":\n\n"), (PARTS, "{}")):
            start = time.monotonic()
            async with asking(client, address, "subscription { count(to: 2, seconds: 9) }", accept=accept) as response:
                assert time.monotonic() - start < 2
                heard = ""
                async with asyncio.timeout(5):
                    async for text in response.aiter_text():
                        heard += text
                        if heard.count(sign) >= 4:
                            break
            assert '"count":"0"' in heard
        await eventually(lambda: CLOSED == ["mina"] * 2)


async def test_a_subscription_as_parts(client, address):
    async with asking(client, address, "subscription { count(to: 2) }", accept=PARTS) as response:
        assert response.headers["content-type"].startswith("multipart/mixed")
        assert "boundary=graphql" in response.headers["content-type"]
        parts = parts_of((await response.aread()).decode())
    assert parts == [{}, {"payload": {"data": {"count": "0"}}}, {"payload": {"data": {"count": "1"}}}]
    async with asking(client, address, "subscription { decline }", accept=PARTS) as response:
        parts = parts_of((await response.aread()).decode())
    assert parts[-1]["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    async with asking(client, address, "{ hello }", accept=PARTS) as response:
        assert response.headers["content-type"].startswith("application/json")


async def test_a_client_that_leaves_leaves_nothing_running(client, address):
    for _ in range(5):
        async with asking(client, address, "subscription { count(to: 9, seconds: 9) }") as response:
            async for text in response.aiter_text():
                if "next" in text:
                    break
    await eventually(lambda: CLOSED == ["mina"] * 5)


async def test_a_stream_ends_with_its_token_and_with_the_right(client, address):
    query = "subscription { count(to: 99, seconds: 0.1) }"
    Guest.seconds_left["mina"] = 0.5
    async with asking(client, address, query) as response:
        text = (await response.aread()).decode()
    assert payloads_of(text)[-1]["errors"][0]["message"] == "Token expired"
    assert payloads_of(text)[-1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert events_of(text)[-1]["event"] == "complete"
    Guest.seconds_left.clear()
    async with asking(client, address, query, accept=PARTS, name="theo") as response:
        Guest.revoked_names.add("theo")
        parts = parts_of((await response.aread()).decode())
    assert (parts[-1]["payload"], parts[-1]["errors"][0]["message"]) == (None, "Access revoked")
    await eventually(lambda: sorted(CLOSED) == ["mina", "theo"])


async def test_draining_ends_streams_such_that_clients_come_back(client):
    """A stream of events just ends, which clients take for a fault of the network; of parts, with an error of the transport."""
    door, query = make_door(), "subscription { count(to: 9, seconds: 9) }"
    async with serving(door) as address:
        async with asking(client, address, query) as events, asking(client, address, query, accept=PARTS) as parts:
            reading = [asyncio.create_task(response.aread()) for response in (events, parts)]
            await asyncio.sleep(0.2)
            await door.drain()
            told, pieces = [(await each).decode() for each in reading]
        assert [event["event"] for event in events_of(told)] == ["next"]
        assert "\nretry: 1000\n" in told
        last = parts_of(pieces)[-1]
        assert (last["payload"], last["errors"][0]["extensions"]["code"]) == (None, "UNAVAILABLE")
        assert CLOSED == ["mina"] * 2
        async with asking(client, address, query) as late:
            assert events_of((await late.aread()).decode()) == []


async def test_draining_lets_what_has_one_answer_come_to_its_end(client):
    """Who is cut off in a deed asks for it again."""
    door = make_door()
    async with serving(door) as address:

        async def touch():
            async with asking(client, address, "mutation { touch(seconds: 0.5) }") as response:
                return (await response.aread()).decode()

        touching = asyncio.create_task(touch())
        await asyncio.sleep(0.2)
        assert TOUCHED == []
        await door.drain()
        text = await touching
    assert payloads_of(text) == [{"data": {"touch": "touched"}}]
    assert events_of(text)[-1]["event"] == "complete"
    assert TOUCHED == ["touch"]


async def test_only_so_many_streams(client):
    async with serving(make_door(sockets_per_address=1)) as address:
        async with asking(client, address, "subscription { count(to: 9, seconds: 9) }") as first:
            assert first.status_code == 200
            async with asking(client, address, "subscription { count(to: 9, seconds: 9) }") as second:
                assert second.status_code == 429
        await eventually(lambda: CLOSED == ["mina"])
        async with asking(client, address, "subscription { count(to: 1) }") as third:
            assert third.status_code == 200
