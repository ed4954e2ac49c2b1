"""Ending a connection: here at once, at the provider as soon as it answers, and after a day in any case."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from db.tables import ConnectedAccount, Identity, JobRow, Notification
from domain.accounts import Channel
from domain.connections import CALL_SECONDS, AccessEnded
from domain.errors import NotFound
from domain.jobs import JobKind, JobStatus
from integrations.serato import Serato
from resolvers.connections.disconnect import revoke_access
from tests.connections.conftest import END, REFRESH

NODE = "query ($id: ID!) { node(id: $id) { ... on ConnectedAccount { status expiresAt } } }"
WITH_URL = """mutation ($input: DisconnectAccountInput!) {
  disconnectAccount(input: $input) { connectedAccount { status } manageUrl userErrors { code field } }
}"""
REVOKE = ("serato.example", "/oauth/revoke")


def wire_of(account):
    return {"accountId": f"account_{account.id}"}


async def the_job(browser):
    async with browser.database.session() as session:
        statement = select(JobRow).where(JobRow.kind == JobKind.REVOKE_ACCESS)
        return (await session.execute(statement)).scalar_one()


async def ring(browser):
    """Let the job be due now."""
    async with browser.database.transaction() as tx:
        statement = update(JobRow).where(JobRow.kind == JobKind.REVOKE_ACCESS)
        await tx.session.execute(statement.values(run_at=func.now()))


async def test_an_account_that_is_ended_is_ended_at_the_provider_too(browser, mina, api, run_jobs):
    account = await browser.connected(mina, "SERATO")
    access = await browser.access(account)
    ended = await api(mina).do(END, **wire_of(account))
    assert ended["connectedAccount"]["status"] == "DISCONNECTED"
    assert await browser.list(mina) == []
    with pytest.raises(NotFound):
        await browser.access(account)
    assert (await browser.row(account)).sealed_tokens is not None
    await run_jobs()
    row = await browser.row(account)
    assert (row.sealed_tokens, row.expires_at) == (None, None)
    assert (await browser.history(account))[1:] == [("CONNECTED", "DISCONNECTED", "DISCONNECTED")]
    seen = await browser.sandbox.http.get(
        "/serato.example/v1/me", headers={"authorization": f"Bearer {access.access_token}"}
    )
    assert seen.status_code == 401
    node = (await api(mina)(NODE, id=f"account_{account.id}"))["node"]
    assert node == {"status": "DISCONNECTED", "expiresAt": None}


async def test_twice_changes_nothing(browser, mina, api, run_jobs):
    account = await browser.connected(mina, "SERATO")
    await asyncio.gather(*(api(mina).do(END, **wire_of(account)) for _ in range(5)))
    await run_jobs()
    await api(mina).do(END, **wire_of(account))
    assert await run_jobs() == 0
    assert len(await browser.history(account)) == 2
    assert (await api(mina).refused(REFRESH, **wire_of(account)))["code"] == "NOT_FOUND"


async def test_where_the_provider_gives_us_no_way_the_person_is_told_theirs(browser, mina, api, run_jobs):
    spotify, serato = await browser.connected(mina), await browser.connected(mina, "SERATO")
    assert (await api(mina).do(WITH_URL, **wire_of(spotify)))["manageUrl"] == "https://www.spotify.com/account/apps/"
    assert (await api(mina).do(WITH_URL, **wire_of(serato)))["manageUrl"] is None
    await run_jobs()
    assert (await browser.row(spotify)).sealed_tokens is None


async def test_somebody_elses_account_stays(browser, mina, api, make):
    account = await browser.connected(mina)
    other = await make.user("other")
    for client in (api(other), api()):
        error = await client.refused(END, **wire_of(account))
        assert error["code"] in {"NOT_FOUND", "UNAUTHENTICATED"}
    assert (await api(mina).refused(END, accountId=mina.wire))["code"] == "NOT_FOUND"
    assert (await browser.row(account)).status == "CONNECTED"
    assert await make.count(JobRow) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "drop"},
        {"kind": "html", "status": 502},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "120"}},
    ],
    ids=str,
)
async def test_a_provider_that_does_not_hear_is_told_again(browser, mina, api, run_jobs, fault):
    account = await browser.connected(mina, "SERATO")
    await browser.sandbox.fault(path="/oauth/revoke", **fault)
    await api(mina).do(END, **wire_of(account))
    await run_jobs()
    job = await the_job(browser)
    assert (job.status, job.failures) == (JobStatus.PENDING, 0)
    wait = (job.run_at - job.started_at).total_seconds()
    assert wait >= (120 if fault.get("status") == 429 else 30)
    assert (await browser.row(account)).sealed_tokens is not None
    await browser.sandbox.calm()
    await ring(browser)
    await run_jobs()
    assert (await the_job(browser)).status is JobStatus.DONE
    assert (await browser.row(account)).sealed_tokens is None


async def test_after_a_day_of_silence_the_tokens_are_erased_all_the_same(browser, mina, api, run_jobs):
    account = await browser.connected(mina, "SERATO")
    await browser.sandbox.fault(path="/oauth/revoke", kind="status", status=500)
    await api(mina).do(END, **wire_of(account))
    await run_jobs()
    await browser.change(account, disconnected_at=func.now() - timedelta(hours=23))
    await ring(browser)
    await run_jobs()
    assert (await browser.row(account)).sealed_tokens is not None
    await browser.change(account, disconnected_at=func.now() - timedelta(hours=25))
    await ring(browser)
    await run_jobs()
    assert (await browser.row(account)).sealed_tokens is None
    assert (await the_job(browser)).status is JobStatus.DONE


async def test_without_credentials_the_tokens_are_erased(browser, mina, api, services):
    account = await browser.connected(mina, "SERATO")
    await api(mina).do(END, **wire_of(account))
    bare = Serato(client_id=None, client_secret=None, redirect_uri="", base_url=None)
    poor = type(services)(**{**vars(services), "oauth": {**services.oauth, "SERATO": bare}})
    assert await revoke_access(browser.database, poor, {"accountId": str(account.id)}) is None
    await bare.aclose()
    assert (await browser.row(account)).sealed_tokens is None


async def test_the_account_can_be_connected_by_anybody_afterwards(browser, mina, api, make):
    account = await browser.connected(mina)
    await api(mina).do(END, **wire_of(account))
    other = await make.user("other")
    theirs = await browser.connected(other)
    mine = await browser.connect(mina)
    assert mine == {"provider": "SPOTIFY", "error": "CONFLICT"}
    assert theirs.id != account.id
    await api(other).do(END, **wire_of(theirs))
    again = await browser.connected(mina)
    assert again.id != account.id
    assert await browser.history(again) == [(None, "CONNECTED", "CONNECTED")]
    # Signing in is another matter: nobody's way in came or went by this.
    assert await make.count(Identity, Identity.channel == Channel.SPOTIFY) == 0


async def test_an_account_that_waits_for_its_person_can_be_ended(browser, mina, api, run_jobs, make):
    account = await browser.connected(mina, "SERATO")
    await browser.sandbox.control("POST", "/serato/users/mina/revoke")
    with pytest.raises(AccessEnded):
        await browser.access(account, after=1)
    await api(mina).do(END, **wire_of(account))
    await run_jobs()
    assert (await browser.row(account)).sealed_tokens is None
    assert await make.count(ConnectedAccount, ConnectedAccount.status == "DISCONNECTED") == 1
    assert await make.count(Notification) == await make.count(Notification, Notification.read_at.is_not(None)) == 1


async def test_what_a_renewal_brings_after_the_end_is_revoked(browser, mina, api, run_jobs):
    account = await browser.connected(mina, "SERATO")
    await browser.sandbox.fault(kind="delay", seconds=0.8, path="/oauth/token", times=1)
    renewing = asyncio.create_task(browser.access(account, after=1))
    while (await browser.row(account)).renewing_until is None:
        await asyncio.sleep(0.02)
    await api(mina).do(END, **wire_of(account))
    with pytest.raises(NotFound):
        await asyncio.wait_for(renewing, CALL_SECONDS)
    await run_jobs()
    live = (await browser.sandbox.control("GET", "/tokens"))["tokens"]
    for token in live:
        if (token["vendor"], token["kind"]) == ("serato", "access"):
            bearer = {"authorization": f"Bearer {token['secret']}"}
            assert (await browser.sandbox.http.get("/serato.example/v1/me", headers=bearer)).status_code == 401
    assert (await browser.row(account)).sealed_tokens is None
