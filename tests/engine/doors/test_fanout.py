"""Following what others follow too: in time, alone where it must be, and over every transport."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from websockets.exceptions import InvalidStatus

from engine.frames import text_frame
from tests.engine.doors.porch import CLOSED, LATE, SPEAKER, eventually, make_door, serving
from tests.engine.doors.talk import talking
from tests.engine.doors.test_churn import open_socket
from tests.engine.doors.test_http_streams import asking, events_of, payloads_of

LISTEN = "subscription ($after: String) { listen(after: $after) { text } }"
WHO = "subscription { listen { text by } }"


async def test_all_hear_the_same_once_and_in_order(address):
    async with AsyncExitStack() as stack:
        talks = [await stack.enter_async_context(talking(address, name)) for name in ("mina", "theo", "stranger")]
        for number, talk in enumerate(talks):
            await talk.ask(LISTEN, id=f"{number}")
        await asyncio.sleep(0.2)
        for text in "abc":
            SPEAKER.say(text)
        for number, talk in enumerate(talks):
            heard = [await talk.hear() for _ in "abc"]
            assert [(one["id"], one["payload"]["data"]["listen"]["text"]) for one in heard] == [
                (f"{number}", text) for text in "abc"
            ]
        SPEAKER.say("bye")
        assert [[(await talk.hear())["type"] for _ in range(2)] for talk in talks] == [["next", "complete"]] * 3
    await eventually(lambda: sorted(CLOSED) == ["mina", "stranger", "theo"])


async def test_what_asks_who_listens_is_told_to_each_alone(address):
    async with talking(address, "mina") as mina, talking(address, "theo") as theo, talking(address, "mina") as again:
        for talk in (mina, theo, again):
            await talk.ask(WHO)
        await asyncio.sleep(0.2)
        SPEAKER.say("Hey")
        found = [(await talk.hear())["payload"]["data"]["listen"]["by"] for talk in (mina, theo, again)]
        assert found == ["mina", "theo", "mina"]


async def test_who_comes_back_hears_what_they_missed_first(address):
    for text in "abcd":
        SPEAKER.say(text)
    async with talking(address) as talk:
        await talk.ask(LISTEN, {"after": "at_1"})
        assert [(await talk.hear())["payload"]["data"]["listen"]["text"] for _ in range(3)] == ["b", "c", "d"]
        SPEAKER.say("e")
        assert (await talk.hear())["payload"]["data"]["listen"]["text"] == "e"


async def test_who_completes_hears_no_more_and_may_begin_anew(address):
    async with talking(address) as talk:
        await talk.ask(LISTEN)
        await asyncio.sleep(0.2)
        await talk.say({"type": "complete", "id": "1"})
        await eventually(lambda: CLOSED == ["mina"])
        SPEAKER.say("unheard")
        await talk.ask(LISTEN)
        await asyncio.sleep(0.2)
        SPEAKER.say("heard")
        assert (await talk.hear())["payload"]["data"]["listen"]["text"] == "heard"


async def test_an_event_that_takes_too_long_is_tried_again_before_it_ends_all_streams(quick):
    query = "subscription ($after: String) { listen(after: $after) { text late } }"
    SPEAKER.say("missed")
    async with talking(quick, "mina") as mina, talking(quick, "theo") as theo:
        LATE[:] = [9]
        await mina.ask(query, {"after": "at_0"})
        assert (await mina.hear())["payload"]["data"]["listen"]["text"] == "missed"
        await theo.ask(query)
        await asyncio.sleep(0.2)
        LATE[:] = [9, 9]
        SPEAKER.say("slow")
        for talk in (mina, theo):
            assert (await talk.hear())["payload"]["data"]["listen"] == {"text": "slow", "late": 0}
        LATE[:] = [9] * 9
        SPEAKER.say("never")
        for talk in (mina, theo):
            assert (await talk.hear())["payload"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
        assert len(LATE) == 6


async def test_events_have_ids_and_resume_by_them(client, address):
    for text in "ab":
        SPEAKER.say(text)
    for query in ("subscription { listen { text } }", 'subscription { listen(after: "at_0") { text } }'):
        async with asking(client, address, query, **{"last-event-id": "at_1"}) as response:
            await asyncio.sleep(0.2)
            SPEAKER.say("bye")
            text = (await response.aread()).decode()
        SPEAKER.said.pop()
        assert [payload["data"]["listen"]["text"] for payload in payloads_of(text)] == ["b", "bye"]
        assert [event.get("id") for event in events_of(text)] == ["at_2", "at_3", None]
    await eventually(lambda: len(CLOSED) == 2)


async def test_without_the_extension_it_is_the_same():
    async with serving(make_door(), ws="websockets-sansio", ws_per_message_deflate=True) as address:
        async with talking(address) as talk:
            await talk.ask(LISTEN)
            await asyncio.sleep(0.2)
            for number in range(50):
                SPEAKER.say(f"{number}")
            heard = [(await talk.hear())["payload"]["data"]["listen"]["text"] for _ in range(50)]
            assert heard == [f"{number}" for number in range(50)]
            await talk.say({"type": "subscribe"})
            assert (await talk.closed())[0] == 4400
        async with talking(address, None, protocols=["other"]) as talk:
            assert (await talk.closed())[0] == 4406
    await eventually(lambda: CLOSED == ["mina"])


def test_frames_have_the_lengths_of_the_standard():
    for length, header in (
        (5, b"\x81\x05"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
    ):
        assert text_frame(b"x" * length) == header + b"x" * length
    assert text_frame(b"x" * 65_536)[:10] == b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"


READERS, SILENT, EVENTS = 18, 2, 100


@asynccontextmanager
async def deaf(address):
    """A socket that follows and never reads another byte."""
    host, port = address.split(":")
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=made, limit=2048)
    await open_socket(reader, writer, address, "stuck", "subscription { listen { text } }")
    writer.transport.pause_reading()
    try:
        yield
    finally:
        writer.transport.abort()


async def test_who_never_reads_is_let_go_and_the_others_notice_nothing():
    """Every reader hears everything in time, and nothing piles up for those who do not read."""
    door, padding, late = make_door(sockets_per_address=2_000, waiting_bytes=200_000), "x" * 30_000, []
    async with serving(door) as address, AsyncExitStack() as stack:
        for _ in range(SILENT):
            await stack.enter_async_context(deaf(address))
        talks = [await stack.enter_async_context(talking(address, compression=None)) for _ in range(READERS)]
        for talk in talks:
            await talk.ask(LISTEN)
        await eventually(lambda: door.groups.members == READERS + SILENT, 20)

        async def read(talk):
            for number in range(EVENTS):
                found = (await talk.hear())["payload"]["data"]["listen"]["text"]
                sent, _, _ = found.partition(" ")
                late.append(time.monotonic() - float(sent))
                assert found.endswith(f" {number}")

        reading = [asyncio.create_task(read(talk)) for talk in talks]
        for number in range(EVENTS):
            SPEAKER.say(f"{time.monotonic()} {padding} {number}")
            await asyncio.sleep(0.01)
        await asyncio.gather(*reading)
        # The kernel's buffers take some megabytes before anything waits here.
        draining = [asyncio.create_task(talk.closed(60)) for talk in talks]
        for _ in range(500):
            if door.groups.members > READERS:
                SPEAKER.say(padding * 2)
                await asyncio.sleep(0.01)
        await eventually(lambda: CLOSED == ["stuck"] * SILENT, 10)
        await eventually(lambda: len(door.sockets.conversations) == READERS, 10)
        for task in draining:
            task.cancel()
        await asyncio.gather(*draining, return_exceptions=True)
    half = sorted(late[: len(late) // 2])
    assert half[len(half) // 2] < 5, "beside sockets that do not read, others are served"


async def test_an_address_has_so_many_sockets():
    async with serving(make_door(sockets_per_address=2)) as address:
        async with talking(address), talking(address):
            with pytest.raises(InvalidStatus) as refused:
                async with talking(address):
                    pass
            assert refused.value.response.status_code == 429
        await asyncio.sleep(0.1)
        async with talking(address):
            pass


async def test_a_person_has_so_many_sockets_and_streams(client):
    async with serving(make_door(sockets_per_user=2)) as address:
        async with talking(address), talking(address), talking(address, "theo"), talking(address, "stranger"):
            async with talking(address, None) as third:
                await third.say({"type": "connection_init", "payload": {"authorization": "Bearer mina"}})
                assert await third.closed() == (1013, "Too many sockets")
            async with asking(client, address, "subscription { count(to: 1) }") as response:
                assert response.status_code == 429
        await asyncio.sleep(0.1)
        async with talking(address):
            pass
