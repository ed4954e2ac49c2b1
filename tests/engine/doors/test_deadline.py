"""Nothing runs for longer than its deadline, in PostgreSQL neither."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from engine.deadline import ClientGone, DeadlineExceeded, within
from tests.engine.doors.porch import TOUCHED, eventually

NAPS = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%a nap at the door%' AND state = 'active' AND pid <> pg_backend_pid()"


def napping(pool):
    """Tell whether PostgreSQL runs somebody's nap."""

    async def look():
        return await pool.fetchval(NAPS) > 0

    return look


def awake(pool):
    """Tell whether nobody naps any more."""

    async def look():
        return await pool.fetchval(NAPS) == 0

    return look


async def test_sql_is_cancelled_at_the_deadline(pool, post, quick):
    start = time.monotonic()
    asking = asyncio.create_task(post("{ nap(seconds: 30) }", at=quick, accept="application/graphql-response+json"))
    await eventually(napping(pool))
    response = await asking
    assert time.monotonic() - start < 1.5
    assert response.status_code == 504
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "DEADLINE_EXCEEDED"}
    assert error["message"] == "This took longer than 0.4 s and was stopped."
    assert "data" not in response.json()
    await eventually(awake(pool))


async def test_all_fields_of_an_operation_are_stopped(pool, post, quick):
    await post("{ a: nap(seconds: 30) b: nap(seconds: 30) hello }", at=quick)
    await eventually(awake(pool))


async def test_connections_are_good_afterwards(pool, post, quick):
    for _ in range(6):
        await post("{ nap(seconds: 30) }", at=quick)
    answers = await asyncio.gather(*(post("{ nap(seconds: 0) }", at=quick) for _ in range(8)))
    assert [answer.json() for answer in answers] == [{"data": {"nap": True}}] * 8


async def test_what_is_in_time_is_left_alone(pool, post, quick):
    assert (await post("{ nap(seconds: 0.2) }", at=quick)).json() == {"data": {"nap": True}}


async def test_sql_is_cancelled_when_the_client_leaves(pool, address):
    async with httpx.AsyncClient(timeout=0.3) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"http://{address}/graphql", json={"query": "{ nap(seconds: 30) }"})
    await eventually(awake(pool))


async def test_deeds_go_on_when_the_client_leaves(address):
    async with httpx.AsyncClient(timeout=0.2) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"http://{address}/graphql", json={"query": "mutation { touch(seconds: 0.5) }"})
    assert TOUCHED == []
    await eventually(lambda: TOUCHED == ["touch"])


async def test_deeds_have_a_deadline_too(post, quick):
    shown = (await post("mutation { touch(seconds: 2) }", at=quick)).json()
    assert shown["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
    assert TOUCHED == []


async def test_a_timeout_of_the_work_itself_is_not_ours():
    async def work():
        raise TimeoutError("a vendor's")

    with pytest.raises(TimeoutError, match="a vendor's"):
        await within(1, work())


async def test_leaving_is_not_being_late():
    async def gone():
        await asyncio.sleep(0.1)

    with pytest.raises(ClientGone):
        await within(5, asyncio.sleep(10), gone)
    with pytest.raises(DeadlineExceeded):
        await within(0.12, asyncio.sleep(10), lambda: asyncio.sleep(10))


async def test_nothing_is_left_running():
    before = len(asyncio.all_tasks())
    assert await within(5, asyncio.sleep(0.1, "done"), lambda: asyncio.sleep(10)) == "done"
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
