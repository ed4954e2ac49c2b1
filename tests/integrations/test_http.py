"""The one way to vendors: whatever they do costs little time and memory, and is told in our own words."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from starlette.responses import JSONResponse, Response

from domain.errors import RateLimited, Unavailable
from integrations.http import MAX_ANSWER, Line, Patience
from integrations.json_objects import JsonObject, read_json
from tests.integrations.vendor import RUDE, SECRET, SHORT, Broken, answer, broken, scripted


@pytest.fixture
async def vendor():
    async with scripted() as vendor:
        vendor.line = Line("Vendor", vendor.url)
        yield vendor
        await vendor.line.aclose()


async def read(line, **more):
    found = await line.ask("POST", f"/{SECRET}", form={"token": SECRET}, headers={"Authorization": SECRET}, **more)
    return read_json("Vendor", found).text("id")


@pytest.mark.parametrize("way", RUDE)
async def test_rude_vendors_are_unavailable_soon_and_cost_little(way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        line = Line("Vendor", vendor.url, patience=SHORT)
        tracemalloc.start()
        started = time.monotonic()
        with pytest.raises(Unavailable, match="Vendor") as refusal:
            await read(line)
        took, (_, peak) = time.monotonic() - started, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await line.aclose()
    assert took < 2.5
    assert peak < 8_000_000
    assert vendor.asked == 1
    assert vendor.sent < MAX_ANSWER + 6_000_000
    assert "Vendor" in caplog.text
    assert "hidden" not in caplog.text + str(refusal.value) + repr(refusal.value.__cause__)


async def test_a_vendor_that_was_not_there_may_come_back():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    line = Line("Vendor", f"http://127.0.0.1:{port}", patience=SHORT)
    with pytest.raises(Unavailable):
        await read(line)
    back = Broken(lambda: answer(b'{"id": "here"}'))
    server = await asyncio.start_server(back.serve, "127.0.0.1", port)
    assert await read(line) == "here"
    server.close()
    await line.aclose()


async def test_what_was_never_sent_is_sent_once_more():
    """The vendor's queue of connections is full until the first try has ended; the second one gets in."""
    door = socket.create_server(("127.0.0.1", 0), backlog=0)
    crowd = [socket.socket() for _ in range(3)]
    for each in crowd:
        each.setblocking(False)
        each.connect_ex(door.getsockname())
    back = Broken(lambda: answer(b'{"id": "here"}'))
    line = Line("Vendor", f"http://127.0.0.1:{door.getsockname()[1]}", patience=Patience(connect=0.4, whole=5))
    asking = asyncio.create_task(read(line))
    await asyncio.sleep(0.2)
    assert not asking.done()
    for each in crowd:
        each.close()
    server = await asyncio.start_server(back.serve, sock=door)
    assert await asking == "here"
    assert back.asked == 1
    server.close()
    await line.aclose()


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ({}, 30, 30),
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "0"}, 1, 1),
        ({"Retry-After": "86400"}, 3600, 3600),
        ({"Retry-After": "9" * 5000}, 3600, 3600),
        ({"Retry-After": "in 90 seconds"}, 60, 90),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1, 1),
        ({"Retry-After": "Wed, 21 Oct 9999 07:28:00 GMT"}, 3600, 3600),
        ({"Retry-After": "soon"}, 30, 30),
        ({"Retry-After": "-5"}, 30, 30),
        ({"Retry-After": "1.5"}, 30, 30),
        ({"Retry-After": "inf"}, 30, 30),
    ],
)
async def test_too_often_says_when_to_come_back(vendor, header, low, high):
    if header.get("Retry-After") == "in 90 seconds":
        # Written now: the list above is as old as the whole run.
        header = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)}
    vendor.says[f"/{SECRET}"] = Response("<html>", 429, headers=header)
    with pytest.raises(RateLimited) as refusal:
        await read(vendor.line)
    assert low <= refusal.value.retry_after_seconds <= high
    assert len(vendor.seen) == 1


async def test_who_asks_decides_what_4xx_means(vendor):
    vendor.says["/a"] = [JSONResponse({"why": "no"}, 403), JSONResponse({}, 429)]
    assert (await vendor.line.ask("GET", "/a")).json() == {"why": "no"}
    assert (await vendor.line.ask("GET", "/a", haste_told=False)).status_code == 429


async def test_packed_answers_are_read(vendor):
    for packing in ("gzip", "GZIP"):
        packed = gzip.compress(json.dumps({"id": "ä" * 9000}).encode())
        vendor.says[f"/{SECRET}"] = Response(packed, headers={"Content-Encoding": packing})
        assert await read(vendor.line) == "ä" * 9000


async def test_an_answer_just_within_the_bound_is_read(vendor):
    vendor.says["/a"] = Response(b" " * MAX_ANSWER)
    assert len((await vendor.line.ask("GET", "/a")).content) == MAX_ANSWER
    vendor.says["/a"] = Response(b" " * (MAX_ANSWER + 1))
    with pytest.raises(Unavailable):
        await vendor.line.ask("GET", "/a")


async def test_no_cookie_goes_from_one_person_to_the_next(vendor):
    vendor.says["/a"] = JSONResponse({}, headers={"Set-Cookie": f"who={SECRET}; Path=/"})
    for _ in range(2):
        await vendor.line.ask("GET", "/a")
    assert all("cookie" not in seen.headers for seen in vendor.seen)


async def test_no_proxy_of_the_environment_is_asked(vendor, monkeypatch):
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    line = Line("Vendor", vendor.url)
    vendor.says["/a"] = {}
    assert (await line.ask("GET", "/a")).status_code == 200
    await line.aclose()


async def test_a_folder_of_a_host_and_a_slash_at_its_end_work(vendor):
    vendor.says["/api.vendor.example/v1/me"] = {"id": "me"}
    for end in ("", "/"):
        line = Line("Vendor", f"{vendor.url}/api.vendor.example{end}")
        assert (await line.ask("GET", "/v1/me")).json() == {"id": "me"}
        await line.aclose()


WRONG = {"text": [1, True, [], {}, "x" * 10_001], "number": ["1", True, [], {}], "flag": ["true", 1, []]}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in WRONG.items() for value in values])
def test_fields_of_wrong_types_are_told_without_what_is_in_them(kind, value, caplog):
    found = JsonObject("Vendor", {"outer": {"field": value}}).part("outer")
    read_it = {"text": found.maybe_text, "number": found.maybe_number, "flag": found.flag}[kind]
    with pytest.raises(Unavailable):
        read_it("field")
    assert caplog.messages == ["Vendor's answer cannot be understood at outer.field."]


def test_missing_fields_are_nothing_or_a_refusal():
    found = JsonObject("Vendor", {"null": None, "list": [{}, 1]})
    for name in ("null", "absent"):
        assert found.maybe_text(name) is found.maybe_number(name) is found.maybe_part(name) is None
        assert found.flag(name) is False
        assert list(found.parts(name)) == []
        for read_it in (found.text, found.part):
            with pytest.raises(Unavailable):
                read_it(name)
    for name in ("list",):
        with pytest.raises(Unavailable):
            found.parts(name)
        with pytest.raises(Unavailable):
            found.maybe_part(name)
