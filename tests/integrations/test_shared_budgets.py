"""Amounts under several keys, over four processes: exact while Valkey is there, never more than twice when it is not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from domain.limiter import Take
from domain.limits import Limit
from integrations import valkey
from integrations.valkey_limiter import LocalLimiter, ValkeyLimiter
from tests.integrations.conftest import ROOT

TAKER = """
import asyncio, sys
from domain.limiter import Take
from domain.limits import Limit
from integrations import valkey
from integrations.valkey_limiter import ValkeyLimiter

async def main(url, key, tries, processes):
    client = valkey.connect(url)
    limiter = ValkeyLimiter(client, processes=int(processes))
    points, requests = Limit(1000, 3.6), Limit(60, 60)

    async def burst():
        counts = [0, 0]
        for number in range(int(tries)):
            amount = 7 + number % 5
            taken = await limiter.take(Take(f"p:{{{key}}}", points, amount), Take(f"r:{{{key}}}", requests))
            if taken.wait_seconds == 0:
                counts = [counts[0] + amount, counts[1] + 1]
        print(*counts, flush=True)

    await burst()
    for _ in sys.stdin:
        await burst()
    await client.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


def start(*arguments):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", TAKER, *arguments], cwd=ROOT, **pipes)


def say(taker):
    taker.stdin.write("again\n")
    taker.stdin.flush()


def heard(takers):
    counts = [tuple(map(int, taker.stdout.readline().split())) for taker in takers]
    return [sum(column) for column in zip(*counts, strict=True)]


async def test_four_processes_take_exactly_what_there_is_and_less_than_twice_without_valkey(mortal, key):
    takers = [start(mortal.url, key, "60", "4") for _ in range(4)]
    points, requests = heard(takers)
    # The scarcer of the two ends it: 60 requests of 7 to 11 points are less than 1,000 points.
    assert requests == 60
    assert 60 * 7 <= points <= 60 * 11
    mortal.kill()
    for taker in takers:
        say(taker)
    more_points, more_requests = heard(takers)
    assert requests + more_requests <= 120
    assert points + more_points <= 2_000
    for taker in takers:
        taker.communicate()


async def test_a_share_is_never_more_than_twice_in_all(mortal, key):
    """The worst case: one process gave everything away before Valkey died, the others nothing."""
    limit = Limit(60, 60)
    clients = [valkey.connect(mortal.url) for _ in range(4)]
    limiters = [ValkeyLimiter(client, processes=4) for client in clients]
    given = [(await limiters[0].take(Take(key, limit))).wait_seconds for _ in range(80)].count(0.0)
    assert given == 60
    mortal.kill()
    without = []
    for limiter in limiters:
        waits = [(await limiter.take(Take(key, limit))).wait_seconds for _ in range(80)]
        without.append(waits.count(0.0))
    assert without == [0, 15, 15, 15]
    for client in clients:
        await client.aclose()


async def test_all_is_taken_or_nothing(limiter, client, key):
    plenty, few = Take(f"a:{{{key}}}", Limit(100, 36), 10), Take(f"b:{{{key}}}", Limit(2, 36))
    waits = [(await limiter.take(plenty, few)).wait_seconds for _ in range(4)]
    assert waits[:2] == [0.0, 0.0]
    assert all(30 < wait <= 36 for wait in waits[2:])
    left = (await limiter.take(Take(plenty.key, plenty.limit, 0), Take(few.key, few.limit, 0))).left
    assert [one.amount for one in left] == [80, 0]
    assert 710 < left[0].whole_in_seconds <= 720


async def test_much_waits_longer_than_little(limiter, key):
    limit = Limit(100, 0.6)
    assert (await limiter.take(Take(key, limit, 95))).left[0].amount == 5
    assert (await limiter.take(Take(key, limit, 5))).wait_seconds == 0.0
    little, much = [(await limiter.take(Take(key, limit, amount))).wait_seconds for amount in (1, 50)]
    assert 0.3 < little <= 0.6
    assert 29 < much <= 30


async def test_points_come_back_evenly(limiter, key):
    limit = Limit(100, 0.005)
    assert (await limiter.take(Take(key, limit, 100))).wait_seconds == 0.0
    started = time.monotonic()
    while (await limiter.take(Take(key, limit, 20))).wait_seconds > 0:
        await asyncio.sleep(0.005)
    assert time.monotonic() - started >= 0.09


async def test_nobody_can_take_more_than_there_ever_is(limiter, key):
    with pytest.raises(ValueError, match="no limit"):
        await limiter.take(Take(key, Limit(5, 1), 6))
    with pytest.raises(ValueError, match="no limit"):
        await limiter.take(Take(key, Limit(5, 1), -1))


def test_the_local_law_knows_amounts_and_shares():
    whole, share = LocalLimiter(), LocalLimiter(4)
    take = Take("a", Limit(100, 36), 30)
    assert [whole.take([take]).wait_seconds == 0 for _ in range(5)] == [True] * 3 + [False] * 2
    assert share.take([take]).wait_seconds == 0
    assert 25 * 144 - 1 < share.take([take]).wait_seconds <= 25 * 144


@pytest.fixture
def limiter(client):
    return ValkeyLimiter(client)
