"""Signing in by way of a provider's page: tickets that count once, for the app that began, and whose they are."""

import asyncio

import pytest
from sqlalchemy import select, text, update

from db import tables
from db.tables import ConnectedAccount, Identity, OAuthSession, Session, User
from domain.accounts import Channel
from tests.connections.conftest import ACCOUNTS, BEGIN, SIGN_IN, VERIFIER, challenge_of, query_of

OTHER = "another-apps-verifier-" + "w" * 43


def shown(ticket, verifier=VERIFIER):
    return {"oauth": {"ticket": ticket, "codeVerifier": verifier}}


async def identities(browser, user_id=None):
    async with browser.database.session() as session:
        statement = select(Identity.channel, Identity.address, Identity.user_id).order_by(Identity.id)
        rows = (await session.execute(statement)).all()
    return [(row.channel.value, row.address) for row in rows if user_id in {None, row.user_id}]


@pytest.mark.parametrize("provider", ["SPOTIFY", "APPLE"])
async def test_a_stranger_becomes_a_person_and_comes_back_as_the_same(browser, make, provider):
    first = await browser.enter(provider=provider)
    again = await browser.enter(provider=provider)
    assert (first["isNewUser"], again["isNewUser"]) == (True, False)
    assert first["session"]["user"]["id"] == again["session"]["user"]["id"]
    other = await browser.enter("theo", provider)
    assert other["isNewUser"] is True
    assert await make.count(User) == 2
    assert await make.count(ConnectedAccount) == 0


async def test_signing_in_asks_for_the_least_and_keeps_no_token(browser, make, database):
    asked = query_of(await browser.begin())
    assert asked["scope"] == "user-read-private"
    assert asked["code_challenge"] != challenge_of(VERIFIER)
    await browser.enter()
    assert await make.count(OAuthSession, OAuthSession.sealed_profile.is_not(None)) == 0
    assert await make.count(ConnectedAccount) == 0


async def test_the_session_works(browser, api):
    session = (await browser.enter())["session"]
    client = api()
    client.headers = {"authorization": f"Bearer {session['accessToken']}"}
    assert (await client(ACCOUNTS))["viewer"]["connectedAccounts"] == []


async def test_a_ticket_counts_once(browser, api, make):
    ticket = await browser.ticket()
    await api().do(SIGN_IN, **shown(ticket))
    error = await api().refused(SIGN_IN, **shown(ticket))
    assert (error["code"], error["field"]) == ("EXPIRED", ["oauth", "ticket"])
    assert await make.count(Session) == 1


async def test_of_ten_who_show_one_ticket_at_once_one_gets_in(browser, api, make):
    ticket = await browser.ticket()
    answers = await asyncio.gather(*(api()(SIGN_IN, input=shown(ticket)) for _ in range(10)))
    assert sum(bool(answer["signIn"]["session"]) for answer in answers) == 1
    assert await make.count(User) == await make.count(Session) == 1


async def test_a_ticket_without_its_verifier_opens_nothing_and_is_spent(browser, api, make):
    ticket = await browser.ticket()
    error = await api().refused(SIGN_IN, **shown(ticket, OTHER))
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["oauth", "codeVerifier"])
    assert (await api().refused(SIGN_IN, **shown(ticket)))["code"] == "EXPIRED"
    assert await make.count(User) == await make.count(Session) == 0
    assert await make.count(OAuthSession, OAuthSession.sealed_profile.is_not(None)) == 0


@pytest.mark.parametrize(
    "verifier", ["", "short", "v" * 42, "v" * 129, "v" * 42 + " ", "v" * 42 + "é", "v" * 43 + "\n"]
)
async def test_what_cannot_be_a_verifier_spends_nothing(browser, api, verifier):
    ticket = await browser.ticket()
    error = await api().refused(SIGN_IN, **shown(ticket, verifier))
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["oauth", "codeVerifier"])
    await api().do(SIGN_IN, **shown(ticket))


async def test_the_challenge_is_no_verifier(browser, api):
    """Who sees the first request of the app sees the challenge."""
    ticket = await browser.ticket()
    error = await api().refused(SIGN_IN, **shown(ticket, challenge_of(VERIFIER)))
    assert error["code"] == "INVALID_INPUT"


