"""The file store behind its real HTTP door: exactly what was signed for, once, by nobody else, not for ever."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from domain.errors import Conflict, Expired, Forbidden, InvalidInput, NotFound
from integrations.local_files import LocalFiles
from tests.integrations.shop import CONTENT, KEY, open_shop


@pytest.fixture
async def shop(tmp_path):
    async with open_shop(tmp_path / "files") as shop:
        yield shop


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
