"""Who reads slowly over plain HTTP, or nothing at all: let go in time, with all that waited for them."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import orjson
import pytest

from engine.cutting import CuttingProtocol
from tests.engine.doors.porch import CLOSED, SPEAKER, eventually, make_door, serving
from tests.engine.doors.test_http_streams import EVENTS, PARTS, asking, payloads_of

SMALL = 8_192
MOST = 200_000


class Patient(CuttingProtocol):
    """Never cuts by itself; `open` are the connections there are."""

    open = set()

    def connection_made(self, transport):
        super().connection_made(transport)
        self.open.add(self)

    def connection_lost(self, exc):
        self.open.discard(self)
        super().connection_lost(exc)

    @classmethod
    def waiting(cls):
        return max((one.transport.get_write_buffer_size() for one in cls.open), default=0)


class Hasty(Patient):
    open = set()
    stuck_seconds = 0.4


@asynccontextmanager
async def unread(address, query, variables=None, *, accept="application/json"):
    """Ask, and read nothing: gives the socket."""
    host, port = address.split(":")
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    made.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(made, (host, int(port)))
    body = orjson.dumps({"query": query, "variables": variables})
    head = f"POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer stuck\r\nAccept: {accept}\r\n"
    await loop.sock_sendall(
        made, f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
async def narrow():
    """A door whose streams have little patience: host and port."""
    door = make_door(send_seconds=0.4, waiting_bytes=MOST)
    async with serving(door, buffer=SMALL, http=Patient) as address:
        yield address


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
async def test_a_stream_that_nobody_reads_ends_with_all_that_waits(narrow, accept):
    async with unread(narrow, "subscription { count(to: 2000, padding: 60000) }", accept=accept):
        await eventually(lambda: Patient.waiting() > 0, 5)
        await eventually(lambda: CLOSED == ["stuck"], 5)
        await eventually(lambda: not Patient.open, 2)


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
async def test_what_waits_for_who_does_not_read_is_bounded_and_others_hear_all(client, narrow, accept):
    listen, most = "subscription { listen { text } }", 0
    async with unread(narrow, listen, accept=accept), asking(client, narrow, listen) as response:
        reading = asyncio.create_task(response.aread())
        await asyncio.sleep(0.3)
        for number in range(100):
            SPEAKER.say(f"{number} {'x' * 10_000}")
            await asyncio.sleep(0.005)
            most = max(most, Patient.waiting())
        await eventually(lambda: CLOSED == ["stuck"], 2)
        await eventually(lambda: len(Patient.open) == 1, 2)
        SPEAKER.say("bye")
        heard = [payload["data"]["listen"]["text"] for payload in payloads_of((await reading).decode())]
    assert [text.split()[0] for text in heard] == [*map(str, range(100)), "bye"]
    assert 0 < most <= MOST


ECHO = "query ($text: String!) { echo(input: {text: $text}) }"
LONG = {"text": "x" * 900_000}


async def test_an_answer_that_nobody_takes_is_let_go():
    async with serving(make_door(), buffer=SMALL, http=Hasty) as address, unread(address, ECHO, LONG):
        await eventually(lambda: Hasty.waiting() > 500_000, 5)
        await eventually(lambda: not Hasty.open, 2)


async def test_who_takes_a_little_now_and_then_gets_all():
    loop, found = asyncio.get_running_loop(), b""
    async with serving(make_door(), buffer=SMALL, http=Hasty) as address, unread(address, ECHO, LONG) as made:
        began = loop.time()
        while len(found) < 900_000:
            piece = await loop.sock_recv(made, 100_000)
            assert piece, "cut off"
            found += piece
            await asyncio.sleep(0.01)
        assert loop.time() - began > Hasty.stuck_seconds
    assert found.endswith(b'xx"}}')


async def test_the_rest_of_an_answer_is_let_go_too():
    """What is too little to make a server wait is let go after the connection is closed."""
    door, text = make_door(), {"text": "x" * 50_000}
    async with serving(door, buffer=SMALL, http=Hasty, timeout_keep_alive=0.2) as address, unread(address, ECHO, text):
        await eventually(lambda: Hasty.waiting() > 0, 5)
        await eventually(lambda: not Hasty.open, 3)
