"""Some who never read beside many who do, server and clients in processes of their own: how late the many hear."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from engine.limits import Limits
from tests.engine.doors.porch import eventually
from tests.engine.doors.standing import standing
from tests.engine.doors.test_churn import HANDSHAKE, masked
from tests.engine.doors.test_fanout import deaf
from tests.engine.doors.test_http_streams import EVENTS, PARTS
from tests.engine.doors.test_slow_http import unread

LONG = int(os.environ.get("TEST_CYCLES", "0")) > 0
READERS, SILENT, ROUNDS = (900, 100, 3) if LONG else (36, 4, 1)
SAID = {"count": 200, "pause": 0.1, "bytes": 8_000} if LONG else {"count": 60, "pause": 0.02, "bytes": 30_000}
LISTEN = "subscription { listen { text } }"
SENT = b'"text":"'
PING, PONG = 0x89, 0x8A


class Reader(asyncio.Protocol):
    """Follows on a socket, and notes how late it hears what was said when; each thing once, in order."""

    def __init__(self, address):
        self.address = address
        self.late = []
        self.heard = b""
        self.lost = False

    def connection_lost(self, _error):
        self.lost = True

    def connection_made(self, transport):
        self.transport = transport
        transport.write(HANDSHAKE.format(host=self.address, key="AAAAAAAAAAAAAAAAAAAAAA==").encode())

    def data_received(self, data):
        now, self.heard = time.monotonic(), self.heard + data
        while (size := self.size()) and len(self.heard) >= size:
            place = self.heard.find(SENT, 0, min(size, 200))
            if place >= 0:
                sent, number, _ = self.heard[place + len(SENT) :].split(b" ", 2)
                assert int(number) == len(self.late), "each thing once and in order"
                self.late.append(now - float(sent))
            if self.heard.startswith(b"HTTP"):
                self.transport.write(masked({"type": "connection_init"}))
                self.transport.write(masked({"type": "subscribe", "id": "1", "payload": {"query": LISTEN}}))
            elif self.heard[0] == PING:
                # What it carries has less than 126 bytes; the mask changes nothing.
                self.transport.write(bytes((PONG, 0x80 | size - 2)) + bytes(4) + self.heard[2:size])
            self.heard = self.heard[size:]

    def size(self):
        """The length of what comes next, a frame or the answer to the handshake; 0 while that is not known."""
        if self.heard[:4] == b"HTTP":
            return self.heard.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in self.heard else 0
        if len(self.heard) < 2:
            return 0
        short = self.heard[1]
        if short < 126 or len(self.heard) < 10:
            return 2 + short if short < 126 else 0
        return (
            4 + int.from_bytes(self.heard[2:4], "big") if short == 126 else 10 + int.from_bytes(self.heard[2:10], "big")
        )


async def hear(stand, readers):
    """Have things said, and give the 99th percentile of how late everybody heard them, in milliseconds."""
    for reader in readers:
        reader.late.clear()
    await stand.say(**SAID)

    def all_heard():
        assert not (lost := sum(reader.lost for reader in readers)), f"{lost} readers were let go"
        return all(len(reader.late) == SAID["count"] for reader in readers)

    await eventually(all_heard, 120)
    return statistics.quantiles([late for reader in readers for late in reader.late], n=100)[98] * 1000


@asynccontextmanager
async def silent(stand):
    """Those who follow, on sockets and over HTTP, and never read."""
    async with AsyncExitStack() as stack:
        for number in range(SILENT):
            if number % 2:
                accept = EVENTS if number % 4 == 1 else PARTS
                await stack.enter_async_context(unread(stand.address, LISTEN, accept=accept))
            else:
                await stack.enter_async_context(deaf(stand.address))
        await following(stand, READERS + SILENT)
        yield


async def following(stand, number):
    async def follow():
        return (await stand.figures())["followers"] == number

    await eventually(follow, 60)


@pytest.mark.timeout(1200)
async def test_the_many_hear_in_time_beside_some_who_never_read():
    loop, alone, beside = asyncio.get_running_loop(), [], []
    # The kernel takes little for each, so that what is not read waits in the server.
    async with standing(buffer=65_536, sockets_per_address=5_000, sockets_per_user=5_000) as stand:
        host, port = stand.address.split(":")
        readers = [
            (await loop.create_connection(lambda: Reader(stand.address), host, int(port)))[1] for _ in range(READERS)
        ]
        await following(stand, READERS)
        await hear(stand, readers)
        quiet = await stand.figures()
        for _ in range(ROUNDS):
            alone.append(await hear(stand, readers))
            async with silent(stand):
                beside.append(await hear(stand, readers))
                # Nobody waits for those who were let go.
                await following(stand, READERS)
        left = await stand.figures()
        for reader in readers:
            reader.transport.abort()
    grown = (left["peak"] - quiet["kibibytes"]) / 1024
    told = [" ".join(f"{each:.1f}" for each in some) for some in (alone, beside)]
    print(f"{READERS} readers, p99 in ms: alone {told[0]}, beside {SILENT} who never read {told[1]}")
    print(f"at most {left['waiting']} bytes waited for one; memory grew by {grown:.1f} MiB at most\n{left}")
    assert left["closed"] == {"stuck": SILENT * ROUNDS}
    assert left["waiting"] <= Limits.waiting_bytes + SAID["bytes"] + 1_000
    assert grown < SILENT * 1.25 + 10
    if LONG:
        assert statistics.median(beside) < 2 * statistics.median(alone)
