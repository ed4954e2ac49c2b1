"""Files on their way in: how much, how fast, until when, and what is left of those that never arrive."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress

import httpx
import orjson
import psutil
import pytest

from engine.budget import Spent
from engine.requests import RESPONSE_JSON
from tests.engine.doors.forms import (
    BODY,
    END,
    FORM,
    KEEP,
    MAP,
    ONE,
    RAN,
    TEXT,
    fields,
    make_door,
    on_disk,
    only_error,
    opened,
    send,
)
from tests.engine.doors.porch import eventually, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("arriving")


@pytest.fixture(scope="module")
async def door(folder):
    async with serving(make_door(folder)) as address:
        yield address


@pytest.fixture(scope="module")
async def hasty(folder):
    limits = {"init_seconds": 0.4, "upload_seconds": 1.0, "upload_pace": 100_000, "uploads_at_once": 1}
    async with serving(make_door(folder, **limits)) as address:
        yield address


@pytest.fixture(autouse=True)
def fresh():
    RAN.clear()


async def test_500_mb_are_refused_by_their_announcement(door, folder):
    async with opened(door, BODY, length=500_000_001) as (reader, _), asyncio.timeout(2):
        assert b" 413 " in await reader.readline()
        assert b"connection: close" in (await reader.readuntil(b"\r\n\r\n")).lower()
    assert (RAN, on_disk(folder)) == ([], [])


def broke(_guest, _charge):
    async def answer():
        return Spent((), wait_seconds=9.0)

    return answer()


@pytest.mark.parametrize(
    ("name", "document", "settings", "status"),
    [
        ("mina", "{", {}, 400),
        ("mina", "query ($file: File) { look(file: $file) }", {}, 400),
        ("mina", "mutation ($file: File!) { touch }", {}, 400),
        ("mina", KEEP, {"cost": 0}, 400),
        ("mina", f"{KEEP} ", {"only": True}, 400),
        ("mina", KEEP, {"budget": broke}, 429),
        ("stranger", KEEP, {}, 401),
        ("bad", KEEP, {}, 401),
    ],
)
async def test_what_may_not_run_is_refused_before_a_file_has_come(folder, name, document, settings, status):
    start = BODY.replace(orjson.dumps(KEEP), orjson.dumps(document)) + b"x" * 100_000
    async with serving(make_door(folder, **settings)) as at, opened(at, start, name) as (reader, _):
        async with asyncio.timeout(2):
            assert (await reader.readline()).split()[1] == str(status).encode()
            await reader.readuntil(b'"errors"')
        assert (RAN, on_disk(folder)) == ([], [])


@pytest.mark.alone
async def test_thirty_megabytes_cost_no_memory(client, door, folder):
    process = psutil.Process()
    piece = os.urandom(50_000)

    async def body(count):
        yield BODY
        for _ in range(count):
            yield piece
        yield END

    async def take(count):
        headers = {"content-type": FORM, "authorization": "Bearer mina"}
        return await client.post(f"http://{door}/graphql", content=body(count), headers=headers, timeout=60)

    await take(40)
    before = most = process.memory_info().rss
    running = asyncio.create_task(take(600))
    held = []
    while not running.done():
        await asyncio.sleep(0.005)
        most = max(most, process.memory_info().rss)
        held += on_disk(folder)
    digest = hashlib.sha256(piece * 600).hexdigest()[:12]
    assert (await running).json()["data"]["keep"] == f"a application/octet-stream 30000000 {digest}"
    assert held, "it never was on disk"
    assert most - before < 8_000_000
    assert on_disk(folder) == []


async def drip(address, pieces, seconds):
    """Send a form and then a little now and then; gives what came back until the server closed, and how long that took."""
    loop, answer = asyncio.get_running_loop(), bytearray()
    began = loop.time()
    async with opened(address, b"") as (reader, writer):

        async def read():
            # Who goes on sending to a closed connection is told so by a reset.
            with suppress(ConnectionResetError):
                while piece := await reader.read(1000):
                    answer.extend(piece)

        reading = asyncio.create_task(read())
        for piece in pieces:
            writer.write(piece)
            await asyncio.wait([reading], timeout=seconds)
            if reading.done():
                break
        await asyncio.wait_for(reading, 5)
        return bytes(answer), loop.time() - began


@pytest.mark.parametrize(("start", "piece"), [(BODY, b"x"), (BODY, b"x" * 700), (BODY[:40], b"x"), (b"", b"\r")])
async def test_who_sends_slowly_is_cut(hasty, folder, start, piece):
    answer, seconds = await drip(hasty, [start, *[piece] * 1000], 0.02)
    assert b" 408 " in answer.splitlines()[0]
    assert b"REQUEST_TIMEOUT" in answer
    assert seconds < 3
    assert (RAN, on_disk(folder)) == ([], [])


async def test_who_sends_fast_enough_still_has_one_end(hasty, folder):
    answer, seconds = await drip(hasty, [BODY, *[b"x" * 5_000] * 100], 0.025)
    assert b" 408 " in answer.splitlines()[0]
    assert 0.9 < seconds < 4
    assert (RAN, on_disk(folder)) == ([], [])


async def test_who_leaves_in_the_middle_leaves_nothing(door, folder):
    for start in (BODY[:50], BODY, BODY + b"x" * 300_000):
        async with opened(door, start):
            if len(start) > 300_000:
                await eventually(lambda: on_disk(folder), 3)
            else:
                await asyncio.sleep(0.05)
        await eventually(lambda: not on_disk(folder), 3)
    assert RAN == []


async def test_one_person_holds_only_so_many_places(client, hasty, folder):
    first = asyncio.create_task(drip(hasty, [BODY, *[b"x" * 6_000] * 100], 0.02))
    await eventually(lambda: on_disk(folder), 3)
    second = await send(client, hasty, fields(ONE, MAP, TEXT))
    assert (second.status_code, only_error(second)["extensions"]["code"]) == (429, "RATE_LIMITED")
    await first
    assert RAN == []
    assert (await send(client, hasty, fields(ONE, MAP, TEXT))).status_code == 200


async def test_a_refusal_reaches_who_is_still_sending(folder):
    async with serving(make_door(folder)) as at, httpx.AsyncClient() as client:

        async def body():
            yield BODY.replace(b"keep(", b"lost(")
            for _ in range(100):
                yield b"x" * 100_000

        headers = {"content-type": FORM, "authorization": "Bearer mina", "accept": RESPONSE_JSON}
        answer = await client.post(f"http://{at}/graphql", content=body(), headers=headers)
        assert (answer.status_code, answer.headers["connection"]) == (400, "close")
        assert (RAN, on_disk(folder)) == ([], [])
