"""Access that holds: renewed once however many ask, taken over when somebody dies, ended when the provider says so."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from db.queries import connections
from db.tables import ConnectedAccount, Notification
from domain.connections import CLAIM_SECONDS, AccessEnded
from domain.errors import ErrorCode, NotFound, RateLimited, Unavailable
from resolvers.connections.access import end_access, open_within
from resolvers.connections.tokens import unseal
from tests.client import Api, operation
from tests.connections.conftest import PROVIDERS, REFRESH
from tests.fleet import Fleet

NOTIFICATIONS = operation("Notifications")


async def test_fresh_access_asks_nobody(browser, mina):
    account = await browser.connected(mina)
    access = await browser.access(account)
    assert (access.account_id, access.provider, access.generation) == (account.id, "SPOTIFY", 1)
    assert access.access_token not in repr(access)
    assert await browser.token_calls() == []


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_access_that_ends_soon_is_renewed_first(browser, mina, provider):
    account = await browser.connected(mina, provider)
    before = unseal(browser.services.cipher, account)
    await browser.change(account, expires_at=datetime.now(UTC) + timedelta(seconds=30))
    access = await browser.access(account)
    assert access.generation == 2
    assert access.access_token != before.access_token
    after = unseal(browser.services.cipher, await browser.row(account))
    # Serato's refresh tokens change each time, Spotify's stay.
    assert (after.refresh_token != before.refresh_token) is (provider == "SERATO")
    assert len(await browser.token_calls(provider)) == 1


async def test_a_refresh_token_that_spotify_replaces_is_replaced_here(browser, mina):
    account = await browser.connected(mina)
    before = unseal(browser.services.cipher, account)
    await browser.sandbox.control("POST", "/spotify/users/mina/rotate", json={"on": True})
    for _ in range(3):
        await browser.grow_old(account)
        await browser.access(account)
    row = await browser.row(account)
    assert unseal(browser.services.cipher, row).refresh_token != before.refresh_token
    assert row.generation == 4


async def test_a_token_that_was_not_taken_is_renewed_once_for_all_who_say_so(browser, mina):
    account = await browser.connected(mina)
    accesses = await asyncio.gather(*(browser.access(account, after=1) for _ in range(10)))
    assert {access.generation for access in accesses} == {2}
    assert len(await browser.token_calls()) == 1
    assert (await browser.access(account, after=1)).generation == 2
    assert len(await browser.token_calls()) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_twenty_who_need_it_at_once_share_one_renewal(browser, mina, provider):
    account = await browser.connected(mina, provider)
    await browser.grow_old(account)
    accesses = await asyncio.gather(*(browser.access(account) for _ in range(20)))
    assert len({access.access_token for access in accesses}) == 1
    assert len(await browser.token_calls(provider)) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_twenty_refreshes_at_once_over_two_processes_make_one_call(
    browser, mina, environment, settings, provider
):
    """C18."""
    account = await browser.connected(mina, provider)
    fleet = Fleet(environment)
    try:
        other = await fleet.start("web")
        clients = [Api(url, mina.token) for url in (settings.public_url, other.url)]
        # Slow enough that all of them are there before it answers.
        await browser.sandbox.fault(kind="delay", seconds=1.0, path="*token")
        wire = {"accountId": f"account_{account.id}"}
        payloads = await asyncio.gather(*(clients[place % 2].do(REFRESH, **wire) for place in range(20)))
    finally:
        await fleet.end()
    assert {payload["connectedAccount"]["status"] for payload in payloads} == {"CONNECTED"}
    assert len(await browser.token_calls(provider)) == 1
    row = await browser.row(account)
    assert (row.generation, row.renewing_until) == (2, None)


async def test_who_asks_again_within_ten_seconds_is_given_the_last(browser, mina, api):
    account = await browser.connected(mina)
    wire = {"accountId": f"account_{account.id}"}
    await api(mina).do(REFRESH, **wire)
    await api(mina).do(REFRESH, **wire)
    assert len(await browser.token_calls()) == 1
    await browser.change(account, connected_at=func.now() - timedelta(minutes=1))
    await browser.change(account, renewed_at=func.now() - timedelta(seconds=11))
    await api(mina).do(REFRESH, **wire)
    assert len(await browser.token_calls()) == 2


async def test_a_renewal_goes_on_without_who_began_it(browser, mina):
    """An operation ends after 5 s; what the provider says afterwards must not be lost."""
    account = await browser.connected(mina, "SERATO")
    await browser.grow_old(account)
    await browser.sandbox.fault(kind="delay", seconds=0.8, path="/oauth/token", times=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(browser.access(account), 0.3)
    access = await browser.access(account)
    assert access.generation == 2
    assert len(await browser.token_calls("SERATO")) == 1


async def test_who_dies_over_a_renewal_is_followed_by_another(browser, mina):
    account = await browser.connected(mina)
    await browser.grow_old(account)
    async with browser.database.transaction() as tx:
        fence = await connections.claim_renewal(tx.session, account.id, 1, seconds=1.0)
        assert await connections.claim_renewal(tx.session, account.id, 1, seconds=1.0) is None
    with pytest.raises(Unavailable):
        await open_within(browser.database, browser.services, account.id, after=None, seconds=0.2)
    assert await browser.token_calls() == []
    assert (await browser.access(account)).generation == 2
    assert len(await browser.token_calls()) == 1
    # The dead come back too late.
    row = await browser.row(account)
    async with browser.database.transaction() as tx:
        held = connections.Held(b"late", (), None)
        assert await connections.record_renewal(tx.session, account.id, fence, held) is False
    assert (await browser.row(account)).sealed_tokens == row.sealed_tokens


async def test_a_process_that_is_killed_over_a_renewal_is_followed_by_another(browser, mina, environment):
    account = await browser.connected(mina)
    fleet = Fleet(environment)
    try:
        doomed = await fleet.start("web")
        await browser.sandbox.fault(kind="delay", seconds=60, path="/api/token", times=1)
        asked = asyncio.create_task(Api(doomed.url, mina.token).answer(REFRESH, {"input": wire_of(account)}))
        while not await browser.token_calls():
            await asyncio.sleep(0.02)
        await doomed.kill()
        await asyncio.gather(asked, return_exceptions=True)
    finally:
        await fleet.end()
    began = asyncio.get_running_loop().time()
    access = await browser.access(account, after=1)
    took = asyncio.get_running_loop().time() - began
    assert access.generation == 2
    assert CLAIM_SECONDS - 3 < took < CLAIM_SECONDS + 4


async def test_access_that_was_revoked_at_the_provider_waits_for_its_person(browser, mina, api, make):
    account = await browser.connected(mina)
    await browser.sandbox.control("POST", "/spotify/users/mina/revoke")
    outcomes = await asyncio.gather(*(browser.access(account, after=1) for _ in range(5)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {AccessEnded}
    assert len(await browser.token_calls()) == 1
    (seen,) = await browser.list(mina)
    assert seen["status"] == "NEEDS_RECONNECT"
    news = (await api(mina)(NOTIFICATIONS, first=5))["viewer"]
    assert news["unreadNotificationCount"] == 1
    (told,) = news["notifications"]["nodes"]
    assert told["kind"] == "ACCOUNT_NEEDS_RECONNECT"
    assert told["subject"] == {"__typename": "ConnectedAccount", "id": f"account_{account.id}"}
    assert "Spotify" in told["title"]
    error = await api(mina).refused(REFRESH, **wire_of(account))
    assert error["code"] == "EXPIRED"
    assert len(await browser.token_calls()) == 1
    assert (await browser.history(account))[1:] == [("CONNECTED", "NEEDS_RECONNECT", "ACCESS_ENDED")]


async def test_reconnecting_keeps_the_row_and_a_second_loss_is_told_again(browser, mina, api, make):
    account = await browser.connected(mina)
    await browser.sandbox.control("POST", "/spotify/users/mina/revoke")
    with pytest.raises(AccessEnded):
        await browser.access(account, after=1)
    again = await browser.connected(mina)
    assert (again.id, again.status, again.generation) == (account.id, "CONNECTED", 2)
    assert (await api(mina)(NOTIFICATIONS, first=5))["viewer"]["unreadNotificationCount"] == 0
    await browser.sandbox.control("POST", "/spotify/users/mina/revoke")
    with pytest.raises(AccessEnded):
        await browser.access(account, after=2)
    news = (await api(mina)(NOTIFICATIONS, first=5))["viewer"]
    assert news["unreadNotificationCount"] == len(news["notifications"]["nodes"]) == 1
    moves = [move[:2] for move in await browser.history(account)]
    lost = ("CONNECTED", "NEEDS_RECONNECT")
    assert moves == [(None, "CONNECTED"), lost, lost[::-1], lost]


async def test_a_loss_is_heard_live(browser, mina, api):
    account = await browser.connected(mina)
    async with api(mina).subscribe(operation("NotificationReceived")) as stream:
        await asyncio.sleep(0.5)
        await end_access(browser.database, await browser.access(account))
        received = (await stream.next())["notificationReceived"]["notification"]
    assert received["kind"] == "ACCOUNT_NEEDS_RECONNECT"


async def test_an_old_access_ends_nothing_that_is_newer(browser, mina, make):
    account = await browser.connected(mina)
    old = await browser.access(account)
    await browser.access(account, after=1)
    await end_access(browser.database, old)
    assert (await browser.row(account)).status == "CONNECTED"
    assert await make.count(Notification) == 0


async def test_what_comes_back_too_late_is_thrown_away(browser, mina):
    """Reconnected while a renewal is under way: the tokens of the new connection stay."""
    account = await browser.connected(mina, "SERATO")
    await browser.sandbox.fault(kind="delay", seconds=1.0, path="/oauth/token", times=1)
    renewing = asyncio.create_task(browser.access(account, after=1))
    while (await browser.row(account)).renewing_until is None:
        await asyncio.sleep(0.02)
    again = await browser.connected(mina, "SERATO")
    assert (await renewing).generation == 2
    row = await browser.row(account)
    assert (row.sealed_tokens, row.generation) == (again.sealed_tokens, 2)
    assert await browser.sandbox.calls("serato.example", "/oauth/revoke")


async def test_what_is_ended_or_never_was_opens_nothing(browser, mina, make, api):
    account = await browser.connected(mina)
    await browser.change(account, status="DISCONNECTED", disconnected_at=func.now())
    with pytest.raises(NotFound):
        await browser.access(account)
    assert (await api(mina).refused(REFRESH, **wire_of(account)))["code"] == "NOT_FOUND"
    other = await make.user("other")
    theirs = await browser.connected(other)
    assert (await api(mina).refused(REFRESH, **wire_of(theirs)))["code"] == "NOT_FOUND"
    assert await browser.token_calls() == []


async def test_a_person_renews_thirty_times_and_no_more(browser, mina, api):
    account = await browser.connected(mina)
    codes = []
    for _ in range(31):
        payload = (await api(mina)(REFRESH, input=wire_of(account)))["refreshConnectedAccount"]
        codes += [error["code"] for error in payload["userErrors"]]
    assert codes == [ErrorCode.RATE_LIMITED]
    assert len(await browser.token_calls()) == 1


async def test_a_provider_that_wants_to_be_left_alone_is_left_alone(browser, mina):
    account = await browser.connected(mina)
    await browser.grow_old(account)
    rule = {"kind": "status", "status": 429, "headers": {"Retry-After": "40"}, "path": "/api/token"}
    await browser.sandbox.fault(**rule)
    with pytest.raises(RateLimited) as first:
        await browser.access(account)
    assert first.value.retry_after_seconds == 40
    with pytest.raises(Unavailable) as second:
        await browser.access(account)
    assert 30 < second.value.retry_after_seconds <= 40
    assert len(await browser.token_calls()) == 1
    assert (await browser.row(account)).status == "CONNECTED"


async def test_tokens_are_bound_to_their_row(browser, mina, make):
    account, other = await browser.connected(mina), await browser.connected(await make.user("other"), "SERATO")
    await browser.change(account, sealed_tokens=other.sealed_tokens)
    with pytest.raises(ValueError, match="sealed"):
        await browser.access(account)


async def test_nobody_else_sees_an_account(browser, mina, api, make):
    account = await browser.connected(mina)
    node = "query ($id: ID!) { node(id: $id) { id ... on ConnectedAccount { username } } }"
    wire = f"account_{account.id}"
    assert (await api(mina)(node, id=wire))["node"]["id"] == wire
    for stranger in (api(), api(await make.user("other"))):
        assert (await stranger(node, id=wire))["node"] is None
    async with browser.database.session() as session:
        assert (await session.execute(select(func.count()).select_from(ConnectedAccount))).scalar_one() == 1


def wire_of(account):
    return {"accountId": f"account_{account.id}"}
