"""Others' public keys: fetched once, kept for a while, and only those that fit open anything."""

from __future__ import annotations

import asyncio

import pytest
from starlette.responses import JSONResponse

from domain.errors import Unauthenticated, Unavailable
from integrations.http import Line
from integrations.remote_keys import RemoteKeys
from tests.integrations.issuer import EC, RSA, WEAK, Issuer
from tests.integrations.vendor import RUDE, SHORT, broken, scripted

KEYS = "/keys"
ISSUER = Issuer("ES256", EC, {"iss": "us", "aud": "app-1", "sub": "hidden"})


def make(line, **more):
    return RemoteKeys(line, KEYS, algorithm="ES256", issuer="us", audience="app-1", **more)


@pytest.fixture
async def vendor():
    async with scripted() as vendor:
        vendor.says[KEYS] = ISSUER.jwks()
        vendor.line = Line("Issuer", vendor.url)
        vendor.keys = make(vendor.line)
        yield vendor
        await vendor.keys.aclose()
        await vendor.line.aclose()


async def test_keys_are_fetched_once_for_everybody(vendor):
    await asyncio.gather(*(vendor.keys.read(ISSUER.token()) for _ in range(20)))
    assert vendor.paths() == [KEYS]


async def test_unknown_keys_make_us_ask_at_most_twice_a_minute(vendor):
    await vendor.keys.read(ISSUER.token())
    stranger = ISSUER.token(key=EC[1], kid="two")
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await vendor.keys.read(stranger)
    assert len(vendor.seen) == 1


async def test_new_keys_are_found_before_the_old_ones_end(vendor):
    keys = make(vendor.line, unknown_seconds=0.2)
    await keys.read(ISSUER.token())
    vendor.says[KEYS] = ISSUER.jwks(one=EC[0], two=EC[1])
    await asyncio.sleep(0.2)
    assert await keys.read(ISSUER.token(key=EC[1], kid="two"))
    assert await keys.read(ISSUER.token())
    assert len(vendor.seen) == 2


async def test_keys_that_are_gone_count_no_more(vendor):
    keys = make(vendor.line, kept_seconds=0.1)
    await keys.read(ISSUER.token())
    vendor.says[KEYS] = ISSUER.jwks(two=EC[1])
    await asyncio.sleep(0.1)
    with pytest.raises(Unauthenticated):
        await keys.read(ISSUER.token())


def keys_of(*listed):
    return {"keys": [{"kid": "one", **each} for each in listed]}


PUBLIC = EC[0].as_dict(private=False)
USELESS = [
    keys_of(),
    keys_of(PUBLIC | {"use": "enc"}),
    keys_of(PUBLIC | {"alg": "ES384"}),
    keys_of(PUBLIC | {"crv": "P-384"}),
    keys_of(PUBLIC | {"x": "AAAA"}),
    keys_of(PUBLIC | {"kid": None}),
    keys_of(WEAK.as_dict(private=False)),
    keys_of(RSA[0].as_dict(private=False)),
    keys_of({"kty": "oct", "k": "c2VjcmV0"}),
    keys_of({}),
]


@pytest.mark.parametrize("published", USELESS)
async def test_keys_of_other_kinds_open_nothing(vendor, published):
    vendor.says[KEYS] = published
    with pytest.raises(Unauthenticated):
        await vendor.keys.read(ISSUER.token())


@pytest.mark.parametrize("said", [{"keys": "hidden"}, {"keys": [7]}, {"keys": [{"kty": 7}]}, JSONResponse({}, 404)])
async def test_keys_that_cannot_be_read(vendor, said, caplog):
    vendor.says[KEYS] = said
    with pytest.raises(Unavailable):
        await vendor.keys.read(ISSUER.token())
    vendor.says[KEYS] = ISSUER.jwks()
    assert await vendor.keys.read(ISSUER.token())
    assert "hidden" not in caplog.text


async def test_who_stops_waiting_does_not_stop_the_others():
    async with broken(RUDE["silence"]()) as vendor:
        line = Line("Issuer", vendor.url, patience=SHORT)
        keys = make(line)
        first, second = (asyncio.create_task(keys.read(ISSUER.token())) for _ in range(2))
        await asyncio.sleep(0.1)
        first.cancel()
        with pytest.raises(Unavailable):
            await second
        assert (first.cancelled(), vendor.asked) == (True, 1)
        third = asyncio.create_task(keys.read(ISSUER.token()))
        await asyncio.sleep(0.1)
        await keys.aclose()
        with pytest.raises(asyncio.CancelledError):
            await third
        await line.aclose()
