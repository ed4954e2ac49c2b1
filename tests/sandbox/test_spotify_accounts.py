"""Spotify's accounts service: the page, codes, tokens, and how they end."""

import asyncio

import pytest

from tests.sandbox.process import registration
from tests.sandbox.visitor import VERIFIER, Visitor, refusal, returned

OURS = registration().spotify
SCOPE = "user-read-currently-playing user-read-private"


@pytest.fixture
async def spotify(sandbox):
    return Visitor(sandbox.http, "/accounts.spotify.com", OURS)


async def whoami(sandbox, token):
    return await sandbox.http.get("/api.spotify.com/v1/me", headers={"Authorization": f"Bearer {token}"})


async def issued(sandbox):
    return [token for token in (await sandbox.control("GET", "/tokens"))["tokens"] if token["vendor"] == "spotify"]


async def test_the_page_offers_everybody_and_is_never_framed(spotify):
    page = await spotify.http.get(spotify.authorize_at, params=spotify.query(scope=SCOPE))
    assert page.status_code == 200
    assert 'value="mina"' in page.text
    assert 'value="theo"' in page.text
    assert "user-read-private" in page.text
    assert page.headers["x-frame-options"] == "DENY"


async def test_a_yes_becomes_a_code_and_the_code_tokens(sandbox, spotify):
    back = await spotify.authorize("mina", scope=SCOPE, state="a b&c")
    assert set(back) == {"code", "state"}
    assert back["state"] == "a b&c"
    answer = await spotify.redeem(back["code"])
    tokens = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, SCOPE)
    assert tokens["refresh_token"]
    assert (await whoami(sandbox, tokens["access_token"])).json()["id"] == "mina"


async def test_a_no_goes_back_without_a_code(spotify):
    assert await spotify.authorize("mina", "deny", state="s") == {"error": "access_denied", "state": "s"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-else"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": OURS.redirect_uris[0] + "/"},
        {"redirect_uri": OURS.redirect_uris[0] + "?a=b"},
        {"redirect_uri": OURS.redirect_uris[0].replace("127.0.0.1", "localhost")},
        {"redirect_uri": "https://evil.example/"},
    ],
)
async def test_a_wrong_client_or_address_is_never_sent_anywhere(spotify, changes):
    shown = await spotify.http.get(spotify.authorize_at, params=spotify.query(**changes))
    decided = await spotify.decide("mina", **changes)
    for answer in (shown, decided):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "user-read-private offline_access"}, "invalid_scope"),
    ],
)
async def test_a_wrong_request_is_refused_at_the_clients_own_address(spotify, changes, error):
    back = await spotify.authorize("mina", state="s", **changes)
    assert (back["error"], back["state"]) == (error, "s")
    assert "code" not in back


async def test_nobody_decides_for_nobody(spotify):
    assert (await spotify.decide("stranger")).status_code == 400
    assert (await spotify.decide("mina", "perhaps")).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 50}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_grant"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"auth": (OURS.client_id, "wrong")}, "invalid_client"),
        ({"auth": None}, "invalid_client"),
    ],
)
async def test_a_wrong_exchange_gives_nothing(sandbox, spotify, changes, error):
    back = await spotify.authorize("mina")
    answer = await spotify.redeem(**{"code": back["code"], **changes})
    assert refusal(answer) == (400, error)
    assert answer.json()["error_description"]
    kinds = {token["kind"] for token in await issued(sandbox)}
    assert kinds == {"code"}


async def test_a_code_is_too_old_after_a_minute(sandbox, spotify):
    fresh, stale = await spotify.authorize("mina"), await spotify.authorize("mina")
    await sandbox.advance(55)
    assert (await spotify.redeem(fresh["code"])).status_code == 200
    await sandbox.advance(10)
    assert refusal(await spotify.redeem(stale["code"])) == (400, "invalid_grant")


