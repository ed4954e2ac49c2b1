"""Connections are had in the order in which they were asked for, and nobody's place in the line is lost."""

import asyncio

import pytest
from sqlalchemy import text

from db.gate import Gate
from db.session import Database, connect
from domain.errors import Unavailable


async def test_whoever_waits_longest_is_next():
    gate, came = Gate(1, 5.0), []

    async def visit(name):
        async with gate.inside():
            came.append(name)
            await asyncio.sleep(0)

    await gate.enter()
    line = [asyncio.create_task(visit(number)) for number in range(5)]
    await asyncio.sleep(0)
    gate.leave()
    await visit("late")
    await asyncio.gather(*line)
    assert came == [0, 1, 2, 3, 4, "late"]
    assert gate._free == 1


async def test_who_gives_up_leaves_the_line():
    gate = Gate(1, 0.05)
    await gate.enter()
    gone, patient = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(Unavailable):
        await patient
    await asyncio.wait([gone])
    gate.leave()
    assert (gate._free, len(gate._waiting)) == (1, 0)


async def test_who_is_let_in_at_the_moment_of_leaving_passes_it_on():
    gate = Gate(1, 5.0)
    await gate.enter()
    first, second = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    gate.leave()
    first.cancel()
    async with asyncio.timeout(1):
        await second
    await asyncio.wait([first])
    assert first.cancelled()
    gate.leave()
    assert (gate._free, len(gate._waiting)) == (1, 0)


@pytest.fixture
async def narrow(addresses):
    engine = connect(addresses.database_url, pool_size=3, application="test")
    database = Database(engine, None, None)
    yield database
    await database.close()


async def test_reads_and_transactions_share_the_connections_and_none_is_lost(narrow):
    async def read(number):
        async with narrow.read() as connection:
            return (await connection.fetch("SELECT $1::int", number))[0][0]

    async def work(number):
        async with narrow.transaction() as tx:
            return (await tx.session.execute(text("SELECT CAST(:n AS int)"), {"n": number})).scalar_one()

    async def fail(number):
        async with narrow.read() as connection:
            await connection.fetch("SELECT 1/0")

    async def leave(number):
        async with narrow.read() as connection:
            await connection.fetch("SELECT pg_sleep(30)")

    for _ in range(3):
        tasks = [
            asyncio.create_task(one(n)) for n in range(60) for one in (read, work, *((fail,) if n % 7 == 0 else ()))
        ]
        leaving = [asyncio.create_task(leave(n)) for n in range(2)]
        await asyncio.sleep(0.02)
        for task in leaving:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait(leaving)
        assert sorted(one for one in outcomes if isinstance(one, int)) == sorted([*range(60), *range(60)])
        usage = narrow.pool_usage()
        assert (usage.lent, usage.idle) == (0, 3)
    assert narrow._pool.gate._free == 3


async def test_a_connection_that_was_closed_is_replaced(narrow):
    async with narrow.transaction() as tx:
        await tx.session.execute(text("SELECT 1"))
        async with narrow.read() as connection:
            [[pid]] = await connection.fetch("SELECT pg_backend_pid()")
        ended = text("SELECT pg_terminate_backend(:pid, 5000)")
        assert (await tx.session.execute(ended, {"pid": pid})).scalar_one()
        await asyncio.sleep(0.05)
        for _ in range(4):
            async with narrow.read() as connection:
                [[other]] = await connection.fetch("SELECT pg_backend_pid()")
            assert other != pid
