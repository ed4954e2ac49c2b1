"""Having proofs kept in IPFS: a Kubo node's wire protocol against its twin, Pinata's as its documents say."""

from __future__ import annotations

import base64
import logging

import httpx
import pytest
from starlette.responses import JSONResponse

from domain.canonical import cid_of
from domain.errors import NotConfigured, RateLimited, Unavailable
from domain.proofs import OtherContent, Pinned
from integrations.kubo import Kubo
from integrations.pinata import Pinata
from tests.integrations.vendor import RUDE, SHORT, broken, scripted

CONTENT = '{"proof":"Ça Plane\\r\\n"}'.encode()
CID = cid_of(CONTENT)
OTHER = cid_of(b"something else")
GATEWAY = "https://gateway.example"
ADD, FILES = "/api/v0/add", "/v3/files"
TOKEN = "hidden-token"


@pytest.fixture
async def kubo(twins):
    made = Kubo(base_url=twins.at("kubo.example"), gateway_url=twins.at("kubo.example"))
    yield made
    await made.aclose()


async def pinned(twins):
    async with httpx.AsyncClient() as client:
        return list((await client.post(f"{twins.at('kubo.example')}/api/v0/pin/ls")).json()["Keys"])


async def test_a_document_is_kept_under_its_own_cid(kubo, twins):
    found = await kubo.pin(CONTENT, CID)
    assert found == Pinned("Kubo", f"{twins.at('kubo.example')}/ipfs/{CID}")
    async with httpx.AsyncClient() as client:
        assert (await client.get(found.url)).content == CONTENT
    assert await kubo.pin(CONTENT, CID) == found
    assert await pinned(twins) == [CID]


async def test_a_node_that_fails_keeps_nothing(kubo, twins):
    await twins.fault("status", host="kubo.example", status=500, body='{"Message":"hidden","Code":0,"Type":"error"}')
    with pytest.raises(Unavailable):
        await kubo.pin(CONTENT, CID)
    await twins.heal()
    assert await pinned(twins) == []
    await kubo.pin(CONTENT, CID)
    assert await pinned(twins) == [CID]


@pytest.mark.parametrize("kind", ["drop_after_effect", "half_json", "status_after_effect"])
async def test_what_was_done_without_an_answer_may_be_done_again(kubo, twins, kind):
    await twins.fault(kind, host="kubo.example", path=ADD, times=1)
    with pytest.raises(Unavailable):
        await kubo.pin(CONTENT, CID)
    assert await pinned(twins) == [CID]
    await kubo.pin(CONTENT, CID)
    assert await pinned(twins) == [CID]


async def test_another_cid_is_no_answer(kubo, twins):
    said = f'{{"Name":"x","Hash":"{OTHER}","Size":"1"}}\n'
    await twins.fault("status", host="kubo.example", path=ADD, status=200, body=said)
    with pytest.raises(OtherContent, match=CID):
        await kubo.pin(CONTENT, CID)


async def test_a_node_that_is_busy_or_refuses_us(kubo, twins, caplog):
    await twins.fault("status", host="kubo.example", status=429, headers={"Retry-After": "7"}, times=1)
    with pytest.raises(RateLimited) as refused:
        await kubo.pin(CONTENT, CID)
    assert refused.value.retry_after_seconds == 7
    await twins.fault("status", host="kubo.example", status=403, times=1)
    with pytest.raises(Unavailable):
        await kubo.pin(CONTENT, CID)
    assert "Kubo refuses us: HTTP 403" in caplog.text


async def test_what_a_node_is_asked_decides_the_cid(caplog):
    async with scripted() as vendor:
        vendor.says[ADD] = {"Name": "x", "Hash": CID, "Size": "1"}
        name, _, rest = vendor.url.partition("://")
        node = Kubo(base_url=f"{name}://mina:hidden-password@{rest}", gateway_url=GATEWAY)
        assert await node.pin(CONTENT, CID) == Pinned("Kubo", f"{GATEWAY}/ipfs/{CID}")
        await node.aclose()
    (seen,) = vendor.seen
    wanted = {"cid-version": "1", "raw-leaves": "true", "hash": "sha2-256", "chunker": "size-262144", "pin": "true"}
    assert (seen.method, seen.query) == ("POST", wanted)
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert base64.b64decode(seen.headers["authorization"].split()[1]) == b"mina:hidden-password"
    assert "hidden" not in caplog.text


@pytest.fixture
async def pinata():
    async with scripted() as vendor:
        vendor.pins = Pinata(jwt=TOKEN, gateway_url=GATEWAY, base_url=vendor.url)
        yield vendor
        await vendor.pins.aclose()


async def test_pinata_is_sent_what_it_documents(pinata):
    pinata.says[FILES] = {"data": {"id": "0195", "cid": CID, "size": 1, "network": "public"}}
    assert await pinata.pins.pin(CONTENT, CID) == Pinned("Pinata", f"{GATEWAY}/ipfs/{CID}")
    (seen,) = pinata.seen
    assert (seen.method, seen.headers["authorization"]) == ("POST", f"Bearer {TOKEN}")
    body = seen.body
    assert CONTENT in body
    assert b'name="network"\r\n\r\npublic\r\n' in body
    assert f'name="file"; filename="{CID}.json"\r\n'.encode() in body


REFUSALS = [
    (JSONResponse({"data": {"cid": OTHER}}), OtherContent),
    (JSONResponse({"data": {}}), Unavailable),
    (JSONResponse({"error": "hidden"}, 401), Unavailable),
    (JSONResponse({"error": "hidden"}, 500), Unavailable),
    (JSONResponse({"error": "hidden"}, 429), RateLimited),
]


@pytest.mark.parametrize(("said", "refusal"), REFUSALS, ids=range(len(REFUSALS)))
async def test_why_pinata_keeps_nothing(pinata, said, refusal, caplog):
    pinata.says[FILES] = said
    with pytest.raises(refusal) as refused:
        await pinata.pins.pin(CONTENT, CID)
    assert "hidden" not in caplog.text + str(refused.value)


@pytest.mark.parametrize("way", RUDE)
async def test_a_rude_node_keeps_nothing(way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        for made in (
            Kubo(base_url=vendor.url, gateway_url=GATEWAY, patience=SHORT),
            Pinata(jwt=TOKEN, gateway_url=GATEWAY, base_url=vendor.url, patience=SHORT),
        ):
            with pytest.raises(Unavailable):
                await made.pin(CONTENT, CID)
            await made.aclose()
    assert "hidden" not in caplog.text


async def test_without_an_address_or_a_token_it_says_so():
    for made, word in (
        (Kubo(base_url=None, gateway_url=GATEWAY), "KUBO_URL"),
        (Pinata(jwt=None, gateway_url=GATEWAY), "PINATA_JWT"),
    ):
        with pytest.raises(NotConfigured, match=word):
            await made.pin(CONTENT, CID)
        await made.aclose()