async def test_a_ticket_that_is_too_old_is_refused(browser, api, make):
    ticket = await browser.ticket()
    async with browser.database.transaction() as tx:
        await tx.session.execute(text("UPDATE oauth_sessions SET ticket_expires_at = now() - interval '1 second'"))
    assert (await api().refused(SIGN_IN, **shown(ticket)))["code"] == "EXPIRED"
    assert await make.count(User) == 0


@pytest.mark.parametrize("ticket", ["", "x", "x" * 43, "x" * 10_000, "é" * 43])
async def test_tickets_that_nobody_made_are_refused(api, make, ticket):
    error = await api().refused(SIGN_IN, **shown(ticket))
    assert (error["code"], error["field"]) == ("EXPIRED", ["oauth", "ticket"])
    assert await make.count(User) == 0


async def test_the_state_is_no_ticket_and_neither_is_a_code(browser, api, make):
    address = await browser.agree(await browser.begin())
    for value in (query_of(address)["state"], query_of(address)["code"]):
        assert (await api().refused(SIGN_IN, **shown(value)))["code"] == "EXPIRED"
    assert await make.count(User) == 0


@pytest.mark.parametrize(
    "challenge", ["", "short", "c" * 42, "c" * 44, "c" * 42 + "=", "c" * 42 + "+", "c" * 42 + "\n"]
)
async def test_a_challenge_must_be_one(api, make, challenge):
    error = await api().refused(BEGIN, provider="SPOTIFY", codeChallenge=challenge)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["codeChallenge"])
    assert await make.count(OAuthSession) == 0


async def test_nobody_is_sent_elsewhere_with_a_ticket(api, make):
    asked = {"provider": "SPOTIFY", "codeChallenge": challenge_of(VERIFIER)}
    error = await api().refused(BEGIN, **asked, returnTo="https://app.example.evil.example/connected")
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["returnTo"])
    assert await make.count(OAuthSession) == 0


async def test_a_no_and_a_wrong_code_end_without_a_ticket(browser, make):
    _, said = await browser.come_back(await browser.agree(await browser.begin(), decision="deny"))
    assert said == {"provider": "SPOTIFY", "error": "ACCESS_DENIED"}
    action, fields = await browser.agree_at_apple(await browser.begin("APPLE"), decision="deny")
    answer = await browser.http.post(action, data=fields, follow_redirects=False)
    assert query_of(answer.headers["location"]) == {"provider": "APPLE", "error": "ACCESS_DENIED"}
    action, fields = await browser.agree_at_apple(await browser.begin("APPLE"))
    answer = await browser.http.post(action, data=fields | {"code": "x" * 60}, follow_redirects=False)
    assert query_of(answer.headers["location"]) == {"provider": "APPLE", "error": "EXPIRED"}
    assert await make.count(OAuthSession, OAuthSession.ticket_hash.is_not(None)) == 0


async def test_a_code_of_another_sign_in_at_apple_is_refused(browser, make):
    _, stolen = await browser.agree_at_apple(await browser.begin("APPLE"), "theo")
    action, fields = await browser.agree_at_apple(await browser.begin("APPLE"), "mina")
    injected = fields | {"code": stolen["code"]}
    answer = await browser.http.post(action, data=injected, follow_redirects=False)
    assert query_of(answer.headers["location"]) == {"provider": "APPLE", "error": "EXPIRED"}
    assert await make.count(OAuthSession, OAuthSession.ticket_hash.is_not(None)) == 0


async def test_signing_in_and_connecting_are_two_things(browser, make, mina):
    """The state of one purpose cannot end in the other: what it is for is in its row."""
    page = await browser.leave(mina)
    _, said = await browser.come_back(await browser.agree(page))
    assert "ticket" not in said
    _, said = await browser.come_back(await browser.agree(await browser.begin(), "theo"))
    assert "status" not in said
    assert await make.count(ConnectedAccount) == 1


# Whose it is


async def set_apple(browser, user, **facts):
    await browser.sandbox.control("POST", "/apple_id/users", json={"id": user, **facts})


