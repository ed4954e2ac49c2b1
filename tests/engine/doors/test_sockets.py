"""GraphQL on a WebSocket: the protocol, who may stay, and how it ends."""

from __future__ import annotations

import asyncio
import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.engine.doors.porch import CLOSED, TOUCHED, Guest, eventually, make_door, serving
from tests.engine.doors.talk import talking

NOT_THE_PROTOCOL = [
    "",
    "x",
    "null",
    "[]",
    '"ping"',
    "{}",
    '{"type": null}',
    '{"type": "start"}',
    '{"type": "subscribe"}',
    '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": []}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 7}}',
    '{"type": "complete"}',
    '{"type": "complete", "id": {}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": 7}}',
    '{"type": "ping", "payload": 7}',
    '{"type": "pong", "payload": []}',
    '{"type": "next", "id": "1", "payload": {"data": {}}}',
    '{"type": "error", "id": "1", "payload": []}',
    '{"type": "connection_ack"}',
    '{"type": "connection_terminate"}',
    '{"type": "ping"} {"type": "ping"}',
    b'{"type": "ping"}',
]


async def test_runs_every_kind_of_operation(address):
    async with talking(address) as talk:
        await talk.ask("{ hello }")
        assert await talk.hear() == {"id": "1", "type": "next", "payload": {"data": {"hello": "Hello, mina"}}}
        assert await talk.hear() == {"id": "1", "type": "complete"}
        await talk.ask("mutation { touch }")
        assert (await talk.hear())["payload"] == {"data": {"touch": "touched"}}
        assert (await talk.hear())["type"] == "complete"
        await talk.ask("subscription ($to: Int!) { count(to: $to) }", {"to": 3})
        assert [(await talk.hear())["payload"]["data"]["count"] for _ in range(3)] == ["0", "1", "2"]
        assert (await talk.hear())["type"] == "complete"
        assert CLOSED == ["mina"]


async def test_pings_are_answered_before_and_after_the_greeting(address):
    async with talking(address, None) as talk:
        await talk.say({"type": "ping", "payload": {"at": 1}})
        assert await talk.hear() == {"type": "pong", "payload": {"at": 1}}
        await talk.greet()
        await talk.say({"type": "pong"})
        await talk.say({"type": "ping"})
        assert await talk.hear() == {"type": "pong"}


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"], ["chat", "graphql-ws"]])
async def test_other_protocols_are_not_spoken(address, protocols):
    async with talking(address, None, protocols=protocols) as talk:
        assert (await talk.closed())[0] == 4406


