"""Connecting an account: all the way, again, another one, somebody else's, and by who may not."""

import asyncio
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from db import tables
from db.tables import ConnectedAccount, JobRow, OAuthSession
from domain.jobs import JobKind
from tests.client import operation
from tests.connections.conftest import CONNECT, PROVIDERS, query_of


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_person_connects_an_account(browser, mina, make, settings, provider):
    page = await browser.leave(mina, provider)
    asked = query_of(page)
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == f"{settings.public_url}/oauth/{provider.lower()}/callback"
    target, said = await browser.come_back(await browser.agree(page))
    assert target == f"{settings.public_url}/oauth/done"
    assert said == {"provider": provider, "status": "CONNECTED"}
    (account,) = await browser.list(mina)
    assert (account["provider"], account["status"]) == (provider, "CONNECTED")
    assert account["username"]
    row = await browser.account(mina, provider)
    assert await browser.history(row) == [(None, "CONNECTED", "CONNECTED")]
    assert (row.generation, row.connections) == (1, 1)
    assert await make.count(OAuthSession, OAuthSession.sealed_verifier.is_not(None)) == 0
    done = await browser.open(f"{target}?status=CONNECTED")
    assert "Your account is connected" in done.text


async def test_what_the_page_shows_is_never_what_the_address_says(browser, settings):
    for said in ("error=<script>alert(1)</script>", "status=<b>x</b>", "provider=evil", "ticket=abc"):
        page = await browser.open(f"{settings.public_url}/oauth/done?{said}")
        assert page.status_code == 200
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert not any(word in page.text for word in ("script>", "<b>", "evil", "abc"))


async def test_the_way_back_leads_where_the_app_said(browser, mina):
    page = await browser.leave(mina, returnTo="backline://connected")
    target, said = await browser.come_back(await browser.agree(page))
    assert (target, said["status"]) == ("backline://connected", "CONNECTED")


async def test_a_person_who_says_no_is_brought_back_with_nothing(browser, mina, counts):
    page = await browser.leave(mina, returnTo="https://app.example/connected")
    before = await counts()
    target, said = await browser.come_back(await browser.agree(page, decision="deny"))
    assert target == "https://app.example/connected"
    assert said == {"provider": "SPOTIFY", "error": "ACCESS_DENIED"}
    assert await counts() == before
    assert await browser.token_calls(grant="authorization_code") == []


async def test_the_same_account_again_keeps_its_row(browser, mina, make):
    first = await browser.connected(mina)
    again = await browser.connected(mina)
    assert (again.id, again.generation, again.connections) == (first.id, 2, 2)
    assert again.sealed_tokens != first.sealed_tokens
    assert again.connected_at > first.connected_at
    assert await browser.history(again) == [(None, "CONNECTED", "CONNECTED")]
    assert await make.count(ConnectedAccount) == await make.count(JobRow) + 1 == 1


async def test_another_account_takes_the_place_of_the_first(browser, mina, make, run_jobs):
    first = await browser.connected(mina, "SERATO", "mina")
    second = await browser.connected(mina, "SERATO", "theo")
    assert second.id != first.id
    assert [account["status"] for account in await browser.list(mina)] == ["CONNECTED"]
    assert await browser.history(first) == [
        (None, "CONNECTED", "CONNECTED"),
        ("CONNECTED", "DISCONNECTED", "REPLACED"),
    ]
    assert await make.count(JobRow, JobRow.kind == JobKind.REVOKE_ACCESS) == 1
    await run_jobs()
    revoked = await browser.sandbox.calls("serato.example", "/oauth/revoke")
    assert revoked
    assert (await browser.row(first)).sealed_tokens is None
    assert (await browser.row(second)).sealed_tokens is not None
    assert (await browser.access(second)).access_token


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_account_that_somebody_has_is_refused(browser, mina, make, counts, provider):
    other = await make.user("other")
    account = await browser.connected(mina, provider)
    page = await browser.leave(other, provider)
    before = await counts()
    _, said = await browser.come_back(await browser.agree(page))
    assert said == {"provider": provider, "error": "CONFLICT"}
    assert await counts() == before
    assert await browser.list(other) == []
    assert (await browser.row(account)).sealed_tokens == account.sealed_tokens
    if provider == "SERATO":
        assert await browser.sandbox.calls("serato.example", "/oauth/revoke")


