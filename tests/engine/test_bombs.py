"""Bombs against the platform's own schema: each is refused in a moment, without a question to the database.

The short form counts the time of the processor, so that it does not matter how busy the machine is. The long form lets bombs
fall on a server while a probe asks it something 50 times a second.
"""

from __future__ import annotations

import asyncio
import gc
import time

import httpx
import orjson
import pytest

from engine.http import GraphQLDoor
from schema.root import schema
from tests.engine.bombs import bodies
from tests.engine.doors.porch import serving

BODIES = dict(bodies())
REFUSED_WITHIN = 0.050
PROBES_PER_SECOND = 50
SLOWER_BY = 0.020
PROBE = {"query": "{ liveBroadcasts(first: 5) { nodes { id title } } }"}


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


async def probe(url, seconds):
    """Ask evenly, whatever comes back when; gives how long the slowest of a hundred took."""
    took = []

    async def one(client):
        start = time.perf_counter()
        response = await client.post(url, json=PROBE)
        assert "data" in response.json()
        took.append(time.perf_counter() - start)

    async with httpx.AsyncClient(timeout=30) as client, asyncio.TaskGroup() as group:
        begun = time.perf_counter()
        for number in range(int(seconds * PROBES_PER_SECOND)):
            await asyncio.sleep(max(0.0, begun + number / PROBES_PER_SECOND - time.perf_counter()))
            group.create_task(one(client))
    return sorted(took)[int(len(took) * 0.99)]


@pytest.mark.long
@pytest.mark.alone
async def test_a_probe_hardly_notices_the_bombs(server):
    url = f"{server}/graphql"

    async def fall():
        async with httpx.AsyncClient(timeout=30) as client:
            while True:
                for body in BODIES.values():
                    await client.post(url, content=body, headers={"content-type": "application/json"})

    await probe(url, 3)
    quiet = await probe(url, 20)
    falling = asyncio.create_task(fall())
    under = await probe(url, 20)
    falling.cancel()
    print(f"p99 quiet {quiet * 1e3:.1f} ms, under bombs {under * 1e3:.1f} ms")
    assert under - quiet < SLOWER_BY
