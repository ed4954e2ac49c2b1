"""Following what happens, with a real log and a real line that may fail in every way."""

from __future__ import annotations

import asyncio
import random
import time

import asyncpg
import pytest

from engine import topics
from engine.live import Event, Gap, Live
from integrations import valkey
from tests.engine.doors.log import TABLES, Log
from tests.engine.doors.porch import eventually
from tests.integrations.conftest import ValkeyServer


@pytest.fixture
def line():
    server = ValkeyServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def log(addresses, line):
    dsn = addresses.database_url.replace("postgresql+asyncpg", "postgresql")
    async with asyncpg.create_pool(dsn, min_size=2, max_size=8, server_settings={"search_path": "live"}) as pool:
        await pool.execute(f"DROP SCHEMA IF EXISTS live CASCADE; CREATE SCHEMA live; {TABLES}")
        client = valkey.connect(line.url)
        yield Log(pool, valkey.ValkeyBus(client))
        await client.aclose()
        await pool.execute("DROP SCHEMA live CASCADE")


@pytest.fixture
async def live(log):
    before = asyncio.all_tasks()
    yield Live(log.listen)
    await eventually(lambda: not [task for task in asyncio.all_tasks() - before if "Topic" in repr(task.get_coro())])
    assert not [task for task in asyncio.all_tasks() - before if "_poll" in repr(task.get_coro())]


async def take(events, count, seconds=5):
    """The next items: sequences of events, gaps as they are."""
    async with asyncio.timeout(seconds):
        items = [await anext(events) for _ in range(count)]
    return [item.sequence if isinstance(item, Event) else item for item in items]


async def test_what_was_and_what_comes(live, log):
    for text in "ab":
        await log.say("room", text)
    async with log.follow(live, "room") as events:
        first = await anext(events)
        assert (first.sequence, first.kind, first.data) == (1, "SAID", {"text": "a"})
        assert first.occurred_at.tzinfo is not None
        assert await take(events, 1) == [2]
        start = time.monotonic()
        await log.say("room", "c")
        assert await take(events, 1) == [3]
        assert time.monotonic() - start < 0.5
        await log.say("another room", "x")
        await log.say("room", "d")
        assert await take(events, 1) == [4]


async def test_the_same_event_from_line_and_log(live, log):
    sent = topics.decode(await log.say("room", "é🎧"))
    async with log.follow(live, "room") as events:
        assert await anext(events) == sent


async def test_from_a_position_on(live, log):
    for _ in range(450):
        await log.say("room", "x", lost=True)
    async with log.follow(live, "room", 20) as events:
        assert await take(events, 430) == list(range(21, 451))
    async with log.follow(live, "room", 450) as events:
        await log.say("room", "x")
        assert await take(events, 1) == [451]


async def test_a_hole_is_filled_at_once_and_once_for_all(live, log):
    async with log.follow(live, "room") as one, log.follow(live, "room") as other:
        await log.say("room", "x")
        assert await take(one, 1) == await take(other, 1) == [1]
        reads = log.reads
        for lost in (True, True, False):
            await log.say("room", "x", lost=lost)
        assert await take(one, 3, 0.5) == await take(other, 3, 0.5) == [2, 3, 4]
        assert log.reads == reads + 1


async def test_that_the_last_was_lost_is_noticed(live, log):
    async with log.follow(live, "room") as events:
        await log.say("room", "x")
        assert await take(events, 1) == [1]
        await log.say("room", "x", lost=True)
        assert await take(events, 1, 2) == [2]
    async with log.follow(live, "quiet room") as events:
        waiting = asyncio.create_task(take(events, 1))
        await asyncio.sleep(0.2)
        await log.say("quiet room", "x", lost=True)
        assert await waiting == [1]


async def test_what_is_noticed_late_is_read_once_for_all(live, log):
    async with log.follow(live, "room") as one, log.follow(live, "room") as other:
        await log.say("room", "x")
        assert await take(one, 1) == await take(other, 1) == [1]
        reads = log.reads
        await log.say("room", "x", lost=True)
        assert await take(one, 1, 2) == await take(other, 1, 2) == [2]
        assert log.reads == reads + 1


async def test_messages_late_twice_and_nonsense(live, log):
    async with log.follow(live, "room") as events:
        first = await log.say("room", "x")
        assert await take(events, 1) == [1]
        second = await log.say("room", "x", lost=True)
        for message in (
            b"",
            b"{",
            b"[]",
            b'{"sequence": 9}',
            b'{"sequence": "x", "kind": 1, "data": [], "occurredAt": 1e99}',
        ):
            await log.bus.publish("room", message)
        await log.say("room", "x")
        for message in (second, first, second):
            await log.bus.publish("room", message)
        await log.say("room", "x")
        assert await take(events, 3) == [2, 3, 4]


async def test_one_line_for_each_topic_and_one_question_a_second(live, log):
    followers = [live.follow(f"room {n % 5}", 0, log.read(f"room {n % 5}"), log.head) for n in range(50)]
    hearing = [asyncio.create_task(anext(follower)) for follower in followers]
    await eventually(lambda: log.lines == 5)
    await asyncio.sleep(0.3)
    asked = log.heads
    await asyncio.sleep(3)
    assert 2 <= log.heads - asked <= 4
    for n in range(5):
        await log.say(f"room {n}", "x")
    assert [event.sequence for event in await asyncio.gather(*hearing)] == [1] * 50
    assert log.lines == 5
    for follower in followers:
        await follower.aclose()


