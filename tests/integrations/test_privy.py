"""Privy's tokens: the twin's, and every wrong one that could be thought of."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest
from starlette.responses import Response

from domain.errors import NotConfigured, RateLimited, Unauthenticated, Unavailable
from integrations.privy import Privy
from tests.integrations.issuer import EC, Issuer
from tests.integrations.vendor import RUDE, SHORT, broken, scripted
from tests.sandbox.process import registration

APP = "app-1"
KEYS = f"/api/v1/apps/{APP}/jwks.json"
DID = "did:privy:cm1x9hidden"
ISSUER = Issuer("ES256", EC, {"iss": "privy.io", "aud": APP, "sub": DID})
EMAIL, PHONE = {"type": "email", "address": "Mina@Example.COM"}, {"type": "phone", "number": "+49 151 12345678"}


@pytest.fixture
async def vendor():
    async with scripted() as vendor:
        vendor.says[KEYS] = ISSUER.jwks()
        vendor.privy = Privy(app_id=APP, base_url=vendor.url)
        yield vendor
        await vendor.privy.aclose()


@pytest.fixture
async def privy(twins):
    made = Privy(app_id=registration().privy_app_id, base_url=twins.at("auth.privy.io"))
    yield made
    await made.aclose()


def mint(twins, **wanted):
    return twins.control("POST", "/privy/tokens", wanted)


async def test_the_twins_tokens_say_who_somebody_is(privy, twins):
    made = await mint(twins, email="mina@example.com", phone="+4915112345678")
    profile = await privy.read(made["access_token"])
    assert (profile.subject, profile.email, profile.phone) == (made["did"], None, None)
    profile = await privy.read(made["access_token"], made["identity_token"])
    assert (profile.subject, profile.email, profile.phone) == (made["did"], "mina@example.com", "+4915112345678")
    assert len(await twins.calls("auth.privy.io")) == 1


async def test_the_twins_wrong_tokens_do_not_hold(privy, twins):
    good = await mint(twins)
    wrongs = [
        {"app_id": "other"},
        {"issuer": "evil.io"},
        {"expires_in": -60},
        {"alg": "none"},
        {"alg": "HS256"},
        {"key": "wrong"},
        {"kid": "unknown"},
    ]
    for wrong in wrongs:
        made = await mint(twins, did=good["did"], email="mina@example.com", **wrong)
        for tokens in ((made["access_token"],), (good["access_token"], made["identity_token"])):
            with pytest.raises(Unauthenticated):
                await privy.read(*tokens)
    other = await mint(twins)
    with pytest.raises(Unauthenticated):
        await privy.read(good["access_token"], other["identity_token"])
    assert (await privy.read(good["access_token"])).subject == good["did"]


@pytest.mark.parametrize("wrong", ISSUER.forgeries())
async def test_wrong_tokens_do_not_hold(vendor, wrong, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    token = ISSUER.forgeries()[wrong]
    for tokens in ((token,), (ISSUER.token(), token)):
        with pytest.raises(Unauthenticated) as refusal:
            await vendor.privy.read(*tokens)
        assert "hidden" not in caplog.text + str(refusal.value)
    assert len(vendor.seen) <= 1


@pytest.mark.parametrize("sub", ["mina", "did:privy:", "did:web:x", "did:privy:a b", "did:privy:" + "a" * 101])
async def test_a_name_that_is_none_of_privys(vendor, sub):
    with pytest.raises(Unauthenticated):
        await vendor.privy.read(ISSUER.token(sub=sub))


async def test_an_identity_token_lets_nobody_in(vendor):
    with pytest.raises(Unauthenticated):
        await vendor.privy.read(ISSUER.token(linked_accounts=[]))


async def test_clocks_may_be_half_a_minute_apart(vendor):
    now = int(time.time())
    for times in ({"exp": now - 20, "iat": now - 3600}, {"iat": now + 20, "exp": now + 3600}):
        assert (await vendor.privy.read(ISSUER.token(**times))).subject == DID


LISTS = [
    ([EMAIL, PHONE], ("mina@example.com", "+4915112345678")),
    (json.dumps([EMAIL, PHONE]), ("mina@example.com", "+4915112345678")),
    ([{"type": "phone", "phone_number": "+4915112345678"}], (None, "+4915112345678")),
    ([{"type": "phone", "phoneNumber": "+4915112345678"}], (None, "+4915112345678")),
    ([{"type": "email", "address": "no address"}, EMAIL], ("mina@example.com", None)),
    ([{"type": "google_oauth", "email": "mina@example.com", "address": "mina@example.com"}], (None, None)),
    ([{"type": "wallet", "address": "0x1"}], (None, None)),
    ([{"type": "phone", "number": "+1900"}], (None, None)),
    ([{"type": "email", "address": 7}, {"type": "email"}, "email", None, []], (None, None)),
    ({"type": "email"}, (None, None)),
    ("no json", (None, None)),
    ('{"type": "email", "address": "mina@example.com"}', (None, None)),
    (None, (None, None)),
    ([{"type": "wallet"}] * 100 + [EMAIL], (None, None)),
]


@pytest.mark.parametrize(("listed", "expected"), LISTS)
async def test_addresses_that_privy_has_proved(vendor, listed, expected):
    profile = await vendor.privy.read(ISSUER.token(), ISSUER.token(linked_accounts=listed))
    assert (profile.email, profile.phone) == expected


async def test_too_often(vendor):
    vendor.says[KEYS] = Response("", 429)
    with pytest.raises(RateLimited):
        await vendor.privy.read(ISSUER.token())


@pytest.mark.parametrize("way", RUDE)
async def test_a_rude_privy_lets_nobody_in(way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        privy = Privy(app_id=APP, base_url=vendor.url, patience=SHORT)
        asking = [privy.read(ISSUER.token()) for _ in range(3)]
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        await privy.aclose()
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert vendor.asked == 1
    assert "hidden" not in caplog.text


async def test_without_an_app_it_says_so():
    privy = Privy(app_id=None)
    with pytest.raises(NotConfigured, match="PRIVY_APP_ID"):
        await privy.read("x")
    await privy.aclose()