async def test_of_two_who_connect_one_account_at_once_one_has_it(browser, mina, make):
    other = await make.user("other")
    pages = [await browser.leave(person) for person in (mina, other)]
    addresses = [await browser.agree(page) for page in pages]
    said = [back[1] for back in await asyncio.gather(*(browser.come_back(address) for address in addresses))]
    assert sorted(each.get("status", each.get("error")) for each in said) == ["CONFLICT", "CONNECTED"]
    assert await make.count(ConnectedAccount) == 1


async def test_two_ways_back_of_one_person_at_once_end_in_one_account(browser, mina, make):
    pages = [await browser.leave(mina) for _ in range(2)]
    addresses = [await browser.agree(page) for page in pages]
    said = [back[1] for back in await asyncio.gather(*(browser.come_back(address) for address in addresses))]
    assert [each["status"] for each in said] == ["CONNECTED", "CONNECTED"]
    assert await make.count(ConnectedAccount) == 1
    assert (await browser.account(mina)).connections == 2


@pytest.mark.parametrize("fate", ["signed out", "suspended", "deleted"])
async def test_who_is_gone_meanwhile_connects_nothing(browser, mina, make, counts, fate):
    page = await browser.leave(mina, "SERATO")
    address = await browser.agree(page)
    async with browser.database.transaction() as tx:
        if fate == "signed out":
            await tx.session.execute(update(tables.Session).values(revoked_at=tables.Session.created_at))
        elif fate == "suspended":
            await tx.session.execute(update(tables.User).values(suspended=True))
        else:
            await tx.session.execute(update(tables.User).values(deleted_at=tables.User.created_at))
    before = await counts()
    _, said = await browser.come_back(address)
    assert said == {"provider": "SERATO", "error": "FORBIDDEN"}
    assert await counts() == before
    assert await make.count(ConnectedAccount) == 0
    assert await browser.token_calls("SERATO", "authorization_code") == []


async def test_programs_and_strangers_connect_nothing(browser, mina, make, api, counts):
    made = await api(mina).do(operation("CreateApiToken"), name="A program", scopes=["READ", "PROFILE", "BROADCAST"])
    program = api()
    program.headers = {"authorization": f"Bearer {made['secret']}"}
    before = await counts()
    assert (await program.refused(CONNECT, provider="SPOTIFY"))["code"] == "FORBIDDEN"
    assert (await api().refused(CONNECT, provider="SPOTIFY"))["code"] == "UNAUTHENTICATED"
    assert await counts() == before


async def test_apple_music_has_no_page(api, mina, counts):
    before = await counts()
    error = await api(mina).refused(CONNECT, provider="APPLE_MUSIC")
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["provider"])
    assert "connectAppleMusic" in error["message"]
    assert await counts() == before


async def test_a_person_leaves_ten_times_at_once_and_no_more(api, mina, make):
    outcomes = [
        (await api(mina)(CONNECT, input={"provider": "SPOTIFY"}))["connectAccount"]["userErrors"] for _ in range(11)
    ]
    assert [bool(errors) for errors in outcomes] == [False] * 10 + [True]
    assert outcomes[-1][0]["code"] == "RATE_LIMITED"
    assert await make.count(OAuthSession) == 10


async def test_the_verifier_and_state_are_kept_unreadable(browser, mina):
    page = await browser.leave(mina)
    state = query_of(page)["state"]
    assert len(state) == 43
    async with browser.database.session() as session:
        row = (await session.execute(select(OAuthSession))).scalar_one()
    assert state.encode() not in row.state_hash
    assert row.sealed_verifier
    assert urlsplit(page).fragment == ""


async def test_the_old_address_of_serato_works_too(browser, mina, settings):
    address = await browser.agree(await browser.leave(mina, "SERATO"))
    _, said = await browser.come_back(address.replace("/oauth/serato/callback", "/api/serato/callback"))
    assert said["status"] == "CONNECTED"
