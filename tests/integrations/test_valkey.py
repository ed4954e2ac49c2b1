"""The bus on a real Valkey: nothing before listening, everything after, and a lost line is said aloud."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest

from integrations import valkey
from integrations.valkey import ValkeyBus


@pytest.fixture
async def bus(client):
    bus = ValkeyBus(client)
    yield bus
    await bus.aclose()


async def heard(messages, count, seconds=5.0):
    async with asyncio.timeout(seconds):
        return [await anext(messages) for _ in range(count)]


async def silence(messages):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(messages), 0.2)


async def connections(client):
    return [line for line in (await client.client_list()) if int(line["sub"]) > 0]


async def test_hears_what_is_published_from_entering_on(bus, key):
    await bus.publish(key, b"too early")
    async with bus.listen(key) as messages:
        for number in range(500):
            await bus.publish(key, b"%d" % number)
        assert await heard(messages, 500) == [b"%d" % number for number in range(500)]
        await silence(messages)


async def test_hears_only_its_own_topic(bus, key):
    async with bus.listen(key) as messages:
        await bus.publish(key + "x", b"another's")
        await bus.publish(key, b"mine")
        assert await heard(messages, 1) == [b"mine"]


async def test_many_topics_share_one_connection_that_forgets_those_left(client, key):
    bus = ValkeyBus(client)
    before = len(await connections(client))
    async with bus.listen(key) as one, bus.listen(key) as two, bus.listen(key + "b") as other:
        assert len(await connections(client)) == before + 1
        await bus.publish(key, b"both")
        await bus.publish(key + "b", b"other")
        assert await heard(one, 1) == await heard(two, 1) == [b"both"]
        assert await heard(other, 1) == [b"other"]
    channels = await client.pubsub_channels(f"backline:{key}*")
    assert channels == []
    await bus.aclose()


async def test_leaving_and_coming_back_at_once_loses_nothing(bus, key):
    for round_ in range(50):
        async with bus.listen(key) as messages:
            await bus.publish(key, b"%d" % round_)
            assert await heard(messages, 1) == [b"%d" % round_]


async def test_coming_and_going_while_another_stays(bus, key):
    async with bus.listen(key) as stays:
        for number in range(100):
            async with bus.listen(key):
                await bus.publish(key, b"%d" % number)
        assert await heard(stays, 100) == [b"%d" % number for number in range(100)]


async def test_a_listener_that_is_cancelled_on_entering_leaves_nothing_behind(bus, client, key):
    for _ in range(20):
        task = asyncio.create_task(bus.listen(key).__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    async with bus.listen(key) as messages:
        await bus.publish(key, b"after")
        assert await heard(messages, 1) == [b"after"]
    for _ in range(100):
        if not await client.pubsub_channels(f"backline:{key}"):
            return
        await asyncio.sleep(0.02)
    pytest.fail("a subscription is left")


async def test_carries_any_bytes_whole(bus, key):
    payload = bytes(range(256)) * 4096
    async with bus.listen(key) as messages:
        await bus.publish(key, payload)
        assert await heard(messages, 1) == [payload]


async def test_a_lost_line_is_said_and_a_new_one_works(mortal, key, caplog):
    client = valkey.connect(mortal.url)
    bus = ValkeyBus(client)
    async with bus.listen(key) as one, bus.listen(key + "b") as two:
        await bus.publish(key, b"before")
        mortal.kill()
        assert await heard(one, 1) == [b"before"]
        for messages in (one, two):
            with pytest.raises(ConnectionError):
                await heard(messages, 1)
        with pytest.raises(ConnectionError):
            async with bus.listen(key):
                pass
        mortal.start()
        async with bus.listen(key) as again:
            await asyncio.sleep(valkey.PROBE_SECONDS)
            await bus.publish(key, b"after")
            assert await heard(again, 1) == [b"after"]
    await bus.aclose()
    await client.aclose()
    assert "line to Valkey is lost" in caplog.text


async def test_publishing_never_raises_and_is_logged_once(mortal, key, caplog):
    client = valkey.connect(mortal.url)
    bus = ValkeyBus(client)
    assert await bus.answers()
    mortal.kill()
    with caplog.at_level(logging.INFO, "integrations.valkey"):
        for _ in range(100):
            await bus.publish(key, b"lost")
        assert len(caplog.records) == 1
        assert not await bus.answers()
        mortal.start()
        await asyncio.sleep(valkey.PROBE_SECONDS)
        await bus.publish(key, b"heard by nobody")
        assert "answers again" in caplog.text
    await client.aclose()


async def test_a_server_that_takes_the_call_and_says_nothing_costs_a_second_and_not_forever(key):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = valkey.connect(f"redis://127.0.0.1:{mute.getsockname()[1]}")
        bus = ValkeyBus(client)
        async with asyncio.timeout(3 * valkey.ANSWER_SECONDS):
            await bus.publish(key, b"nobody there")
            for _ in range(1000):
                await bus.publish(key, b"not even tried")
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(3 * valkey.ANSWER_SECONDS), bus.listen(key):
                pass
        await client.aclose()


async def test_a_silent_line_is_noticed(mortal, key):
    client = valkey.connect(mortal.url)
    bus = ValkeyBus(client, idle_seconds=0.2)
    async with bus.listen(key) as messages:
        await asyncio.sleep(1)
        await bus.publish(key, b"still there after quiet times")
        assert await heard(messages, 1) == [b"still there after quiet times"]
        mortal.freeze()
        with pytest.raises(ConnectionError):
            await heard(messages, 1)
        mortal.thaw()
    await bus.aclose()
    await client.aclose()


async def test_nobody_listens_before_the_server_has_said_yes(mortal, key):
    client = valkey.connect(mortal.url)
    bus = ValkeyBus(client)
    async with bus.listen(key):
        mortal.freeze()
        with pytest.raises(ConnectionError):
            async with bus.listen(key + "b"):
                pass
        mortal.thaw()
    await bus.aclose()
    await client.aclose()


async def test_a_listener_that_reads_nothing_is_cut_off_and_others_are_not(bus, client, key):
    async with bus.listen(key) as slow, bus.listen(key) as quick:
        for start in range(0, valkey.MAX_WAITING + 1, 1000):
            async with client.pipeline(transaction=False) as pipe:
                for number in range(start, start + 1000):
                    pipe.publish(f"backline:{key}", b"%d" % number)
                await pipe.execute()
            assert await heard(quick, 1000) == [b"%d" % number for number in range(start, start + 1000)]
        with pytest.raises(ConnectionError, match="too slow"):
            await heard(slow, 1)


async def test_hanging_up_frees_those_who_listen(client, key):
    bus = ValkeyBus(client)
    async with bus.listen(key) as messages:
        waiting = asyncio.create_task(anext(messages))
        await asyncio.sleep(0.05)
        await bus.aclose()
        with pytest.raises(ConnectionError):
            await waiting
