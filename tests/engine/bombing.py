"""Whoever bombs a server and whoever asks it something meanwhile, each a process of its own.

`python -m tests.engine.bombing fall ADDRESS LINES RATE` sends every bomb over and over, on so many connections, until it is
ended; with a rate no more than so many in a second, with 0 as soon as the last one is answered. `python -m
tests.engine.bombing probe ADDRESS SECONDS PID` asks 50 times a second and prints how long it took, and what share of a core
the server's process worked meanwhile. An address is HOST:PORT/PATH.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import uvloop

from tests.engine.bombs import bodies

PROBES_PER_SECOND = 50
PROBE = json.dumps({"query": "{ liveBroadcasts(first: 5) { nodes { id title } } }"})
ADDRESSES = 200
"""Those who probe are many, each with a budget of their own; whoever bombs is one."""
BOMBER = "203.0.113.9"


class Line:
    """A connection to a server that is kept: plain HTTP, no cheaper way to ask."""

    def __init__(self, place, path="/graphql"):
        self.place, self.path = place, path
        self.reader = self.writer = None
        self.head = ""

    def spent(self, budget):
        """How many points the last answer says are gone of a budget."""
        return budget - int(re.search(r'ratelimit: [^\r]*"points";r=(\d+)', self.head)[1])

    def request(self, body, address):
        """The bytes of a request."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-forwarded-for: {address}\r\n"
        )
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body

    async def ask(self, body, address):
        """Send a body and give the status and the answer."""
        return await self.send(self.request(body, address))

    async def send(self, request):
        """Send a whole request. A connection that was idle for long may be closed by now."""
        try:
            return await self._send(request)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer = None
            return await self._send(request)

    async def _send(self, request):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(*self.place)
        self.writer.write(request)
        self.head = head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        answer = await self.reader.readexactly(length)
        if "connection: close" in head:
            self.writer.close()
            self.writer = None
        return int(head.split()[1]), answer


async def fall(place, path, lines, rate):
    """Send bombs for ever."""
    bombs = [Line(place, path).request(body.encode(), BOMBER) for _, body in bodies()]
    due = time.perf_counter()

    async def drop(number):
        nonlocal due
        line = Line(place, path)
        while True:
            for position in range(len(bombs)):
                if rate:
                    now = time.perf_counter()
                    due = max(due, now - 1) + 1 / rate
                    await asyncio.sleep(max(0.0, due - now))
                await line.send(bombs[(position + number) % len(bombs)])

    await asyncio.gather(*(drop(number) for number in range(lines)))


def worked(process):
    """Seconds that the main thread of a process has worked."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


async def probe(place, path, seconds, process):
    """Ask evenly, whatever comes back when; gives how long it took, and how often there was no answer."""
    took, failed, free = [], 0, deque()
    begun, before = time.perf_counter(), worked(process)

    async def one(number):
        nonlocal failed
        line = free.popleft() if free else Line(place, path)
        start = time.perf_counter()
        status, answer = await line.ask(PROBE.encode(), f"198.51.100.{number % ADDRESSES}")
        took.append(time.perf_counter() - start)
        failed += status != 200 or b'"data"' not in answer
        free.append(line)

    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * PROBES_PER_SECOND)):
            await asyncio.sleep(max(0.0, begun + number / PROBES_PER_SECOND - time.perf_counter()))
            group.create_task(one(number))
    share = (worked(process) - before) / (time.perf_counter() - begun)
    took.sort()
    return {"p50": took[len(took) // 2], "p99": took[int(len(took) * 0.99)], "share": share, "failed": failed}


def main(what, address, *words):
    name, _, rest = address.partition(":")
    port, _, path = rest.partition("/")
    place, path = (name, int(port)), f"/{path}"
    if what == "fall":
        uvloop.run(fall(place, path, int(words[0]), float(words[1])))
    else:
        # Whoever measures goes before whoever bombs, where that is allowed.
        with suppress(PermissionError):
            os.nice(-10)
        print(json.dumps(uvloop.run(probe(place, path, float(words[0]), words[1]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
