"""What is held for a socket that only follows: what it needs, for as long as it is there, and nothing of how it came."""

import asyncio
import gc

import pytest
from websockets.frames import Frame
from websockets.http11 import Request

from engine.frames import FrameProtocol, Inbox
from engine.http import GraphQLDoor
from engine.limits import Limits
from tests.engine.doors.porch import (
    CLOSED,
    HELD,
    SCHEMA,
    SPEAKER,
    Guest,
    Refusal,
    eventually,
    make_door,
    serving,
    welcome,
)
from tests.engine.doors.talk import talking

HEAR = "subscription ($behind: Int) { hear(behind: $behind) { text } }"


@pytest.fixture(autouse=True)
def nobody():
    CLOSED.clear()
    HELD.clear()


def generators():
    return [one for one in gc.get_objects() if type(one).__name__ == "async_generator" and one.__name__ == "hear"]


async def test_the_generator_goes_and_what_it_handed_over_stays_until_the_listener_leaves():
    door = make_door()
    async with serving(door) as address:
        async with talking(address, "mina") as mina, talking(address, "theo") as theo:
            for talk, name in ((mina, "1"), (mina, "2"), (theo, "1")):
                await talk.ask(HEAR, id=name)
            await eventually(lambda: door.groups.members == 3)
            assert [one for one in generators() if one.ag_frame] == []
            # They were closed where they stood: nothing behind the handing over was run.
            assert CLOSED == []
            assert HELD == {"mina": 2, "theo": 1}
            SPEAKER.say("hello")
            assert {(await mina.hear())["id"], (await mina.hear())["id"]} == {"1", "2"}
            await mina.say({"type": "complete", "id": "1"})
            await eventually(lambda: HELD["mina"] == 1)
            assert HELD["theo"] == 1
        await eventually(lambda: HELD.total() == 0)
    assert HELD == {"mina": 0, "theo": 0}


async def test_what_is_handed_over_is_let_go_of_once_when_the_stream_ends():
    door = make_door()
    async with serving(door) as address, talking(address) as talk:
        await talk.ask(HEAR)
        await eventually(lambda: door.groups.members == 1)
        SPEAKER.say("bye")
        assert [(await talk.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await eventually(lambda: HELD["mina"] == 0)
        await talk.ask(HEAR)
        await eventually(lambda: HELD["mina"] == 1)
    await eventually(lambda: HELD["mina"] == 0)
    assert len(door.groups) == 0


async def test_what_is_handed_over_is_let_go_of_by_who_never_joins():
    """What they missed has the end of the stream in it; and somebody leaves while they are told what they missed."""
    door = make_door()
    async with serving(door) as address, talking(address) as talk:
        SPEAKER.say("bye")
        await talk.ask(HEAR, {"behind": 1})
        assert [(await talk.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await eventually(lambda: HELD == {"mina": 0})
        await talk.ask(HEAR, {"behind": -5})
        await eventually(lambda: HELD == {"mina": 1})
        assert door.groups.members == 0
        await talk.say({"type": "complete", "id": "1"})
        await eventually(lambda: HELD == {"mina": 0})
        assert len(door.sockets.conversations) == 1


async def test_no_message_and_no_handshake_is_held():
    door = make_door()
    async with serving(door) as address, talking(address) as talk:
        await talk.ask(f"{HEAR} # {'x' * 10_000}")
        await eventually(lambda: door.groups.members == 1)
        await talk.socket.send(["{", '"type":', '"ping"}'])
        assert (await talk.hear())["type"] == "pong"
        protocols = {one.conn: one for one in gc.get_objects() if type(one) is FrameProtocol}
        known = [one for one in gc.get_objects() if type(one) in {Frame, Request}]
        frames = [one for one in known if isinstance(one, Frame) and gc.get_referrers(one)]
        mine = [one for one in frames if one.opcode.name in {"TEXT", "CONT"} and len(one.data) > 1_000]
        assert protocols
        assert mine == []
        # uvicorn sets them all; what it adds one day is found here.
        assert [vars(one) for one in protocols.values()] == [{}] * len(protocols)
        assert not any(hasattr(one, "request") or hasattr(one, "response") for one in protocols.values())


async def test_each_operation_still_sees_the_headers_that_say_something():
    seen = []

    async def context(connection, payload):
        seen.append(dict(connection.headers.items()))
        return await welcome(connection, payload)

    door = GraphQLDoor(SCHEMA, context=context, limits=Limits(), expose=(Refusal,))
    headers = {"X-Forwarded-For": "192.0.2.7", "Cookie": "a=b"}
    agent = "A browser" + " of many words" * 30
    async with serving(door) as address:
        for name in ("short", agent):
            async with talking(
                address,
                None,
                additional_headers=headers | {"Authorization": f"Bearer {name[:5]}"},
                user_agent_header=name,
            ) as talk:
                await talk.say({"type": "connection_init"})
                await talk.hear()
                await talk.ask("{ hello }")
                assert (await talk.hear())["payload"]["data"] == {"hello": f"Hello, {name[:5]}"}
                for one in seen[-2:]:
                    assert one == {
                        "host": address,
                        "user-agent": name,
                        "x-forwarded-for": "192.0.2.7",
                        "cookie": "a=b",
                        "authorization": f"Bearer {name[:5]}",
                        "sec-websocket-protocol": "graphql-transport-ws",
                    }
    assert len(seen) == 4
    assert Guest.made[-1] == "A bro"


async def test_an_inbox_gives_everything_in_order_and_loses_nothing_to_a_reader_who_left():
    inbox = Inbox()
    leaving = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    leaving.cancel()
    inbox.put_nowait(1)
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert not inbox.empty()
    inbox.put_nowait(2)
    assert [await inbox.get(), await inbox.get()] == [1, 2]
    assert inbox.empty()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    for number in (3, 4):
        inbox.put_nowait(number)
    assert await reading == 3
    assert await inbox.get() == 4
    woken = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(5)
    woken.cancel()
    with pytest.raises(asyncio.CancelledError):
        await woken
    assert await inbox.get() == 5
