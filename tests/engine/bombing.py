"""Whoever bombs a server and whoever asks it something meanwhile, each a process of its own.

`python -m tests.engine.bombing fall HOST:PORT LINES` sends every bomb over and over, on so many connections, until it is
ended. `python -m tests.engine.bombing probe HOST:PORT SECONDS PID` asks 50 times a second and prints how long it
took, and what share of a core the server's process worked meanwhile.
"""

import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path

from tests.engine.bombs import bodies

PROBES_PER_SECOND = 50
PROBE = json.dumps({"query": "{ liveBroadcasts(first: 5) { nodes { id title } } }"})
ADDRESSES = 200
"""Those who probe are many, each with a budget of their own; whoever bombs is one."""


class Line:
    """A connection to a server that is kept: plain HTTP, no cheaper way to ask."""

    def __init__(self, place):
        self.place = place
        self.reader = self.writer = None

    async def ask(self, body, address):
        """Send a body and give the status and the answer. A connection that was idle for long may be closed by now."""
        try:
            return await self._ask(body, address)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer = None
            return await self._ask(body, address)

    async def _ask(self, body, address):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(*self.place)
        head = f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-forwarded-for: {address}\r\n"
        self.writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        answer = await self.reader.readexactly(length)
        if "connection: close" in head:
            self.writer.close()
            self.writer = None
        return int(head.split()[1]), answer


async def fall(place, lines):
    """Send bombs for ever."""
    bombs = [body.encode() for _, body in bodies()]

    async def drop(number):
        line = Line(place)
        while True:
            for position in range(len(bombs)):
                await line.ask(bombs[(position + number) % len(bombs)], "203.0.113.9")

    await asyncio.gather(*(drop(number) for number in range(lines)))


def worked(process):
    """Seconds that the main thread of a process has worked."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


async def probe(place, seconds, process):
    """Ask evenly, whatever comes back when; gives how long it took, and how often there was no answer."""
    took, failed, free = [], 0, deque()
    begun, before = time.perf_counter(), worked(process)

    async def one(number):
        nonlocal failed
        line = free.popleft() if free else Line(place)
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


if __name__ == "__main__":
    name, port = sys.argv[2].split(":")
    if sys.argv[1] == "fall":
        asyncio.run(fall((name, int(port)), int(sys.argv[3])))
    else:
        print(json.dumps(asyncio.run(probe((name, int(port)), float(sys.argv[3]), sys.argv[4]))))
