"""Clients that come, follow and are killed, thousands of times: nothing of them stays."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import statistics
import struct
import time

import orjson
import pytest

from tests.engine.doors.porch import eventually
from tests.engine.doors.standing import standing

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


def growth(sizes):
    """By what part of itself something grew over a run: least squares, after the first quarter, which warms up."""
    steady = sizes[len(sizes) // 4 :]
    return statistics.linear_regression(range(len(steady)), steady).slope * len(steady) / statistics.mean(steady)


@pytest.mark.timeout(3600)
async def test_nothing_stays_of_clients_that_are_killed():
    queries = ("subscription { count(to: 9, seconds: 99) }", "subscription { listen { text } }")
    async with standing(sockets_per_address=10_000) as stand:
        await live_and_die(stand.address, queries[0])
        await eventually(lambda: idle(stand), 5)
        opened, sizes, began = await stand.figures(), [], time.monotonic()
        for start in range(0, CYCLES, AT_ONCE):
            if start * 40 // CYCLES != (start - AT_ONCE) * 40 // CYCLES:
                sizes.append((await stand.figures())["kibibytes"])
                # Some of those who die hear something, some are told things when they are dead already.
                await stand.say(count=10, pause=0.02)
            await asyncio.gather(*(live_and_die(stand.address, queries[n % 2]) for n in range(start, start + AT_ONCE)))
        seconds = time.monotonic() - began
        await eventually(lambda: idle(stand), 1)
        left = await stand.figures()
    assert left["files"] <= opened["files"] + 2
    assert left["tasks"] <= opened["tasks"] + 1
    print(f"{CYCLES} cycles in {seconds:.0f} s: memory {sizes[0]} to {sizes[-1]} KiB, slope {growth(sizes):+.2%}")
    print(f"opened {opened}\nleft {left}\nmemory {sizes}")
    if CYCLES >= 10_000:
        assert growth(sizes) < 0.01, sizes


async def idle(stand):
    """Whether nothing is left of anybody."""
    left = await stand.figures()
    return not (left["generators"] or left["followers"] or left["sockets"])
