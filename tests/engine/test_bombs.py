"""Bombs against the platform's own schema: each is refused in a moment, without a question to the database.

The short form counts the time of the processor, so that it does not matter how busy the machine is. The long form lets bombs
fall on a server while a probe asks it something 50 times a second; server, bombs and probe are processes of their own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from pathlib import Path

import httpx
import orjson
import pytest

from engine.breath import REFUSAL_SECONDS
from engine.http import GraphQLDoor
from schema.root import schema
from tests.engine.bombs import bodies
from tests.engine.doors.porch import serving
from tests.engine.lagging import pin, watched

BODIES = dict(bodies())
REFUSED_WITHIN = 0.025
SLOWER_BY = 0.020
WORKED_AT_ONCE = 0.030
"""So long the loop may be held, of the processor's time: a large body, a round of the collector, and what else came with it."""
MOST_OF_A_CORE = 0.6
"""What a server may work while bombs fall; it says so however busy the machine is, which the clock does not."""
SECONDS = int(os.environ.get("TEST_SECONDS", "20"))
ROOT = Path(__file__).parents[2]


class Nobody:
    """Who asks, with nothing to ask: whatever is wanted of the database is noted."""

    wanted: list[str] = []
    payer = None

    def __getattr__(self, name):
        Nobody.wanted.append(name)
        raise AttributeError(name)


@pytest.fixture(scope="module")
async def door():
    async def welcome(_connection, _payload):
        return Nobody()

    async with serving(GraphQLDoor(schema, context=welcome)) as address:
        yield f"http://{address}/graphql"


@pytest.mark.parametrize("name", BODIES)
async def test_a_bomb_is_refused_in_a_moment_and_nothing_is_asked(door, client, name):
    async def fall():
        # The server runs in this thread as well: what it works is in the time of the thread, with the client's part. A
        # server does not collect garbage among all that there was at its start; here that would be the whole of the tests.
        gc.disable()
        start = time.thread_time()
        response = await client.post(door, content=BODIES[name], headers={"content-type": "application/json"})
        seconds = time.thread_time() - start
        gc.enable()
        return seconds, response

    Nobody.wanted.clear()
    tries = []
    for _ in range(3):
        # Whatever was said of the last text is forgotten by another that is refused.
        await client.post(door, json={"query": "{"})
        tries.append(await fall())
    answer = orjson.loads(tries[0][1].content)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] != "INTERNAL"
    assert Nobody.wanted == []
    assert min(seconds for seconds, _ in tries) < REFUSED_WITHIN


@pytest.fixture(scope="module")
async def client():
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


FORMS = {
    "whoever asks may send anything": {"TRUSTED_PROXIES": "127.0.0.1", "TRUSTED_ONLY": "0"},
    "as in production, with documents of one's own": {
        "TRUSTED_PROXIES": "127.0.0.1",
        "TRUSTED_ONLY": "0",
        "POINTS_PER_MINUTE": "20000",
        "REQUESTS_PER_MINUTE": "60",
    },
}


async def run(*words):
    """Whoever asks works beside the server, on another core where there is one."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.engine.bombing", *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    pin(process.pid, -1)
    return process


async def probed(server, path, seconds):
    """What a probe found, and for how long the loop of the server was held at most meanwhile."""
    await server.longest()
    said, _ = await (await run("probe", f"{server.address}{path}", str(seconds), str(server.pid))).communicate()
    held = await server.longest()
    return {**json.loads(said), "held": held["clock"], "worked at once": held["worked"]}


async def bombed(server, path, probe, lines, rate):
    """What a probe found while bombs fell."""
    falling = await run("fall", f"{server.address}{path}", str(lines), str(rate))
    try:
        return await probed(server, probe, SECONDS)
    finally:
        falling.kill()
        await falling.wait()


def told(what, quiet, under):
    print(
        f"{what}:",
        *(f"{name} {quiet[name]:.4f} -> {under[name]:.4f}" for name in quiet),
        Path("/proc/loadavg").read_text(),
    )


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.timeout(300)
@pytest.mark.parametrize("lines", [1, len(BODIES)])
@pytest.mark.parametrize("form", FORMS)
async def test_a_probe_hardly_notices_the_bombs(environment, web, make, form, lines):
    """Beside it the same bombs fall on an address that only takes them in, and a probe asks PostgreSQL for nothing: what that
    suffers is the machine's."""
    await make.room(await make.user("mina"))
    async with watched({**environment, **FORMS[form]}, core=0) as server:
        await probed(server, "/graphql", 3)
        quiet = await probed(server, "/graphql", SECONDS)
        under = await bombed(server, "/graphql", "/graphql", lines, 0)
        bare = await probed(server, "/bare/read", SECONDS)
        # It refuses nobody slowly: they fall as fast as the server takes them from one who is refused.
        bare_under = await bombed(server, "/bare", "/bare/read", lines, 1 / REFUSAL_SECONDS)
    told(f"{form}, {lines} at a time", quiet, under)
    told("an address that does nothing", bare, bare_under)
    assert quiet["failed"] == under["failed"] == 0
    assert under["share"] < MOST_OF_A_CORE
    assert under["worked at once"] < WORKED_AT_ONCE
    assert under["p99"] - quiet["p99"] < SLOWER_BY + max(0.0, bare_under["p99"] - bare["p99"])
