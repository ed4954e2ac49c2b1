"""Adding ways to sign in: by who began it alone, and never by connecting."""

import asyncio

from db import tables
from db.tables import Identity, User
from domain.accounts import ApiScope
from tests.client import operation
from tests.connections.conftest import SIGN_IN, VERIFIER, query_of

ADD = """mutation ($input: AddSignInMethodInput!) {
  addSignInMethod(input: $input) { signInMethods userErrors { code field message } }
}"""
METHODS = "{ viewer { signInMethods } }"
TOKEN = operation("CreateApiToken")


def shown(ticket, verifier=VERIFIER):
    return {"oauth": {"ticket": ticket, "codeVerifier": verifier}}


async def methods(api, person):
    return (await api(person)(METHODS))["viewer"]["signInMethods"]


async def test_an_account_elsewhere_is_added_and_lets_its_person_in(browser, api, make):
    mina = await make.user("mina")
    assert await methods(api, mina) == ["EMAIL"]
    added = await api(mina).do(ADD, **shown(await browser.ticket("mina", "SPOTIFY")))
    assert added["signInMethods"] == ["EMAIL", "SPOTIFY"]
    await api(mina).do(ADD, **shown(await browser.ticket("mina", "APPLE")))
    assert await methods(api, mina) == ["EMAIL", "SPOTIFY", "APPLE"]
    for provider in ("SPOTIFY", "APPLE"):
        entered = await browser.enter("mina", provider)
        assert (entered["isNewUser"], entered["session"]["user"]["id"]) == (False, mina.wire)
    assert await make.count(User) == 1


async def test_twice_changes_nothing(browser, api, make):
    mina = await make.user("mina")
    for _ in range(2):
        added = await api(mina).do(ADD, **shown(await browser.ticket("mina")))
        assert added["signInMethods"] == ["EMAIL", "SPOTIFY"]
    assert await make.count(Identity) == 2


async def test_what_somebody_else_signs_in_with_is_refused(browser, api, make):
    await browser.enter("theo")
    mina = await make.user("mina")
    error = await api(mina).refused(ADD, **shown(await browser.ticket("theo")))
    assert error["code"] == "CONFLICT"
    assert await methods(api, mina) == ["EMAIL"]


async def test_of_two_who_add_the_same_at_once_one_gets_it(browser, api, make):
    people = [await make.user() for _ in range(2)]
    tickets = [await browser.ticket("kofi") for _ in people]
    asked = [api(person)(ADD, input=shown(ticket)) for person, ticket in zip(people, tickets, strict=True)]
    payloads = [answer["addSignInMethod"] for answer in await asyncio.gather(*asked)]
    assert sorted(len(payload["userErrors"]) for payload in payloads) == [0, 1]
    assert await make.count(Identity, Identity.channel == "SPOTIFY") == 1


async def test_a_ticket_of_another_app_adds_nothing(browser, api, make):
    mina = await make.user("mina")
    ticket = await browser.ticket("theo")
    error = await api(mina).refused(ADD, **shown(ticket, "somebody-elses-verifier-" + "x" * 43))
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["oauth", "codeVerifier"])
    # It is spent: who found it cannot try on.
    assert (await api(mina).refused(ADD, **shown(ticket)))["code"] == "EXPIRED"
    assert await make.count(Identity) == 1


async def test_a_program_may_not(browser, api, make):
    mina = await make.user("mina")
    made = await api(mina).do(TOKEN, name="A bot", scopes=[ApiScope.PROFILE])
    bot = api()
    bot.headers = {"authorization": f"Bearer {made['secret']}"}
    ticket = await browser.ticket("mina")
    assert (await bot.refused(ADD, **shown(ticket)))["code"] == "FORBIDDEN"
    # Nothing is spent: the person can still use it.
    await api(mina).do(ADD, **shown(ticket))


async def test_privy_is_added(api, make, sandbox):
    mina = await make.user("mina")
    made = await sandbox.control("POST", "/privy/tokens", json={"did": "did:privy:mina1"})
    tokens = {"accessToken": made["access_token"]}
    assert (await api(mina).do(ADD, privy=tokens))["signInMethods"] == ["EMAIL", "PRIVY"]
    entered = await api().do(SIGN_IN, privy=tokens)
    assert entered["session"]["user"]["id"] == mina.wire


async def test_connecting_adds_no_way_to_sign_in(browser, api, make):
    """Somebody may be talked into finishing another one's round trip: their account must not open that one's door."""
    mallory = await make.user("mallory")
    page = await browser.leave(mallory)
    assert query_of(page)["show_dialog"] == "true"
    await browser.come_back(await browser.agree(page, "mina"))
    assert await methods(api, mallory) == ["EMAIL"]
    entered = await browser.enter("mina")
    assert entered["isNewUser"] is True
    assert entered["session"]["user"]["id"] != mallory.wire
    assert await make.count(tables.ConnectedAccount) == 1
