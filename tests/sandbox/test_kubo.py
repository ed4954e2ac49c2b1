"""The twin of a Kubo node, by what its documents say and by CIDs that other programs made."""

import httpx
import pytest

HELLO = b'{"hello":"world"}'
RAW, FILE = (
    "bafkreietui4xdkiu4xvmx4fi2jivjtndbhb4drzpxomrjvd4mdz4w2avra",
    "QmNrEidQrAbxx3FzxNt9E6qjEDZrtvzxUVh47BXm55Zuen",
)
ONE = {"cid-version": "1"}


@pytest.fixture
async def kubo(sandbox):
    async with httpx.AsyncClient(base_url=f"{sandbox.at('kubo.example')}") as client:
        yield client


def add(kubo, content=HELLO, **asked):
    return kubo.post("/api/v0/add", params=asked, files={"file": ("hello.json", content, "application/json")})


async def test_a_file_has_the_cid_that_it_has_everywhere(kubo):
    assert (await add(kubo)).json() == {"Name": "hello.json", "Hash": FILE, "Size": "17"}
    assert (await add(kubo, **ONE)).json()["Hash"] == RAW
    odd = b"\r\n--\r\n\x00\xff" + bytes(range(256))
    cid = (await add(kubo, odd, **ONE)).json()["Hash"]
    assert (await kubo.post("/api/v0/cat", params={"arg": cid})).content == odd


async def test_what_is_kept_and_what_is_pinned(kubo):
    await add(kubo, **ONE, pin="false")
    asked = {"arg": RAW}
    assert (await kubo.post("/api/v0/block/stat", params=asked)).json() == {"Key": RAW, "Size": 17}
    missing = await kubo.post("/api/v0/pin/ls", params=asked)
    assert (missing.status_code, missing.json()["Type"]) == (500, "error")
    assert (await kubo.post("/api/v0/pin/add", params=asked)).json() == {"Pins": [RAW]}
    assert (await kubo.post("/api/v0/pin/ls", params=asked)).json() == {"Keys": {RAW: {"Type": "recursive"}}}
    # Adding it again takes no pin away.
    await add(kubo, **ONE, pin="false")
    assert list((await kubo.post("/api/v0/pin/ls")).json()["Keys"]) == [RAW]


async def test_the_gateway_gives_it_to_anybody(kubo):
    await add(kubo, **ONE)
    found = await kubo.get(f"/ipfs/{RAW}")
    assert (found.content, found.headers["etag"]) == (HELLO, f'"{RAW}"')
    assert (await kubo.get(f"/ipfs/{FILE}")).status_code == 404


async def test_what_is_refused(kubo):
    for path in ("cat", "pin/add", "block/stat"):
        for asked in ({}, {"arg": RAW}):
            answer = await kubo.post(f"/api/v0/{path}", params=asked)
            assert (answer.status_code, answer.json()["Type"]) == (500, "error")
    assert (await kubo.get("/api/v0/cat", params={"arg": RAW})).status_code == 405
    assert (await kubo.post("/api/v0/add", headers={"Origin": "https://app.example"})).status_code == 403
    for asked in ({"hash": "sha3-256"}, {"cid-version": "2"}, {"cid-version": "1", "raw-leaves": "false"}):
        assert (await add(kubo, **asked)).status_code == 500
    assert (await add(kubo, bytes(262_145))).status_code == 500
    assert (await kubo.post("/api/v0/add", content=HELLO)).status_code == 500
    two = [("file", ("a", b"1")), ("file", ("b", b"2"))]
    assert (await kubo.post("/api/v0/add", files=two)).status_code == 500
    assert (await kubo.post("/api/v0/pin/ls")).json() == {"Keys": {}}


async def test_it_remembers_when_it_was_killed(mortal_sandbox):
    url = mortal_sandbox.at("kubo.example")
    async with httpx.AsyncClient(base_url=url) as kubo:
        await add(kubo, **ONE)
    await mortal_sandbox.kill()
    await mortal_sandbox.start()
    async with httpx.AsyncClient(base_url=url) as kubo:
        assert (await kubo.get(f"/ipfs/{RAW}")).content == HELLO
