"""A web process that notes for how long nobody else had a turn, and a bare endpoint beside it to compare the machine.

`python -m tests.engine.lagging PORT` is the server, with two addresses more. `GET /lag` says how long the loop was held at
most since it was asked last: by the clock, and of the processor's time, which does not grow when others take the core.
`POST /bare` takes a body in and answers it with nothing, as the least that a server of this kind can do; `POST /bare/read` has
asked PostgreSQL for nothing as well.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import uvicorn

import app
from engine.limits import Limits
from settings import Settings
from tests.fleet import NOWHERE, STARTED_WITHIN, free_port

ROOT = Path(__file__).parents[2]

TICK_SECONDS = 0.001
LONGEST = 5


class Lagging:
    """The app, and a task that wakes as often as it can."""

    def __init__(self, inner):
        self.inner = inner
        self.ticking = None
        self.gaps = []

    async def __call__(self, scope, receive, send):
        path = scope.get("path")
        if self.ticking is None:
            self.ticking = asyncio.create_task(self._tick())
        if path == "/lag":
            longest = {kind: sorted((gap[kind] for gap in self.gaps), reverse=True)[:LONGEST] for kind in (0, 1)}
            self.gaps = []
            await answer(send, json.dumps({"clock": longest[0], "worked": longest[1]}).encode())
        elif path in {"/bare", "/bare/read"}:
            while (await receive()).get("more_body"):
                pass
            if path == "/bare/read":
                await self.inner.state.web.database.ping()
            await answer(send, b'{"data": {}}')
        else:
            await self.inner(scope, receive, send)

    async def _tick(self):
        while True:
            clock, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK_SECONDS)
            gap = time.perf_counter() - clock, time.thread_time() - worked
            if gap[0] > TICK_SECONDS * 2:
                self.gaps.append(gap)


async def answer(send, body):
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve(port):
    """What `processes.run_web` does, with the wrapper."""
    settings = replace(Settings.from_environment(dict(os.environ)), port=port)
    config = uvicorn.Config(
        Lagging(app.build(settings)),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="engine.cutting:CuttingProtocol",
        ws="engine.frames:FrameProtocol",
        ws_max_size=Limits.frame_bytes,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run()


class Watched:
    """The near side of such a process: `address` without a path, `pid`, and what it says of itself."""

    def __init__(self, port, pid, client):
        self.address, self.pid, self._client = f"127.0.0.1:{port}", pid, client

    async def longest(self):
        """The longest times that the loop was held since this was asked last, in seconds: by the clock, and worked."""
        said = (await self._client.get(f"http://{self.address}/lag")).json()
        return {kind: (seconds or [0.0])[0] for kind, seconds in said.items()}


@asynccontextmanager
async def watched(environment, *, core=None):
    """Run one, on a processor's core of its own if that is said."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.engine.lagging", str(port)),
        cwd=ROOT,
        env={**os.environ, **environment, "PORT": str(port)},
        stdout=NOWHERE,
        stderr=NOWHERE,
    )
    pin(process.pid, core)
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            server = Watched(port, process.pid, client)
            async with asyncio.timeout(STARTED_WITHIN):
                while True:
                    try:
                        await server.longest()
                        break
                    except httpx.TransportError:
                        assert process.returncode is None, "the process did not start"
                        await asyncio.sleep(0.05)
            yield server
    finally:
        process.kill()
        await process.wait()


def pin(process, core):
    """Let a process have one core alone, where there are several."""
    cores = sorted(os.sched_getaffinity(0))
    if core is not None and len(cores) > 1:
        os.sched_setaffinity(process, {cores[core]})


if __name__ == "__main__":
    serve(int(sys.argv[1]))
