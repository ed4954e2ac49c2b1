"""What is remembered in a real Valkey, and nothing at all when it is gone."""

from __future__ import annotations

import asyncio
import logging
import socket
import time

import pytest

from integrations import valkey
from integrations.valkey_cache import ValkeyCache


@pytest.fixture
def cache(client):
    return ValkeyCache(client)


async def test_what_was_put_is_there_for_as_long_as_was_said(cache, client, key):
    assert await cache.get(key) is None
    await cache.put(key, b"\x00\xff", seconds=0.3)
    assert await cache.get(key) == b"\x00\xff"
    assert 0 < await client.pttl(f"cache:{key}") <= 300
    await asyncio.sleep(0.35)
    assert await cache.get(key) is None


async def test_the_last_one_counts_and_empty_is_something(cache, key):
    await cache.put(key, b"one", seconds=60)
    await cache.put(key, b"", seconds=60)
    assert await cache.get(key) == b""


async def test_another_process_has_it_too(server, cache, key):
    other = valkey.connect(server.url)
    await cache.put(key, b"seen", seconds=60)
    assert await ValkeyCache(other).get(key) == b"seen"
    await other.aclose()


@pytest.mark.parametrize("seconds", [0, -1, 0.0001])
async def test_no_time_is_not_remembered(cache, key, seconds):
    await cache.put(key, b"x", seconds=seconds)
    assert await cache.get(key) is None


async def test_without_valkey_nothing_is_remembered_and_nothing_breaks(mortal, key, caplog):
    client = valkey.connect(mortal.url)
    cache = ValkeyCache(client)
    await cache.put(key, b"x", seconds=60)
    mortal.kill()
    with caplog.at_level(logging.INFO):
        for _ in range(20):
            await cache.put(key, b"y", seconds=60)
            assert await cache.get(key) is None
    assert [record.levelname for record in caplog.records if "does not answer" in record.message] == ["WARNING"]
    mortal.start()
    await asyncio.sleep(valkey.PROBE_SECONDS)
    await cache.put(key, b"z", seconds=60)
    assert await cache.get(key) == b"z"
    await client.aclose()


async def test_a_mute_valkey_costs_one_caller_a_second(key):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = valkey.connect(f"redis://127.0.0.1:{mute.getsockname()[1]}")
        cache = ValkeyCache(client)
        assert await cache.get(key) is None
        started = time.monotonic()
        for _ in range(200):
            assert await cache.get(key) is None
            await cache.put(key, b"x", seconds=60)
        assert time.monotonic() - started < 2.5
        await client.aclose()
