"""Clients that come, follow and are killed, thousands of times: nothing of them stays."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import socket
import struct
from pathlib import Path

import orjson
import pytest

from tests.engine.doors.porch import CLOSED, SPEAKER, eventually, make_door, serving

CYCLES = int(os.environ.get("TEST_CYCLES", "500"))
AT_ONCE = 20
HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing resets, as when a client's machine is gone."""


def masked(message):
    """A client's text frame, under a mask that changes nothing."""
    body = orjson.dumps(message)
    header = bytes((0x81, 0x80 | len(body))) if len(body) < 126 else struct.pack("!BBH", 0x81, 0xFE, len(body))
    return header + bytes(4) + body


async def open_socket(reader, writer, address, name, query):
    """Shake hands, greet and subscribe."""
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(HANDSHAKE.format(host=address, key=key).encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(masked({"type": "connection_init", "payload": {"authorization": f"Bearer {name}"}}))
    writer.write(masked({"type": "subscribe", "id": "1", "payload": {"query": query}}))
    await reader.readuntil(b"connection_ack")


async def live_and_die(address, query):
    """Connect, greet, subscribe, hear one event or none, and be reset."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await open_socket(reader, writer, address, "mina", query)
    if "count" in query:
        await reader.readuntil(b'"next"')
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def resident():
    """Memory of this process in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def files():
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.timeout(3600)
async def test_nothing_stays_of_clients_that_are_killed():
    door = make_door(sockets_per_address=10_000)
    queries = ("subscription { count(to: 9, seconds: 99) }", "subscription { listen { text } }")
    async with serving(door) as address:
        before, sizes = asyncio.all_tasks(), []
        opened = files()
        for start in range(0, CYCLES, AT_ONCE):
            await asyncio.gather(*(live_and_die(address, queries[n % 2]) for n in range(start, start + AT_ONCE)))
            if start % 10 == 0:
                SPEAKER.say("Hey")
            if start * 20 // CYCLES != (start + AT_ONCE) * 20 // CYCLES:
                gc.collect()
                sizes.append(resident())
            # Half of them subscribe without an answer, and may die before it began.
            CLOSED[:] = []
        await eventually(lambda: not (len(door.groups) or door.sockets.conversations), 5)
        await eventually(lambda: asyncio.all_tasks() <= before | {asyncio.current_task()}, 5)
        assert files() <= opened + 2
    generators = [one for one in gc.get_objects() if type(one).__name__ == "async_generator" and one.ag_frame]
    assert [one for one in generators if one.__name__ in {"count", "listen"}] == []
    if CYCLES >= 10_000:
        assert sizes[-1] < sizes[len(sizes) // 4] * 1.02, sizes