async def test_a_second_use_of_a_code_ends_what_the_first_gave(sandbox, spotify):
    code = (await spotify.authorize("mina"))["code"]
    tokens = (await spotify.redeem(code)).json()
    other = await spotify.sign_in("mina")
    assert refusal(await spotify.redeem(code)) == (400, "invalid_grant")
    assert (await whoami(sandbox, tokens["access_token"])).status_code == 401
    assert refusal(await spotify.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert (await whoami(sandbox, other["access_token"])).status_code == 200


async def test_of_many_who_come_with_one_code_at_once_one_gets_tokens(spotify):
    code = (await spotify.authorize("mina"))["code"]
    answers = await asyncio.gather(*(spotify.redeem(code) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 5]


async def test_a_refresh_keeps_its_token_unless_the_person_rotates(sandbox, spotify):
    old = (await spotify.sign_in("mina", scope=SCOPE))["refresh_token"]
    answer = (await spotify.refresh(old)).json()
    assert "refresh_token" not in answer
    assert (await whoami(sandbox, answer["access_token"])).status_code == 200
    await sandbox.control("POST", "/spotify/users/mina/rotate", {"on": True})
    new = (await spotify.refresh(old)).json()["refresh_token"]
    assert refusal(await spotify.refresh(old)) == (400, "invalid_grant")
    assert (await spotify.refresh(new)).status_code == 200


async def test_access_ends_after_an_hour_or_at_once_and_is_renewed(sandbox, spotify):
    tokens = await spotify.sign_in("mina")
    assert (await sandbox.control("POST", "/spotify/users/mina/expire"))["expired"] == 1
    answer = await whoami(sandbox, tokens["access_token"])
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, "The access token expired")
    renewed = (await spotify.refresh(tokens["refresh_token"])).json()["access_token"]
    assert (await whoami(sandbox, renewed)).status_code == 200
    await sandbox.advance(3601)
    assert (await whoami(sandbox, renewed)).status_code == 401


async def test_somebody_takes_our_access_away(sandbox, spotify):
    mina, theo = await spotify.sign_in("mina"), await spotify.sign_in("theo")
    assert (await sandbox.control("POST", "/spotify/users/mina/revoke"))["revoked"] == 1
    assert (await whoami(sandbox, mina["access_token"])).status_code == 401
    assert refusal(await spotify.refresh(mina["refresh_token"])) == (400, "invalid_grant")
    assert (await whoami(sandbox, theo["access_token"])).status_code == 200


async def test_the_app_gets_a_token_of_its_own_that_is_nobodys(sandbox, spotify):
    answer = await spotify.token(grant_type="client_credentials")
    assert "refresh_token" not in answer.json()
    token = answer.json()["access_token"]
    assert (await whoami(sandbox, token)).status_code == 401
    found = await sandbox.http.get(
        "/api.spotify.com/v1/search", params={"q": "x", "type": "track"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert found.status_code == 200


async def test_a_body_that_is_no_form_or_says_things_twice_is_refused(spotify):
    basic = (OURS.client_id, OURS.client_secret)
    answer = await spotify.http.post(spotify.token_at, json={"grant_type": "refresh_token"}, auth=basic)
    assert refusal(answer) == (400, "invalid_request")
    twice = {"grant_type": ["refresh_token", "client_credentials"]}
    assert refusal(await spotify.http.post(spotify.token_at, data=twice, auth=basic)) == (400, "invalid_request")


async def test_every_secret_is_listed_and_lives_through_a_kill(mortal_sandbox):
    spotify = Visitor(mortal_sandbox.http, "/accounts.spotify.com", OURS)
    back = await spotify.authorize("mina")
    tokens = (await spotify.redeem(back["code"])).json()
    listed = await issued(mortal_sandbox)
    assert {token["secret"] for token in listed} == {back["code"], tokens["access_token"], tokens["refresh_token"]}
    assert {token["user"] for token in listed} == {"mina"}
    await mortal_sandbox.kill()
    await mortal_sandbox.start()
    assert (await whoami(mortal_sandbox, tokens["access_token"])).status_code == 200
    assert await issued(mortal_sandbox) == listed
    calls = await mortal_sandbox.calls("accounts.spotify.com", "/api/token")
    assert [(call["who"], VERIFIER in call["body"]) for call in calls] == [("mina", True)]
    assert returned(await spotify.decide("mina", state="s"))["state"] == "s"
