"""Limits on a real Valkey: exact across processes, and never open when it is gone."""

from __future__ import annotations

import asyncio
import logging
import socket
import time

import pytest

from integrations import valkey
from integrations.valkey_limiter import LocalLimiter, ValkeyLimiter
from tests.integrations.conftest import python

SPENDER = """
import asyncio, sys
from integrations import valkey
from integrations.valkey_limiter import ValkeyLimiter

async def main(url, key, tries, every, burst):
    client = valkey.connect(url)
    limiter = ValkeyLimiter(client)
    spends = (limiter.spend(key, every_seconds=float(every), burst=int(burst)) for _ in range(int(tries)))
    waits = await asyncio.gather(*spends)
    print(waits.count(0.0))
    await client.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def limiter(client):
    return ValkeyLimiter(client)


@pytest.mark.parametrize("burst", [1, 7, 60])
async def test_four_processes_get_exactly_one_burst_between_them(server, key, burst):
    spenders = [python(SPENDER, server.url, key, "200", "3600", str(burst)) for _ in range(4)]
    counts = [int(spender.communicate()[0]) for spender in spenders]
    assert sum(counts) == burst


async def test_places_come_back_one_at_a_time(limiter, key):
    for _ in range(3):
        assert await limiter.spend(key, every_seconds=0.2, burst=3) == 0.0
    wait = await limiter.spend(key, every_seconds=0.2, burst=3)
    assert 0.0 < wait <= 0.2
    await asyncio.sleep(wait + 0.005)
    assert await limiter.spend(key, every_seconds=0.2, burst=3) == 0.0
    assert await limiter.spend(key, every_seconds=0.2, burst=3) > 0.0


@pytest.mark.alone
async def test_over_time_it_is_the_rate_and_one_burst(limiter, key):
    allowed, started = 0, time.monotonic()
    while time.monotonic() < started + 1.0:
        allowed += await limiter.spend(key, every_seconds=0.05, burst=5) == 0.0
    assert 5 + 18 <= allowed <= 5 + (time.monotonic() - started) / 0.05


async def test_a_refusal_counts_nothing(limiter, key):
    assert await limiter.spend(key, every_seconds=1.0) == 0.0
    waits = []
    for _ in range(20):
        waits.append(await limiter.spend(key, every_seconds=1.0))
        await asyncio.sleep(0.005)
    assert waits == sorted(waits, reverse=True)
    await asyncio.sleep(waits[-1])
    assert await limiter.spend(key, every_seconds=1.0) == 0.0


async def test_keys_do_not_share(limiter, key):
    assert await limiter.spend(key, every_seconds=60) == 0.0
    assert await limiter.spend(key + "b", every_seconds=60) == 0.0
    assert await limiter.spend(key, every_seconds=60) > 0.0


async def test_a_key_is_gone_when_all_is_earned_again(limiter, client, key):
    await limiter.spend(key, every_seconds=0.5)
    assert 0 < await client.pttl(f"limit:{key}") <= 501
    await asyncio.sleep(0.55)
    assert await client.exists(f"limit:{key}") == 0


@pytest.mark.parametrize(("every", "burst"), [(0, 1), (-1, 1), (1, 0), (1, -5)])
async def test_a_limit_without_sense_is_refused(limiter, key, every, burst):
    with pytest.raises(ValueError, match="no limit"):
        await limiter.spend(key, every_seconds=every, burst=burst)


async def test_when_valkey_dies_nobody_gets_more_than_before(mortal, key, caplog):
    client = valkey.connect(mortal.url)
    limiter = ValkeyLimiter(client)
    first = [await limiter.spend(key, every_seconds=3600, burst=10) for _ in range(6)]
    mortal.kill()
    with caplog.at_level(logging.INFO):
        second = [await limiter.spend(key, every_seconds=3600, burst=10) for _ in range(50)]
    assert first.count(0.0) == 6
    assert second.count(0.0) == 4
    assert 3500 < second[-1] <= 3600
    assert [record.levelname for record in caplog.records if "does not answer" in record.message] == ["WARNING"]
    await client.aclose()


async def test_when_valkey_comes_back_empty_it_is_at_most_twice(mortal, key, caplog):
    client = valkey.connect(mortal.url)
    limiter = ValkeyLimiter(client)
    allowed = [await limiter.spend(key, every_seconds=3600, burst=5) for _ in range(10)].count(0.0)
    mortal.kill()
    allowed += [await limiter.spend(key, every_seconds=3600, burst=5) for _ in range(10)].count(0.0)
    mortal.start()
    await asyncio.sleep(valkey.PROBE_SECONDS)
    with caplog.at_level(logging.INFO):
        allowed += [await limiter.spend(key, every_seconds=3600, burst=5) for _ in range(10)].count(0.0)
    assert allowed == 10
    assert "answers again" in caplog.text
    await client.aclose()


async def test_a_mute_server_costs_one_caller_a_second_and_nobody_else(key):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = valkey.connect(f"redis://127.0.0.1:{mute.getsockname()[1]}")
        limiter = ValkeyLimiter(client)
        started = time.monotonic()
        assert await limiter.spend(key, every_seconds=3600, burst=5) == 0.0
        assert time.monotonic() - started < 2 * valkey.ANSWER_SECONDS
        started = time.monotonic()
        waits = [await limiter.spend(key, every_seconds=3600, burst=5) for _ in range(1000)]
        assert waits.count(0.0) == 4
        assert time.monotonic() - started < 2
        await client.aclose()


async def test_of_many_callers_one_a_second_asks_whether_a_mute_server_is_back(key):
    calls = []

    async def mute(reader, writer):
        calls.append(writer)
        await reader.read()
        writer.close()

    door = await asyncio.start_server(mute, "127.0.0.1", 0)
    client = valkey.connect(f"redis://127.0.0.1:{door.sockets[0].getsockname()[1]}")
    limiter = ValkeyLimiter(client)
    await limiter.spend(key, every_seconds=3600)
    assert len(calls) == 1
    await asyncio.sleep(valkey.PROBE_SECONDS)
    await asyncio.gather(*(limiter.spend(key, every_seconds=3600) for _ in range(20)))
    assert len(calls) == 2
    await client.aclose()
    door.close()
    await door.wait_closed()


async def test_what_is_kept_is_exact_to_the_microsecond(limiter, client, key):
    await limiter.spend(key, every_seconds=3600)
    seconds, microseconds = await client.time()
    kept = await client.get(f"limit:{key}")
    assert len(kept) == 16
    assert 0 <= seconds * 1_000_000 + microseconds + 3600 * 1_000_000 - int(kept) < 1_000_000


async def test_a_script_that_valkey_forgot_is_sent_again(limiter, client, key):
    assert await limiter.spend(key, every_seconds=3600, burst=2) == 0.0
    await client.script_flush()
    assert await limiter.spend(key, every_seconds=3600, burst=2) == 0.0
    assert await limiter.spend(key, every_seconds=3600, burst=2) > 0.0


def test_the_local_law_is_the_same_and_forgets_what_is_over():
    local = LocalLimiter()
    assert [local.spend("a", every_seconds=3600, burst=3) == 0.0 for _ in range(5)] == [True] * 3 + [False] * 2
    for number in range(25_000):
        local.spend(f"short {number}", every_seconds=1e-6, burst=1)
    assert len(local._due) < 25_000
    assert local.spend("a", every_seconds=3600, burst=3) > 0.0