async def test_pages_of_other_origins_may_not_open_a_socket(address):
    for origin in (f"http://{address}", "https://app.example"):
        async with talking(address, origin=origin):
            pass
    for origin in ("https://evil.example", "null", "http://app.example", "https://app.example.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            async with talking(address, origin=origin):
                pass
        assert refused.value.response.status_code == 403


async def test_silence_is_ended(quick):
    async with talking(quick, None) as talk:
        assert await talk.closed() == (4408, "Connection initialisation timeout")
    async with talking(quick) as talk:
        await asyncio.sleep(0.6)
        await talk.ask("{ hello }")
        assert (await talk.hear())["type"] == "next"


async def test_who_is_not_welcome_is_told_so(address):
    for name, code in (("bad", 4403), ("hasty", 1013), ("unlucky", 1013)):
        async with talking(address, None) as talk:
            await talk.say({"type": "connection_init", "payload": {"authorization": f"Bearer {name}"}})
            closed = await talk.closed()
            assert closed[0] == code
            assert "10.0.0.1" not in closed[1]
    assert closed == (1013, "Try again later")


async def test_greetings(address):
    for greeting in ({"type": "connection_init"}, {"type": "connection_init", "payload": None}):
        async with talking(address, None) as talk:
            await talk.say(greeting)
            assert await talk.hear() == {"type": "connection_ack"}
            await talk.say(greeting)
            assert (await talk.closed())[0] == 4429
    async with talking(address, None) as talk:
        await talk.say({"type": "connection_init", "payload": "x"})
        assert (await talk.closed())[0] == 4400
    async with talking(address, None) as talk:
        await talk.ask("{ hello }")
        assert await talk.closed() == (4401, "Unauthorized")
    assert TOUCHED == []


@pytest.mark.parametrize("message", NOT_THE_PROTOCOL)
async def test_what_is_not_the_protocol_ends_the_socket(address, message):
    async with talking(address) as talk:
        await talk.socket.send(message)
        assert (await talk.closed())[0] == 4400
    assert TOUCHED == []


async def test_an_id_is_used_once_at_a_time(address):
    async with talking(address) as talk:
        for _ in range(2):
            await talk.ask("{ hello }")
            assert (await talk.hear())["type"] == "next"
            assert (await talk.hear())["type"] == "complete"
        await talk.ask("subscription { count(to: 9, seconds: 9) }")
        assert (await talk.hear())["type"] == "next"
        await talk.ask("{ hello }")
        assert (await talk.closed())[0] == 4409
    await eventually(lambda: CLOSED == ["mina"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { hello }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "GRAPHQL_VALIDATION_FAILED"),
        ("{" + "me {" * 20 + "name" + "}" * 20 + "}", "TOO_DEEP"),
        ("subscription { decline }", "FORBIDDEN"),
        ("subscription { a: count(to: 1) b: count(to: 1) }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_refused_operation_does_not_end_the_socket(address, query, code):
    async with talking(address) as talk:
        await talk.ask(query, id="bad")
        heard = await talk.hear()
        assert (heard["type"], heard["id"]) == ("error", "bad")
        assert heard["payload"][0]["extensions"]["code"] == code
        assert TOUCHED == []
        await talk.ask("{ hello }", id="bad")
        assert (await talk.hear())["type"] == "next"


async def test_faults_in_a_stream_are_masked(address, caplog):
    async with talking(address) as talk:
        await talk.ask('subscription { stumble(secret: "hunter2hunter2") }')
        assert (await talk.hear())["payload"] == {"data": {"stumble": 1}}
        heard = await talk.hear()
        assert heard["type"] == "error"
        assert heard["payload"][0]["message"] == "Something went wrong on our side."
        assert heard["payload"][0]["extensions"]["errorId"] in caplog.text
        assert "hunter2hunter2" not in caplog.text
        await talk.ask("{ unencodable }")
        assert (await talk.hear())["payload"][0]["extensions"]["code"] == "INTERNAL"


async def test_strangers_are_told_less(address):
    async with talking(address, "stranger") as talk:
        await talk.ask("{ __schema { description } }")
        assert (await talk.hear())["payload"][0]["extensions"]["code"] == "INTROSPECTION_OFF"
        await talk.ask("{ helo }")
        assert "Did you mean" not in (await talk.hear())["payload"][0]["message"]


async def test_each_operation_asks_anew_who_is_there(address):
    async with talking(address) as talk:
        for number in range(3):
            await talk.ask("{ hello }", id=str(number))
            assert (await talk.hear())["type"] == "next"
            assert (await talk.hear())["type"] == "complete"
        assert Guest.made == ["mina"] * 4
        Guest.revoked_names.add("mina")
        await talk.ask("{ hello }")
        assert await talk.closed() == (4403, "Forbidden")


async def test_a_socket_ends_with_its_token(address):
    Guest.seconds_left["mina"] = 0.5
    async with talking(address) as talk:
        await talk.ask("subscription { count(to: 99, seconds: 0.1) }")
        start = time.monotonic()
        assert await talk.closed() == (4403, "Token expired")
        assert 0.3 < time.monotonic() - start < 2
    await eventually(lambda: CLOSED == ["mina"])


async def test_a_subscription_ends_with_the_right_to_it(address):
    async with talking(address, "mina") as talk, talking(address, "theo") as other:
        for each in (talk, other):
            await each.ask("subscription { count(to: 9, seconds: 9) }")
            assert (await each.hear())["type"] == "next"
        Guest.revoked_names.add("mina")
        start = time.monotonic()
        assert await talk.closed() == (4403, "Access revoked")
        assert time.monotonic() - start < 5
        await eventually(lambda: CLOSED == ["mina"])
        await other.ask("{ hello }", id="2")
        assert (await other.hear())["type"] == "next"


async def test_clients_stop_what_they_began(address):
    async with talking(address) as talk:
        await talk.ask("subscription { count(to: 9, seconds: 9) }")
        assert (await talk.hear())["type"] == "next"
        await talk.say({"type": "complete", "id": "1"})
        await eventually(lambda: CLOSED == ["mina"])
        await talk.say({"type": "complete", "id": "never"})
        await talk.ask("{ hello }")
        assert (await talk.hear())["type"] == "next"


async def test_a_client_that_vanishes_leaves_nothing_running(address):
    for _ in range(20):
        async with talking(address) as talk:
            for number in range(3):
                await talk.ask("subscription { count(to: 9, seconds: 9) }", id=str(number))
                await talk.hear()
            talk.socket.transport.abort()
    await eventually(lambda: len(CLOSED) == 60)
    await eventually(lambda: not [task for task in asyncio.all_tasks() if "_watch" in repr(task.get_coro())])


async def test_only_so_many_operations_at_a_time(quick):
    async with talking(quick) as talk:
        for number in range(3):
            await talk.ask("subscription { count(to: 9, seconds: 9) }", id=str(number))
            assert (await talk.hear())["type"] == "next"
        await talk.ask("{ hello }", id="4")
        heard = await talk.hear()
        assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "TOO_MANY_SUBSCRIPTIONS")
        await talk.say({"type": "complete", "id": "0"})
        await talk.ask("{ hello }", id="4")
        assert (await talk.hear())["type"] == "next"


async def test_operations_have_a_deadline(quick, pool):
    async with talking(quick) as talk:
        for query in ("{ nap(seconds: 30) }", "subscription { drowsy { nap } }"):
            await talk.ask(query)
            heard = await talk.hear()
            assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "DEADLINE_EXCEEDED")
        await talk.ask("subscription { count(to: 3, seconds: 0.5) }")
        assert [(await talk.hear())["type"] for _ in range(4)] == ["next"] * 3 + ["complete"]


async def test_messages_have_a_size(address):
    async with talking(address) as talk:
        await talk.say({"type": "ping", "payload": {"x": "x" * 65_000}})
        assert (await talk.hear())["type"] == "pong"
        await talk.say({"type": "ping", "payload": {"x": "é" * 40_000}})
        assert (await talk.closed())[0] == 1009


async def test_slow_readers_are_let_go(quick):
    padding = "subscription { count(to: 2000, padding: 60000) }"
    async with talking(quick, "healthy") as healthy, talking(quick, "slow", max_queue=1, compression=None) as slow:
        await slow.ask(padding)
        await asyncio.sleep(1.2)
        await healthy.ask("{ hello }")
        assert (await healthy.hear())["type"] == "next"
        assert await slow.closed() == (1013, "Too slow")
    await eventually(lambda: CLOSED == ["slow"])


async def test_who_never_reads_holds_nothing(quick):
    # Other servers of the whole run live in the same loop; what they still do is none of this test's.
    before = asyncio.all_tasks()

    def serving():
        return [task for task in asyncio.all_tasks() - before if "run_asgi" in repr(task.get_coro())]

    async with talking(quick, "stuck", max_queue=1, compression=None) as stuck:
        await stuck.ask("subscription { count(to: 2000, padding: 60000) }")
        await eventually(lambda: CLOSED == ["stuck"], 5)
        await eventually(lambda: not serving(), 5)
        stuck.socket.transport.abort()


async def test_draining_sends_everybody_elsewhere():
    door = make_door()
    async with serving(door) as address, talking(address) as talk, talking(address, None) as silent:
        await talk.ask("subscription { count(to: 9, seconds: 9) }")
        assert (await talk.hear())["type"] == "next"
        listening = [asyncio.create_task(each.closed()) for each in (talk, silent)]
        await door.drain()
        assert CLOSED == ["mina"]
        assert [await each for each in listening] == [(1012, "Service restart")] * 2
        with pytest.raises(InvalidStatus) as refused:
            async with talking(address):
                pass
        assert refused.value.response.status_code == 503
