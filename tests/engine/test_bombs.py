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

from engine.http import GraphQLDoor
from schema.root import schema
from tests.engine.bombs import bodies
from tests.engine.doors.porch import serving
from tests.fleet import Fleet

BODIES = dict(bodies())
REFUSED_WITHIN = 0.025
SLOWER_BY = 0.020
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
    "as in production": {"TRUSTED_PROXIES": "127.0.0.1", "TRUSTED_ONLY": "1"},
}


async def run(*words):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.engine.bombing", *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def probed(place, seconds, process):
    said, _ = await (await run("probe", place, str(seconds), str(process))).communicate()
    return json.loads(said)


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.timeout(300)
@pytest.mark.parametrize("lines", [1, len(BODIES)])
@pytest.mark.parametrize("form", list(FORMS)[:2])
async def test_a_probe_hardly_notices_the_bombs(environment, web, make, form, lines):
    await make.room(await make.user("mina"))
    fleet = Fleet({**environment, **FORMS[form]})
    try:
        server = await fleet.start("web")
        place, process = f"127.0.0.1:{server.port}", server.process.pid
        await probed(place, 3, process)
        quiet = await probed(place, SECONDS, process)
        falling = await run("fall", place, str(lines))
        try:
            under = await probed(place, SECONDS, process)
        finally:
            falling.kill()
            await falling.wait()
    finally:
        await fleet.end()
    print(f"{form}, {lines} at a time:", *(f"{name} {quiet[name]:.4f} -> {under[name]:.4f}" for name in quiet))
    assert quiet["failed"] == under["failed"] == 0
    assert under["share"] < MOST_OF_A_CORE
    assert under["p99"] - quiet["p99"] < SLOWER_BY