async def test_a_verified_address_joins(browser, make):
    mina = await make.user("mina", email="mina@example.com")
    await set_apple(browser, "mina", email="Mina@Example.com", email_verified=True)
    entered = await browser.enter(provider="APPLE")
    assert (entered["isNewUser"], entered["session"]["user"]["id"]) == (False, mina.wire)
    assert [channel for channel, _ in await identities(browser, mina.id)] == ["EMAIL", "APPLE"]
    # From now on the subject decides, whatever the address becomes.
    await set_apple(browser, "mina", email="other@example.com", email_verified=True)
    await make.user("other", email="other@example.com")
    assert (await browser.enter(provider="APPLE"))["session"]["user"]["id"] == mina.wire


async def test_an_address_that_is_not_verified_joins_nobody(browser, make):
    mina = await make.user("mina", email="mina@example.com")
    await set_apple(browser, "mina", email="mina@example.com", email_verified=False)
    entered = await browser.enter(provider="APPLE")
    assert entered["isNewUser"] is True
    assert entered["session"]["user"]["id"] != mina.wire
    assert len(await identities(browser, mina.id)) == 1


async def test_spotifys_address_joins_nobody(browser, make):
    mina = await make.user("mina", email="mina@example.com")
    await browser.sandbox.control("POST", "/spotify/users", json={"id": "mina", "email": "mina@example.com"})
    entered = await browser.enter()
    assert entered["isNewUser"] is True
    assert entered["session"]["user"]["id"] != mina.wire
    assert ("EMAIL", "mina@example.com") in await identities(browser, mina.id)
    assert await make.count(Identity, Identity.channel == Channel.EMAIL) == 1


async def test_a_new_person_has_the_verified_address_too(browser, make):
    await set_apple(browser, "mina", email="mina@example.com", email_verified=True)
    await browser.enter(provider="APPLE")
    assert sorted(channel for channel, _ in await identities(browser)) == ["APPLE", "EMAIL"]


async def test_two_ways_back_of_one_new_person_at_once_make_one(browser, api, make):
    await set_apple(browser, "mina", email="mina@example.com", email_verified=True)
    tickets = [await browser.ticket(provider=provider) for provider in ("APPLE", "APPLE", "APPLE")]
    answers = await asyncio.gather(*(api().do(SIGN_IN, **shown(ticket)) for ticket in tickets))
    assert len({answer["session"]["user"]["id"] for answer in answers}) == 1
    assert sum(answer["isNewUser"] for answer in answers) == 1
    assert await make.count(User) == 1
    assert await make.count(Session) == 3


async def test_connecting_and_signing_in_at_once_stay_apart(browser, api, make):
    for user in ("mina", "theo", "kofi"):
        person = await make.user()
        address, ticket = await browser.agree(await browser.leave(person), user), await browser.ticket(user)
        (_, said), entered = await asyncio.gather(browser.come_back(address), api().do(SIGN_IN, **shown(ticket)))
        assert said["status"] == "CONNECTED"
        assert entered["isNewUser"] is True
        again = await browser.enter(user)
        assert (again["isNewUser"], again["session"]["user"]) == (False, entered["session"]["user"])
    assert await make.count(Identity, Identity.channel == Channel.SPOTIFY) == 3


@pytest.mark.parametrize("facts", [{"suspended": True}, {"deleted_at": User.created_at}], ids=["suspended", "deleted"])
async def test_who_may_not_be_here_stays_out(browser, api, make, facts):
    await browser.enter()
    ticket = await browser.ticket()
    async with browser.database.transaction() as tx:
        await tx.session.execute(update(tables.User).values(**facts))
    assert (await api().refused(SIGN_IN, **shown(ticket)))["code"] == "FORBIDDEN"
    assert (await api().refused(SIGN_IN, **shown(ticket)))["code"] == "EXPIRED"
    assert await make.count(Session) == 1


async def test_a_caller_leaves_twenty_times_at_once_and_no_more(api, make):
    asked = {"provider": "SPOTIFY", "codeChallenge": challenge_of(VERIFIER)}
    answers = [(await api()(BEGIN, input=asked))["beginOAuthSignIn"]["userErrors"] for _ in range(21)]
    assert [error["code"] for errors in answers for error in errors] == ["RATE_LIMITED"]
    assert await make.count(OAuthSession) == 20
