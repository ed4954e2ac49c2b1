"""The file store and its HTTP door, over real sockets: exactly what was signed for, once, whole or not at all."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import time
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from domain.errors import Conflict, Expired, Forbidden, InvalidInput, NotFound
from integrations.local_files import LocalFiles
from tests.integrations.conftest import serving
from web.files import routes

KEY = bytes(32)
CONTENT = bytes(range(256)) * 16


class Shop:
    """A store, its door and a client."""

    def __init__(self, files, http, directory):
        self.files, self.http, self.directory = files, http, directory

    async def put(self, grant, content=CONTENT, **headers):
        return await self.http.request(grant.method, grant.url, content=content, headers=grant.headers | headers)

    def stored(self):
        return sorted(str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file())


@pytest.fixture
async def shop(tmp_path):
    directory = tmp_path / "files"
    app = Starlette()
    async with serving(app) as url, httpx.AsyncClient() as http:
        files = LocalFiles(directory, key=KEY, public_url=url)
        app.router.routes.extend(routes(files))
        yield Shop(files, http, directory)


def changed(url, **facts):
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | facts
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


async def test_what_is_sent_is_kept_and_fetched(shop):
    grant = shop.files.grant_upload("uploads/a.png", content_type="image/png", byte_size=len(CONTENT))
    assert (await shop.put(grant)).status_code == 201
    assert await shop.files.read("uploads/a.png", limit=len(CONTENT)) == CONTENT
    answer = await shop.http.get(shop.files.sign_download("uploads/a.png"))
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == 'inline; filename="a.png"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["etag"]
    assert shop.stored() == ["uploads/a.png"]


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


async def test_an_address_is_good_for_one_file_of_one_size_and_type(shop):
    grant = shop.files.grant_upload("uploads/a", content_type="image/png", byte_size=len(CONTENT))
    assert (await shop.put(grant, CONTENT[:-1])).status_code == 413
    assert (await shop.put(grant, CONTENT + b"x")).status_code == 413
    assert (await shop.put(grant, **{"Content-Type": "text/html"})).status_code == 403
    assert (await shop.http.put(grant.url, content=CONTENT)).status_code == 403
    assert shop.stored() == []
    assert (await shop.put(grant)).status_code == 201
    again = await shop.put(grant, bytes(len(CONTENT)))
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CONFLICT")
    assert await shop.files.read("uploads/a", limit=10_000) == CONTENT


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


@pytest.mark.parametrize(
    "facts",
    [
        {"expires": "9999999999"},
        {"size": "9999999"},
        {"type": "text/html"},
        {"signature": "x"},
        {"signature": None},
        {"signature": "ünterschrift"},
        {"expires": None},
        {"expires": "soon"},
        {"size": "-1"},
    ],
)
async def test_no_part_of_an_address_can_be_changed(shop, facts):
    grant = shop.files.grant_upload("uploads/a", content_type="image/png", byte_size=len(CONTENT))
    content_type = facts.get("type", "image/png")
    answer = await shop.http.put(changed(grant.url, **facts), content=CONTENT, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert shop.stored() == []


async def test_an_address_is_for_one_key_and_one_deed(shop):
    await shop.files.write("a/one.png", CONTENT, content_type="image/png")
    await shop.files.write("a/two.png", CONTENT, content_type="image/png")
    download = shop.files.sign_download("a/one.png")
    upload = shop.files.grant_upload("a/one.png", content_type="image/png", byte_size=len(CONTENT))
    for method, url in [
        ("GET", download.replace("one", "two")),
        ("GET", upload.url),
        ("PUT", download),
        ("PUT", upload.url.replace("one", "three")),
    ]:
        answer = await shop.http.request(method, url, content=CONTENT, headers=upload.headers)
        assert answer.status_code == 403, (method, url)
    assert (await shop.http.post(upload.url)).status_code == 405
    other = LocalFiles(shop.directory, key=b"x" * 32, public_url="http://x")
    with pytest.raises(Forbidden):
        other.find("a/one.png", dict(parse_qsl(urlsplit(download).query)))


async def test_addresses_expire(shop):
    await shop.files.write("a/one.png", CONTENT, content_type="image/png")
    past = int(time.time()) - 1
    get = shop.files._sign("GET", "a/one.png", past, {})
    put = shop.files._sign("PUT", "a/new.png", past, {"size": "1", "type": "image/png"})
    for method, url in (("GET", get), ("PUT", put)):
        answer = await shop.http.request(method, url, content=b"x", headers={"Content-Type": "image/png"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "EXPIRED")
    with pytest.raises(Expired):
        shop.files.check_download("a/one.png", dict(parse_qsl(urlsplit(get).query)))


def test_how_long_addresses_hold(tmp_path):
    files = LocalFiles(tmp_path, key=KEY, public_url="https://api.example.com")
    grant = files.grant_upload("a/b", content_type="image/png", byte_size=5)
    assert grant.url.startswith("https://api.example.com/files/a/b?")
    assert grant.method == "PUT"
    assert 3590 < grant.expires_at.timestamp() - time.time() <= 3600
    [expires] = parse_qs(urlsplit(files.sign_download("a/b")).query)["expires"]
    assert 3600 <= int(expires) - time.time() <= 5400
    assert files.sign_download("a/b") == files.sign_download("a/b"), "a browser can keep what it has"


BAD_KEYS = [
    "",
    "..",
    "../x",
    "a/../x",
    "a//b",
    "/etc/passwd",
    "a/",
    ".hidden",
    "a/.hidden",
    "a\0b",
    "a\\b",
    "ä",
    "a" * 129,
    "a/b/c/d/e/f",
]


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_no_key_leaves_the_folder(shop, key):
    for deed in (
        lambda: shop.files.grant_upload(key, content_type="image/png", byte_size=1),
        lambda: shop.files.sign_download(key),
    ):
        with pytest.raises(NotFound):
            deed()
    with pytest.raises(NotFound):
        await shop.files.read(key, limit=10)
    with pytest.raises(NotFound):
        await shop.files.write(key, b"x", content_type="application/octet-stream")
    with pytest.raises(NotFound):
        await shop.files.delete([key])
    assert shop.stored() == []


async def test_no_path_on_the_wire_leaves_the_folder(shop):
    (shop.directory.parent / "secret").write_text("hidden")
    signed = shop.files._sign("GET", "%2e%2e/secret", int(time.time()) + 60, {})
    forged = shop.files._sign("GET", "../secret", int(time.time()) + 60, {}).replace("../", "%2e%2e/")
    for url in (signed, forged):
        answer = await shop.http.get(url)
        assert answer.status_code in {403, 404}
        assert "hidden" not in answer.text


async def test_what_is_not_there(shop):
    answer = await shop.http.get(shop.files.sign_download("a/none.png"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    with pytest.raises(NotFound):
        await shop.files.read("a/none.png", limit=10)
    await shop.files.write("a/b/c.png", b"x", content_type="image/png")
    assert (await shop.http.get(shop.files.sign_download("a/b"))).status_code == 404
    with pytest.raises(NotFound):
        await shop.files.read("a/b", limit=10)


async def test_reading_has_a_limit_and_deleting_is_quiet(shop):
    await shop.files.write("a/one", CONTENT, content_type="application/octet-stream")
    with pytest.raises(InvalidInput):
        await shop.files.read("a/one", limit=len(CONTENT) - 1)
    await shop.files.delete(["a/one", "a/none"])
    assert shop.stored() == []


async def test_writing_replaces_whole_and_keeps_types_honest(shop):
    await shop.files.write("a/one.webp", CONTENT, content_type="image/webp")
    await shop.files.write("a/one.webp", b"new", content_type="image/webp")
    assert await shop.files.read("a/one.webp", limit=100) == b"new"
    with pytest.raises(ValueError, match="cannot hold"):
        await shop.files.write("a/one.webp", b"x", content_type="text/html")
    assert await shop.files.read("a/one.webp", limit=100) == b"new"


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


async def test_what_is_too_long_is_refused_at_once_and_not_at_its_end(shop):
    grant = shop.files.grant_upload("uploads/a", content_type="image/png", byte_size=3)
    signed = dict(parse_qsl(urlsplit(grant.url).query))
    taken = []

    async def endless():
        while True:
            taken.append(b"x")
            yield b"x"

    with pytest.raises(InvalidInput):
        await shop.files.receive("uploads/a", signed, content_type="image/png", byte_size=None, chunks=endless())
    assert len(taken) == 4


async def test_receiving_twice_at_the_port_is_a_conflict(shop):
    grant = shop.files.grant_upload("uploads/a", content_type="image/png", byte_size=1)
    signed = dict(parse_qsl(urlsplit(grant.url).query))

    async def one():
        yield b"x"

    await shop.files.receive("uploads/a", signed, content_type="image/png", byte_size=None, chunks=one())
    with pytest.raises(Conflict):
        await shop.files.receive("uploads/a", signed, content_type="image/png", byte_size=1, chunks=one())
