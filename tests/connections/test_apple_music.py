"""Apple Music: a token that MusicKit hands to the app, checked at Apple and kept sealed."""

import base64
import json

import pytest
from sqlalchemy import func

from db.tables import ConnectedAccount, JobRow
from domain.connections import AccessEnded
from integrations.apple_music import AppleMusic
from resolvers.connections.apple_music import developer_token
from resolvers.connections.tokens import unseal
from tests.connections.conftest import APPLE, END, REFRESH


@pytest.fixture
def token_of(sandbox):
    """A Music User Token: `await token_of("mina")`."""

    async def make(user, **more):
        made = await sandbox.control("POST", f"/apple_music/users/{user}/token", json=more)
        return made["token"]

    return make


async def test_a_token_connects(browser, mina, api, token_of):
    token = await token_of("mina")
    connected = (await api(mina).do(APPLE, musicUserToken=token))["connectedAccount"]
    assert (connected["provider"], connected["status"]) == ("APPLE_MUSIC", "CONNECTED")
    row = await browser.account(mina, "APPLE_MUSIC")
    assert token not in row.subject
    assert token.encode() not in row.sealed_tokens
    assert unseal(browser.services.cipher, row).access_token == token
    (listed,) = await browser.list(mina)
    assert (listed["username"], listed["expiresAt"]) == (None, None)
    assert (await browser.access(row)).access_token == token


async def test_another_token_of_the_same_person_takes_its_place(browser, mina, api, token_of, make):
    first = await token_of("mina")
    await api(mina).do(APPLE, musicUserToken=first)
    row = await browser.account(mina, "APPLE_MUSIC")
    await api(mina).do(APPLE, musicUserToken=await token_of("mina"))
    again = await browser.account(mina, "APPLE_MUSIC")
    assert (again.id, again.generation) == (row.id, 2)
    assert again.subject != row.subject
    assert await make.count(JobRow) == 0
    other = await make.user("other")
    await api(other).do(APPLE, musicUserToken=first)


async def test_a_token_that_somebody_has_connected_is_refused(browser, mina, api, token_of, make):
    token = await token_of("mina")
    await api(mina).do(APPLE, musicUserToken=token)
    other = await make.user("other")
    assert (await api(other).refused(APPLE, musicUserToken=token))["code"] == "CONFLICT"
    assert await make.count(ConnectedAccount) == 1


@pytest.mark.parametrize("token", ["", "short", "x" * 5000, "with space in it", "line\nbreak-in-it", "é" * 20])
async def test_what_is_no_token_is_refused_without_asking(browser, mina, api, counts, token):
    before = await counts()
    error = await api(mina).refused(APPLE, musicUserToken=token)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["musicUserToken"])
    assert await counts() == before
    assert await browser.sandbox.calls("api.music.apple.com") == []


async def test_a_token_that_does_not_hold_or_is_another_apps_is_refused(mina, api, counts, token_of, sandbox):
    before = await counts()
    foreign = await token_of("mina", team="ANOTHER001")
    for token in ("x" * 60, foreign):
        error = await api(mina).refused(APPLE, musicUserToken=token)
        assert (error["code"], error["field"]) == ("EXPIRED", ["musicUserToken"])
    assert (await api().refused(APPLE, musicUserToken=foreign))["code"] == "UNAUTHENTICATED"
    assert await counts() == before


@pytest.mark.parametrize("kind", ["html", "empty", "half_json", "huge", "drop", "status"])
async def test_an_apple_that_answers_badly_connects_nothing(mina, api, counts, token_of, sandbox, kind):
    token = await token_of("mina")
    before = await counts()
    await sandbox.fault(host="api.music.apple.com", kind=kind)
    assert (await api(mina).refused(APPLE, musicUserToken=token))["code"] == "UNAVAILABLE"
    assert await counts() == before


async def test_an_apple_that_takes_too_long_is_given_up_before_the_operation_is(mina, api, counts, token_of, sandbox):
    token = await token_of("mina")
    before = await counts()
    await sandbox.fault(host="api.music.apple.com", kind="delay", seconds=20)
    assert (await api(mina).refused(APPLE, musicUserToken=token))["code"] == "UNAVAILABLE"
    assert await counts() == before


async def test_a_refresh_looks_whether_it_still_holds(browser, mina, api, token_of, sandbox):
    await api(mina).do(APPLE, musicUserToken=await token_of("mina"))
    account = await browser.account(mina, "APPLE_MUSIC")
    wire = {"accountId": f"account_{account.id}"}
    assert (await api(mina).do(REFRESH, **wire))["connectedAccount"]["status"] == "CONNECTED"
    await sandbox.control("POST", "/apple_music/users/mina/revoke")
    assert (await api(mina).refused(REFRESH, **wire))["code"] == "EXPIRED"
    assert (await browser.list(mina))[0]["status"] == "NEEDS_RECONNECT"
    await api(mina).do(APPLE, musicUserToken=await token_of("mina"))
    again = await browser.account(mina, "APPLE_MUSIC")
    assert (again.id, again.status) == (account.id, "CONNECTED")


async def test_a_token_that_apple_no_longer_takes_cannot_be_renewed(browser, mina, api, token_of):
    await api(mina).do(APPLE, musicUserToken=await token_of("mina"))
    account = await browser.account(mina, "APPLE_MUSIC")
    with pytest.raises(AccessEnded):
        await browser.access(account, after=1)
    assert (await browser.list(mina))[0]["status"] == "NEEDS_RECONNECT"


async def test_an_account_that_is_ended_is_erased(browser, mina, api, token_of, run_jobs):
    await api(mina).do(APPLE, musicUserToken=await token_of("mina"))
    account = await browser.account(mina, "APPLE_MUSIC")
    await browser.change(account, renewed_at=func.now())
    await api(mina).do(END, accountId=f"account_{account.id}")
    await run_jobs()
    assert (await browser.row(account)).sealed_tokens is None


async def test_the_app_gets_what_musickit_needs(mina, api, sandbox, services):
    token = (await api(mina)("{ viewer { appleMusicDeveloperToken } }"))["viewer"]["appleMusicDeveloperToken"]
    head, body = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    assert (head["alg"], head["kid"]) == ("ES256", "SANDBOXKEY")
    assert body["origin"] == ["https://app.example"]
    assert 3500 <= body["exp"] - body["iat"] <= 3660
    bare = AppleMusic(team_id=None, key_id=None, private_key=None)
    assert developer_token(type(services)(**{**vars(services), "apple_music": bare}), ()) is None
    await bare.aclose()
