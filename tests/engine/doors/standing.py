"""The door in a process of its own, on the event loop that serves for real: told over HTTP what to say, and asked how it is."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import orjson
import uvicorn

from tests.engine.doors.porch import CLOSED, SERVER, SPEAKER, TOUCHED, Guest, make_door

ROOT = Path(__file__).parents[3]
KEPT = 100
ALONE = httpx.Limits(max_keepalive_connections=0)
OURS = {"count", "listen", "follow", "by_class"}


class Stand:
    """An app before the door: `/say` makes events, `/figures` gives figures, everything else goes in."""

    def __init__(self, door):
        self.door = door
        self.closed = Counter()
        self.most_waiting = 0
        self.saying = set()

    async def __call__(self, scope, receive, send):
        path = scope.get("path")
        if path == "/say":
            asked = {key: float(value) for key, value in parse_qsl(scope["query_string"].decode())}
            task = asyncio.create_task(self.say(**asked))
            self.saying.add(task)
            task.add_done_callback(self.saying.discard)
            answer = b"{}"
        elif path == "/figures":
            answer = orjson.dumps(self.figures())
        else:
            await self.door(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer, "more_body": False})

    async def say(self, count, pause, bytes=0):
        """Say so many things at an even pace, each with the time and its number."""
        padding, began = "x" * int(bytes), time.monotonic()
        for number in range(int(count)):
            await asyncio.sleep(began + number * pause - time.monotonic())
            SPEAKER.say(f"{time.monotonic()} {number} {padding}")
            waiting = max((talk.wire.waiting() for talk in self.door.sockets.conversations), default=0)
            self.most_waiting = max(waiting, self.most_waiting)
            self.forget()

    def forget(self):
        """Keep nothing that grows."""
        del SPEAKER.said[:-KEPT]
        self.closed.update(CLOSED)
        for known in (CLOSED, TOUCHED, Guest.made):
            known.clear()

    def figures(self):
        self.forget()
        gc.collect()
        generators = [one for one in gc.get_objects() if type(one).__name__ == "async_generator" and one.ag_frame]
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return {
            "kibibytes": int(status["VmRSS"].split()[0]),
            "peak": int(status["VmHWM"].split()[0]),
            "files": len(list(Path("/proc/self/fd").iterdir())),
            "tasks": len(asyncio.all_tasks()),
            "generators": sum(one.__name__ in OURS for one in generators),
            "followers": self.door.groups.members,
            "sockets": len(self.door.sockets.conversations),
            "closed": self.closed,
            "waiting": self.most_waiting,
            "saying": len(self.saying),
            "seconds": time.process_time(),
        }


class Standing:
    """The process, from outside: `address` is host and port."""

    def __init__(self, address, client):
        self.address = address
        self.client = client

    async def figures(self):
        return (await self.client.get(f"http://{self.address}/figures")).json()

    async def say(self, **how):
        await self.client.get(f"http://{self.address}/say", params=how)


@asynccontextmanager
async def standing(*, buffer=None, **limits):
    """Start the process, with limits for its door; the kernel takes little for its clients with a `buffer`."""
    given = orjson.dumps({"buffer": buffer, "limits": limits}).decode()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.engine.doors.standing", given), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            address = (await process.stdout.readline()).decode().strip()
        async with httpx.AsyncClient(timeout=60, limits=ALONE) as client:
            yield Standing(address, client)
    finally:
        process.kill()
        await process.wait()


def main():
    given = orjson.loads(sys.argv[1])
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    if given["buffer"] is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, given["buffer"])
    print("{}:{}".format(*listening.getsockname()), flush=True)
    stand = Stand(make_door(**given["limits"]))
    uvicorn.Server(uvicorn.Config(stand, **{**SERVER, "loop": "uvloop"})).run([listening])


if __name__ == "__main__":
    main()