async def test_what_is_no_longer_kept_is_a_gap(live, log):
    for _ in range(10):
        await log.say("room", "x", lost=True)
    await log.pool.execute("DELETE FROM happened WHERE sequence <= 4")
    async with log.follow(live, "room", 2) as events:
        assert await take(events, 3) == [Gap(5), 5, 6]
    async with log.follow(live, "room", 4) as events:
        assert await take(events, 1) == [5]
    await log.pool.execute("DELETE FROM happened")
    async with log.follow(live, "room", 2) as events:
        assert await take(events, 1) == [Gap(11)]
        await log.say("room", "x")
        assert await take(events, 1) == [11]
    async with log.follow(live, "room", 11) as events:
        await log.say("room", "x")
        assert await take(events, 1) == [12]


async def test_a_position_that_never_was_is_a_gap(live, log):
    await log.say("room", "x")
    async with log.follow(live, "room", 10**12) as events:
        assert await take(events, 1) == [Gap(2)]
        await log.say("room", "x")
        assert await take(events, 1) == [2]


async def test_who_does_not_keep_up_loses_nothing(live, log):
    async with log.follow(live, "room") as slow, log.follow(live, "room") as quick:
        await log.say("room", "x")
        assert await take(slow, 1) == await take(quick, 1) == [1]
        for start in range(2, 1002, 100):
            for _ in range(100):
                await log.say("room", "x")
            assert await take(quick, 100) == list(range(start, start + 100))
        (topic,) = live._topics.values()
        assert max(len(follower._waiting) for follower in topic.followers) <= topics.BUFFER
        assert await take(slow, 1000) == list(range(2, 1002))


async def test_without_a_line_it_goes_on(live, log, line):
    async with log.follow(live, "room") as events:
        await log.say("room", "x")
        assert await take(events, 1) == [1]
        line.kill()
        for sequence in (2, 3):
            await log.say("room", "x")
            assert await take(events, 1, 4) == [sequence]
        async with log.follow(live, "other room") as others:
            await log.say("other room", "x")
            assert await take(others, 1, 4) == [1]
        line.start()
        await asyncio.sleep(2.5)
        start = time.monotonic()
        sequences = []
        for _ in range(5):
            await log.say("room", "x")
            sequences += await take(events, 1)
        assert sequences == [4, 5, 6, 7, 8]
        assert time.monotonic() - start < 2


async def test_a_line_that_says_nothing(log, live, line):
    line.freeze()
    try:
        async with log.follow(live, "room") as events:
            await log.say("room", "x")
            assert await take(events, 1) == [1]
            await log.say("room", "x")
            assert await take(events, 1) == [2]
    finally:
        line.thaw()


async def test_a_log_that_cannot_be_read_for_a_moment(live, log):
    async with log.follow(live, "room") as events:
        await log.say("room", "x")
        assert await take(events, 1) == [1]
        await log.say("room", "x", lost=True)
        await log.pool.execute("ALTER TABLE happened RENAME TO hidden; ALTER TABLE heads RENAME TO hidden_heads")
        waiting = asyncio.create_task(take(events, 2, 8))
        async with log.follow(live, "room") as others:
            coming = asyncio.create_task(take(others, 1, 8))
            await asyncio.sleep(1.5)
            await log.pool.execute("ALTER TABLE hidden RENAME TO happened; ALTER TABLE hidden_heads RENAME TO heads")
            assert await coming == [1]
        await log.say("room", "x")
        assert await waiting == [2, 3]


async def test_who_leaves_leaves_nothing(live, log):
    before = len(asyncio.all_tasks())
    hearing = []
    for _ in range(20):
        follower = live.follow("room", 0, log.read("room"), log.head)
        hearing.append((follower, asyncio.create_task(anext(follower))))
    await asyncio.sleep(0.3)
    start = time.monotonic()
    for _, task in hearing:
        task.cancel()
    await asyncio.gather(*(task for _, task in hearing), return_exceptions=True)
    for follower, _ in hearing:
        await follower.aclose()
    assert time.monotonic() - start < 1
    assert live._topics == {}
    assert len(asyncio.all_tasks()) <= before + 1, "only the bus keeps its connection"


async def test_a_client_that_comes_back_fifty_times(live, log):
    """2,000 messages, a tenth of them lost on the line, the client cut off at random: nothing lost, nothing twice."""
    total, heard, cuts = 2_000, [], 0
    chance = random.Random(7)

    async def speak():
        for _ in range(total):
            await log.say("room", "x", lost=chance.random() < 0.1)

    speaking = asyncio.create_task(speak())
    while len(heard) < total:
        stop = min(total, len(heard) + chance.randint(20, 60)) if cuts < 50 else total
        async with log.follow(live, "room", len(heard)) as events, asyncio.timeout(20):
            while len(heard) < stop:
                heard += await take(events, 1, 20)
        cuts += 1
    await speaking
    assert cuts >= 50 or len(heard) == total
    assert heard == list(range(1, total + 1))
