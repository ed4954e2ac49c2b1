"""The door for files over real sockets: whole or not at all, whoever hangs up, and nothing that runs in a browser."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.integrations.shop import CONTENT, open_shop


@pytest.fixture
async def shop(tmp_path):
    async with open_shop(tmp_path / "files") as shop:
        yield shop


async def test_a_part_can_be_fetched(shop):
    await shop.files.write("audio/a.mp3", CONTENT, content_type="audio/mpeg")
    url = shop.files.sign_download("audio/a.mp3")
    part = await shop.http.get(url, headers={"Range": "bytes=256-511"})
    assert (part.status_code, part.content) == (206, CONTENT[256:512])
    assert (await shop.http.get(url, headers={"Range": "bytes=99999-"})).status_code == 416
    head = await shop.http.head(url)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(CONTENT)))


@pytest.mark.parametrize(
    ("key", "content_type"),
    [("a/page.html", "text/html"), ("a/x.svg", "image/svg+xml"), ("a/none", "application/octet-stream")],
)
async def test_what_could_run_in_a_browser_is_saved_instead(shop, key, content_type):
    await shop.files.write(key, b"<script>", content_type=content_type)
    answer = await shop.http.get(shop.files.sign_download(key))
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].split(";")[0] == content_type


async def test_bytes_without_a_declared_length_are_counted(shop):
    async def pieces(count):
        for _ in range(count):
            yield CONTENT

    def grant():
        return shop.files.grant_upload("uploads/b", content_type="image/png", byte_size=3 * len(CONTENT))

    for count in (2, 4, 400):
        answer = await shop.put(grant(), pieces(count))
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "INVALID_INPUT")
    assert shop.stored() == []
    assert (await shop.put(grant(), pieces(3))).status_code == 201


async def test_no_path_on_the_wire_leaves_the_folder(shop):
    (shop.directory.parent / "secret").write_text("hidden")
    signed = shop.files._sign("GET", "%2e%2e/secret", int(time.time()) + 60, {})
    forged = shop.files._sign("GET", "../secret", int(time.time()) + 60, {}).replace("../", "%2e%2e/")
    for url in (signed, forged):
        answer = await shop.http.get(url)
        assert answer.status_code in {403, 404}
        assert "hidden" not in answer.text


async def test_two_at_once_one_wins(shop):
    grant = shop.files.grant_upload("uploads/a", content_type="image/png", byte_size=len(CONTENT))

    async def slowly(content):
        for place in range(0, len(content), 512):
            yield content[place : place + 512]
            await asyncio.sleep(0.002)

    contents = [bytes([number]) * len(CONTENT) for number in range(8)]
    answers = await asyncio.gather(*(shop.put(grant, slowly(content)) for content in contents))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [201] + [409] * 7
    assert await shop.files.read("uploads/a", limit=10_000) == contents[statuses.index(201)]
    assert shop.stored() == ["uploads/a"]


async def test_a_sender_that_hangs_up_leaves_nothing(shop):
    grant = shop.files.grant_upload("uploads/a", content_type="image/png", byte_size=10_000_000)
    parts = urlsplit(grant.url)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 10000000\r\n\r\n"
        await asyncio.to_thread(line.sendall, head.encode() + bytes(3_000_000))
        await until(shop.stored)
        assert re.fullmatch(r"uploads/\.[0-9a-f]{24}", shop.stored()[0])
    await until(lambda: not shop.stored())
    assert (await shop.put(grant, bytes(10_000_000))).status_code == 201


async def until(holds):
    for _ in range(250):
        if holds():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not come to be")


@pytest.mark.alone
async def test_a_large_file_takes_little_memory_and_never_stops_others(shop):
    size = 64 * 1024 * 1024

    async def pieces():
        for _ in range(size // 65536):
            yield bytes(65536)

    grant = shop.files.grant_upload("uploads/large", content_type="audio/wav", byte_size=size)
    ticks, stop = [], asyncio.Event()

    async def tick():
        while not stop.is_set():
            ticks.append(time.monotonic())
            await asyncio.sleep(0.005)

    ticker = asyncio.create_task(tick())
    assert (await shop.put(grant, pieces(), **{"Content-Length": str(size)})).status_code == 201
    stop.set()
    await ticker
    assert max(after - before for before, after in itertools.pairwise(ticks)) < 0.5
    assert (shop.directory / "uploads/large").stat().st_size == size
