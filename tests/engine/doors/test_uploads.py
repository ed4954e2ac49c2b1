"""Files that come with a mutation: the examples of the specification, and everything that is no such request."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import suppress
from pathlib import Path

import httpx
import orjson
import psutil
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from engine.files import SCALARS, ReceivedFile
from engine.http import GraphQLDoor
from engine.limits import Limits
from engine.lookup import Lookup
from engine.requests import JSON, RESPONSE_JSON
from engine.rights import Rights
from engine.trusted import Trusted
from tests.engine.doors.porch import Guest, Refusal, eventually, serving, welcome

RAN: list[str] = []
"""Each deed that ran, with what it was given."""

MOST, EACH = 40_000_000, 32_000_000


async def seen(file):
    digest = hashlib.sha256()
    async for piece in file.chunks():
        assert len(piece) <= 65_536
        digest.update(piece)
    return f"{file.filename} {file.content_type} {file.size} {digest.hexdigest()[:12]}"


def said(name, kind, content):
    return f"{name} {kind} {len(content)} {hashlib.sha256(content).hexdigest()[:12]}"


@strawberry.input
class Sent:
    title: str
    files: list[ReceivedFile | None]


@strawberry.type
class Query:
    @strawberry.field
    def look(self, file: ReceivedFile | None = None) -> str:
        RAN.append("look")
        return "looked"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def keep(self, file: ReceivedFile) -> str:
        RAN.append("keep")
        return await seen(file)

    @strawberry.mutation
    async def keep_all(self, files: list[ReceivedFile]) -> list[str]:
        RAN.append("keepAll")
        return list(await asyncio.gather(*(seen(file) for file in files)))

    @strawberry.mutation
    async def keep_some(self, input: Sent) -> list[str | None]:
        RAN.append("keepSome")
        return [input.title, *[None if file is None else (await file.read(1000)).decode() for file in input.files]]

    @strawberry.mutation
    async def stumble(self, file: ReceivedFile) -> str:
        RAN.append("stumble")
        return (await file.read(1)).decode()

    @strawberry.mutation
    def touch(self, text: str | None = None) -> str:
        RAN.append("touch")
        return "touched"


SCHEMA = strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map=SCALARS))
KEEP = "mutation ($file: File!) { keep(file: $file) }"
KEEP_ALL = "mutation ($files: [File!]!) { keepAll(files: $files) }"
KNOWN = hashlib.sha256(KEEP.encode()).hexdigest()
ONE = {"query": KEEP, "variables": {"file": None}}
MAP = {"0": ["variables.file"]}
TEXT = ("0", ("a.txt", b"Alpha file content.", "text/plain"))
ASKED = {"graphql-require-preflight": "1"}


def make_door(folder, *, only=False, **limits):
    trusted = Trusted([{f"sha256:{KNOWN}": KEEP}])
    return GraphQLDoor(
        SCHEMA,
        context=welcome,
        limits=Limits(**{"upload_bytes": MOST, "file_bytes": EACH, **limits}),
        expose=(Refusal,),
        rights=Rights(upload=lambda guest: guest.name != "stranger"),
        lookup=Lookup(trusted, only=only),
        folder=folder,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("arriving")


@pytest.fixture(scope="module")
async def door(folder):
    async with serving(make_door(folder)) as address:
        yield address


@pytest.fixture(scope="module")
async def hasty(folder):
    limits = {"init_seconds": 0.5, "upload_seconds": 1.5, "upload_pace": 100_000, "uploads_at_once": 1}
    async with serving(make_door(folder, **limits)) as address:
        yield address


@pytest.fixture(autouse=True)
def fresh():
    RAN.clear()


def on_disk(folder):
    """What of a folder this process still holds, whether or not it has a name."""
    held = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            held.append(str(handle.readlink()))
        except OSError:
            continue
    return [place for place in held if place.startswith(str(folder))] + list(folder.iterdir())


def fields(operations=ONE, places=MAP, *files):
    """The parts of a form, in order."""
    texts = [("operations", operations), ("map", places)]
    given = [(name, (None, it if isinstance(it, (str, bytes)) else orjson.dumps(it))) for name, it in texts]
    return [*given, *files]


async def send(client, at, parts, name="mina", **headers):
    known = {"authorization": f"Bearer {name}"} if name else {}
    return await client.post(f"http://{at}/graphql", files=parts, headers={**known, **headers}, timeout=30)


def only_error(answer):
    (error,) = answer.json()["errors"]
    return error


async def test_a_single_file(client, door, folder):
    answer = await send(client, door, fields(ONE, MAP, TEXT))
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")
    assert answer.json() == {"data": {"keep": said("a.txt", "text/plain", TEXT[1][1])}}
    assert on_disk(folder) == []


async def test_a_list_of_files_in_another_order_and_one_in_two_places(client, door):
    asked = {"query": KEEP_ALL, "variables": {"files": [None, None, None]}}
    places = {"0": ["variables.files.0", "variables.files.2"], "1": ["variables.files.1"]}
    second = ("1", ("b.bin", b"x" * 200_000, None))
    answer = await send(client, door, fields(asked, places, second, TEXT), accept=RESPONSE_JSON)
    first = said("a.txt", "text/plain", TEXT[1][1])
    expected = [first, said("b.bin", "application/octet-stream", second[1][1]), first]
    assert answer.json() == {"data": {"keepAll": expected}}


async def test_places_that_stay_null_and_an_empty_file(client, door):
    asked = {
        "query": "mutation Some($input: Sent!) { keepSome(input: $input) } mutation Other { touch }",
        "operationName": "Some",
        "variables": {"input": {"title": "Three", "files": [None, None, None]}},
    }
    places = {"first": ["variables.input.files.1"], "second": ["variables.input.files.2"]}
    files = [("first", ("ü.txt", "hör".encode())), ("second", ("empty", b""))]
    answer = await send(client, door, fields(asked, places, *files))
    assert answer.json() == {"data": {"keepSome": ["Three", None, "hör", ""]}}


async def test_a_trusted_document_by_its_id_and_no_other_where_only_those_pass(client, folder):
    async with serving(make_door(folder, only=True)) as at:
        known = {"documentId": f"sha256:{KNOWN}", "variables": {"file": None}}
        answer = await send(client, at, fields(known, MAP, TEXT))
        assert answer.json()["data"]["keep"].startswith("a.txt ")
        RAN.clear()
        other = {**ONE, "query": f"{KEEP} "}
        refused = await send(client, at, fields(other, MAP, ("0", ("a", b"x" * 300_000))))
        assert only_error(refused)["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        assert (RAN, on_disk(folder)) == ([], [])


NULLS = {"query": KEEP_ALL, "variables": {"files": [None], "text": "a"}}
TOUCH = {"query": "mutation ($text: String) { touch(text: $text) }", "variables": {"text": None}}
WRONG = {
    "no JSON": (fields("{", MAP, TEXT), "`operations`"),
    "several at a time": (fields([ONE], {"0": ["0.variables.file"]}, TEXT), "several"),
    "no JSON in map": (fields(ONE, "{0", TEXT), "`map`"),
    "map is a list": (fields(ONE, [["variables.file"]], TEXT), "`map`"),
    "map is empty": (fields(ONE, {}), "`map`"),
    "paths are a text": (fields(ONE, {"0": "variables.file"}, TEXT), "'0'"),
    "no paths": (fields(ONE, {"0": []}, TEXT), "'0'"),
    "a path is a number": (fields(ONE, {"0": [0]}, TEXT), "'0'"),
    "many paths": (fields(ONE, {"0": [f"variables.{n}" for n in range(11)]}, TEXT), "10 paths"),
    "another root": (fields(ONE, {"0": ["query"]}, TEXT), "'query'"),
    "the root itself": (fields(ONE, {"0": ["variables"]}, TEXT), "'variables'"),
    "nowhere": (fields(ONE, {"0": ["variables.other"]}, TEXT), "'variables.other'"),
    "beyond a list": (fields(NULLS, {"0": ["variables.files.1"]}, TEXT), "'variables.files.1'"),
    "before a list": (fields(NULLS, {"0": ["variables.files.-1"]}, TEXT), "'variables.files.-1'"),
    "a long number": (fields(NULLS, {"0": ["variables.files." + "9" * 5000]}, TEXT), "leads to no null"),
    "another way of writing it": (fields(NULLS, {"0": ["variables.files.00"]}, TEXT), "'variables.files.00'"),
    "into a text": (fields(NULLS, {"0": ["variables.text.0"]}, TEXT), "'variables.text.0'"),
    "no null": (fields(NULLS, {"0": ["variables.text"]}, TEXT), "'variables.text'"),
    "a path twice": (fields(ONE, {"0": ["variables.file", "variables.file"]}, TEXT), "twice"),
    "a path of two": (fields(ONE, {"0": ["variables.file"], "1": ["variables.file"]}, TEXT), "twice"),
    "through a file": (fields(ONE, {"0": ["variables.file", "variables.file.filename"]}, TEXT), "filename"),
    "map first": ([*fields()[::-1], TEXT], "`operations` must come"),
    "operations last": ([TEXT, *fields()], "not '0'"),
    "no map": ([fields()[0], TEXT], "`map` must come"),
    "nothing": ([("x", (None, b""))], "`operations` must come"),
    "not announced": (fields(ONE, MAP, TEXT, ("1", ("b", b"b"))), "'1'"),
    "operations again": (fields(ONE, MAP, TEXT, fields()[0]), "'operations'"),
    "missing": (fields(), "'0'"),
    "one came, one is missing": (
        fields({**NULLS, "variables": {"files": [None] * 2}}, {n: [f"variables.files.{n}"] for n in "01"}, TEXT),
        "'1'",
    ),
    "twice": (fields(ONE, MAP, TEXT, TEXT), "twice"),
    "no file": (fields(ONE, MAP, ("0", (None, b"text"))), "`filename`"),
    "a variable that nobody has": (
        fields({**ONE, "variables": {"file": None, "more": None}}, {"0": ["variables.more"]}, TEXT),
        None,
    ),
    "a place for a text": (fields(TOUCH, {"0": ["variables.text"]}, TEXT), None),
    "nothing takes it": (
        fields({"query": "mutation { touch }", "variables": {"file": None}}, MAP, TEXT),
        "no variable that takes the file '0'",
    ),
    "a query": (
        fields({"query": "query ($file: File) { look(file: $file) }", "variables": {"file": None}}, MAP, TEXT),
        "mutations only",
    ),
    "a fault in the document": (fields({**ONE, "query": "mutation {"}, MAP, TEXT), None),
    "another operation": (fields({**ONE, "operationName": "Other"}, MAP, TEXT), None),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_named_and_nothing_runs(client, door, folder, case):
    parts, named = WRONG[case]
    answer = await send(client, door, parts, accept=RESPONSE_JSON)
    error = only_error(answer)
    assert answer.status_code == 400, error
    assert named is None or named in error["message"], error
    assert "object at" not in error["message"]
    assert (RAN, on_disk(folder)) == ([], [])


FORM = "multipart/form-data; boundary=cut"
BODY = (
    b'--cut\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + orjson.dumps(ONE) + b"\r\n"
    b'--cut\r\nContent-Disposition: form-data; name="map"\r\n\r\n' + orjson.dumps(MAP) + b"\r\n"
    b'--cut\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\n'
)
END = b"\r\n--cut--\r\n"
PART = b'\r\n--cut\r\nContent-Disposition: form-data; name="1"; filename="a"\r\n\r\nx'
BYTES = {
    "whole": (BODY + b"x" + END, {}, 200, None),
    "another name for the type": (
        BODY + b"x" + END,
        {"content-type": FORM.replace("multipart", "Multipart")},
        200,
        None,
    ),
    "no last boundary": (BODY + b"x", {}, 400, "last boundary"),
    "nothing at all": (b"", {}, 400, "last boundary"),
    "another boundary": (BODY.replace(b"cut", b"tuc") + END, {}, 400, "no multipart/form-data"),
    "no boundary": (BODY + END, {"content-type": "multipart/form-data"}, 400, "boundary"),
    "a long boundary": (BODY + END, {"content-type": f"{FORM}{'x' * 100}"}, 400, "boundary"),
    "no name": (BODY.replace(b'name="map"', b"x"), {}, 400, "`name`"),
    "a header of 3,000 bytes": (BODY + b"\r\n--cut\r\nX: " + b"x" * 3000, {}, 400, "header size"),
    "ten headers": (b"--cut\r\n" + b"X: y\r\n" * 10, {}, 400, "header count"),
    "compressed": (BODY + b"x" + END, {"content-encoding": "gzip"}, 415, "compressed"),
    "another type that begins like it": (BODY, {"content-type": FORM.replace("form-data", "form-dataX")}, 415, "body"),
    "another multipart": (BODY, {"content-type": FORM.replace("form-data", "mixed")}, 415, "body"),
    "a long list of operations": (BODY.replace(b'{"file"', b" " * 131_072 + b'{"file"'), {}, 413, "`operations`"),
    "a long map": (BODY.replace(b'{"0"', b" " * 20_000 + b'{"0"'), {}, 413, "`map`"),
    "many parts": (BODY + b"x" + PART * 10, {}, 413, "10 files"),
}


@pytest.mark.parametrize("case", BYTES)
async def test_bytes_that_are_no_form(client, door, folder, case):
    body, headers, status, named = BYTES[case]
    headers = {"content-type": FORM, **ASKED, "authorization": "Bearer mina", **headers}
    answer = await client.post(f"http://{door}/graphql", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert named is None or named in only_error(answer)["message"], answer.text
    assert status == 200 or RAN == []
    assert on_disk(folder) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
async def test_a_form_of_another_site_is_refused_before_it_is_read(client, door, folder, site):
    made = len(Guest.made)
    headers = {} if site is None else {"sec-fetch-site": site}
    answer = await send(client, door, fields(ONE, MAP, TEXT), name=None, **headers)
    assert (answer.status_code, only_error(answer)["extensions"]["code"]) == (403, "CROSS_SITE_REQUEST")
    empty = await send(client, door, fields("{"), name=None, **headers, **dict.fromkeys(ASKED, ""))
    assert empty.status_code == 403
    assert (RAN, len(Guest.made), on_disk(folder)) == ([], made, [])


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, ASKED, {"apollo-require-preflight": "true"}],
)
async def test_strangers_pass_that_door_and_may_send_nothing(client, door, folder, headers):
    answer = await send(client, door, fields(ONE, MAP, ("0", ("a", b"x" * 300_000))), name=None, **headers)
    assert (answer.status_code, only_error(answer)["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert (RAN, on_disk(folder)) == ([], [])


async def test_a_proof_that_does_not_hold(client, door):
    answer = await send(client, door, fields(ONE, MAP, TEXT), name="bad")
    assert (answer.status_code, only_error(answer)["extensions"]["code"], RAN) == (401, "UNAUTHENTICATED", [])


@pytest.mark.parametrize("value", ["x", 1, True, {"filename": "a"}, ["x"], {}])
async def test_nothing_in_json_is_a_file(client, door, value):
    headers = {"accept": RESPONSE_JSON, "authorization": "Bearer mina"}
    for asked in ({**ONE, "variables": {"file": value}}, {"query": 'mutation { keep(file: "x") }'}):
        answer = await client.post(f"http://{door}/graphql", json=asked, headers=headers)
        assert answer.status_code == 400
        assert "file" in only_error(answer)["message"]
    assert RAN == []


async def test_a_deed_that_fails_leaves_nothing_either(client, door, folder):
    asked = {**ONE, "query": ONE["query"].replace("keep", "stumble")}
    answer = await send(client, door, fields(asked, MAP, ("0", ("a", b"x" * 300_000))))
    assert only_error(answer)["extensions"]["code"] == "INTERNAL"
    assert (RAN, on_disk(folder)) == (["stumble"], [])


async def test_too_much_is_413_and_nothing_stays(client, folder):
    async with serving(make_door(folder, file_bytes=100_000, upload_bytes=300_000, files=3)) as at:
        headers = {"content-type": FORM, "authorization": "Bearer mina"}
        exact = await send(client, at, fields(ONE, MAP, ("0", ("a", b"x" * 100_000))))
        assert exact.status_code == 200
        RAN.clear()
        one_more = await send(client, at, fields(ONE, MAP, ("0", ("a", b"x" * 100_001))))
        assert only_error(one_more)["extensions"]["code"] == "FILE_TOO_LARGE"
        asked = {"query": KEEP_ALL, "variables": {"files": [None] * 4}}
        places = {str(n): [f"variables.files.{n}"] for n in range(4)}
        many = await send(client, at, fields(asked, places, *[(str(n), ("a", b"a")) for n in range(4)]))
        assert only_error(many)["extensions"]["code"] == "TOO_MANY_FILES"
        del places["3"], asked["variables"]["files"][3]
        whole = fields(asked, places, *[(str(n), ("a", b"a" * 99_900)) for n in range(3)])
        announced = await send(client, at, whole)

        async def unannounced():
            yield BODY
            for _ in range(40):
                yield b"x" * 9_000

        chunked = await client.post(f"http://{at}/graphql", content=unannounced(), headers=headers)
        for answer in (one_more, many, announced, chunked):
            assert answer.status_code == 413
        assert only_error(announced)["extensions"]["code"] == "BODY_TOO_LARGE"
        assert (RAN, on_disk(folder)) == ([], [])


async def test_500_mb_are_refused_by_their_announcement(client, door, folder):
    host, port = door.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer mina\r\nContent-Type: {FORM}\r\n"
    writer.write(f"{head}Content-Length: 500000001\r\n\r\n".encode() + BODY)
    async with asyncio.timeout(2):
        assert b" 413 " in await reader.readline()
        assert b"connection: close" in (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.close()
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
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer mina\r\nContent-Type: {FORM}\r\n"
    writer.write(f"{head}Content-Length: 900000\r\n\r\n".encode())
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = bytearray()

    async def read():
        # Who goes on sending to a closed connection is told so by a reset.
        with suppress(ConnectionResetError):
            while piece := await reader.read(1000):
                answer.extend(piece)

    reading = asyncio.create_task(read())
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.wait([reading], timeout=seconds)
            if reading.done():
                break
        await asyncio.wait_for(reading, 5)
        return bytes(answer), loop.time() - began
    finally:
        reading.cancel()
        writer.close()


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
    assert 1.3 < seconds < 4
    assert (RAN, on_disk(folder)) == ([], [])


async def test_who_leaves_in_the_middle_leaves_nothing(door, folder):
    host, port = door.split(":")
    for start in (BODY[:50], BODY, BODY + b"x" * 300_000):
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer mina\r\nContent-Type: {FORM}\r\n"
        writer.write(f"{head}Content-Length: 900000\r\n\r\n".encode() + start)
        if len(start) > 300_000:
            await eventually(lambda: on_disk(folder), 3)
        else:
            await asyncio.sleep(0.05)
        writer.transport.abort()
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
