"""Providers that answer badly or not at all, while a code is exchanged and while access is renewed."""

import asyncio

import pytest

from db.tables import ConnectedAccount, Notification
from domain.errors import Unavailable
from tests.connections.conftest import PROVIDERS, TOKEN_PATHS

FAULTS = [
    {"kind": "html"},
    {"kind": "html", "status": 502},
    {"kind": "empty"},
    {"kind": "half_json"},
    {"kind": "huge"},
    {"kind": "drop"},
    {"kind": "drop_after_effect"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "body": '{"error": "invalid_grant"}'},
    {"kind": "status", "status": 200, "body": "[]"},
    {"kind": "status", "status": 200, "body": '{"access_token": 5, "token_type": "Bearer"}'},
    {"kind": "status", "status": 200, "body": '{"access_token": "x y", "token_type": "Bearer", "expires_in": "soon"}'},
    {"kind": "status", "status": 200, "body": '{"access_token": "' + "x" * 5000 + '", "token_type": "Bearer"}'},
]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(str(value)[:30] for value in fault.values()))
async def test_a_bad_answer_to_a_code_connects_nothing(browser, mina, counts, make, fault, provider):
    page = await browser.leave(mina, provider)
    address = await browser.agree(page)
    before = await counts()
    await browser.sandbox.fault(path=TOKEN_PATHS[provider], **fault)
    async with asyncio.timeout(20):
        _, said = await browser.come_back(address)
    assert said == {"provider": provider, "error": "UNAVAILABLE"}
    assert await counts() == before
    assert await make.count(ConnectedAccount) == 0
    await browser.sandbox.calm()
    assert (await browser.connect(mina, provider))["status"] == "CONNECTED"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(str(value)[:30] for value in fault.values()))
async def test_a_bad_answer_to_who_it_is_connects_nothing(browser, mina, counts, fault):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    await browser.sandbox.fault(host="api.spotify.com", path="/v1/me", **fault)
    _, said = await browser.come_back(address)
    assert said["error"] == "UNAVAILABLE"
    assert await counts() == before


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(str(value)[:30] for value in fault.values()))
async def test_a_bad_answer_to_a_renewal_changes_nothing_and_is_not_repeated_at_once(
    browser, mina, make, fault, provider
):
    account = await browser.connected(mina, provider)
    await browser.grow_old(account)
    await browser.sandbox.fault(path=TOKEN_PATHS[provider], **fault)
    outcomes = await asyncio.gather(*(browser.access(account) for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert len(await browser.token_calls(provider)) == 1
    row = await browser.row(account)
    assert (row.status, row.generation, row.sealed_tokens) == ("CONNECTED", 1, account.sealed_tokens)
    assert await make.count(Notification) == 0


async def test_a_renewal_works_again_when_the_provider_does(browser, mina):
    account = await browser.connected(mina)
    await browser.grow_old(account)
    await browser.sandbox.fault(path="/api/token", kind="status", status=503)
    with pytest.raises(Unavailable):
        await browser.access(account)
    await browser.sandbox.calm()
    with pytest.raises(Unavailable):
        await browser.access(account)
    await browser.change(account, renewing_until=None)
    assert (await browser.access(account)).generation == 2


async def test_a_provider_that_takes_too_long_is_given_up(browser, mina, counts):
    address = await browser.agree(await browser.leave(mina))
    before = await counts()
    await browser.sandbox.fault(path="/api/token", kind="delay", seconds=60)
    async with asyncio.timeout(16):
        _, said = await browser.come_back(address)
    assert said["error"] == "UNAVAILABLE"
    assert await counts() == before


async def test_a_refresh_token_that_was_lost_on_the_way_ends_in_needs_reconnect(browser, mina):
    """Serato's refresh token counts once: when its answer is lost, only the person can help, and is told."""
    account = await browser.connected(mina, "SERATO")
    await browser.grow_old(account)
    await browser.sandbox.fault(path="/oauth/token", kind="drop_after_effect", times=1)
    with pytest.raises(Unavailable):
        await browser.access(account)
    await browser.change(account, renewing_until=None)
    with pytest.raises(Exception, match="Connect your account again"):
        await browser.access(account)
    assert (await browser.list(mina))[0]["status"] == "NEEDS_RECONNECT"
