"""The Serato-style provider: tokens that always change, and the history of plays."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.sandbox.process import registration
from tests.sandbox.visitor import Visitor, refusal

OURS = registration().serato
SCOPE = "profile history.read"


@pytest.fixture
async def serato(sandbox):
    return Visitor(sandbox.http, "/serato.example", OURS, authorize="/oauth/authorize", token="/oauth/token")


async def get(serato, token, path, **query):
    return await serato.http.get(f"/serato.example{path}", params=query, headers={"Authorization": f"Bearer {token}"})


async def test_every_answer_says_where_it_comes_from(sandbox, serato):
    issuer = sandbox.at("serato.example")
    yes = await serato.authorize("mina", scope=SCOPE, state="s")
    assert (set(yes), yes["iss"]) == ({"code", "state", "iss"}, issuer)
    no = await serato.authorize("mina", "deny", state="s")
    assert no == {"error": "access_denied", "state": "s", "iss": issuer}
    wrong = await serato.authorize("mina", scope="everything", state="s")
    assert (wrong["error"], wrong["iss"]) == ("invalid_scope", issuer)


async def test_a_refresh_token_always_changes_and_an_old_one_ends_the_family(serato):
    first = await serato.sign_in("mina", scope=SCOPE)
    second = (await serato.refresh(first["refresh_token"])).json()
    third = (await serato.refresh(second["refresh_token"])).json()
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert (await get(serato, third["access_token"], "/v1/me")).status_code == 200
    assert refusal(await serato.refresh(second["refresh_token"])) == (400, "invalid_grant")
    assert refusal(await serato.refresh(third["refresh_token"])) == (400, "invalid_grant")
    assert (await get(serato, third["access_token"], "/v1/me")).status_code == 401


async def test_of_two_who_refresh_at_once_one_gets_tokens_and_both_lose_them(serato):
    old = (await serato.sign_in("mina"))["refresh_token"]
    answers = await asyncio.gather(serato.refresh(old), serato.refresh(old))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    [won] = [answer.json() for answer in answers if answer.is_success]
    assert refusal(await serato.refresh(won["refresh_token"])) == (400, "invalid_grant")


async def test_a_client_that_cannot_prove_itself_gets_401(serato):
    code = (await serato.authorize("mina"))["code"]
    answer = await serato.redeem(code, auth=(OURS.client_id, "wrong"))
    assert refusal(answer) == (401, "invalid_client")
    assert answer.headers["www-authenticate"] == "Basic"
    assert (await serato.redeem(code)).status_code == 200


async def revoke(serato, token, auth=(OURS.client_id, OURS.client_secret)):
    return await serato.http.post("/serato.example/oauth/revoke", data={"token": token}, auth=auth)


async def test_tokens_are_revoked_by_the_client_alone(serato):
    tokens = await serato.sign_in("mina", scope=SCOPE)
    assert refusal(await revoke(serato, tokens["refresh_token"], ("x", "y"))) == (401, "invalid_client")
    assert (await get(serato, tokens["access_token"], "/v1/me")).status_code == 200
    assert (await revoke(serato, tokens["access_token"])).status_code == 200
    assert (await get(serato, tokens["access_token"], "/v1/me")).status_code == 401
    renewed = (await serato.refresh(tokens["refresh_token"])).json()
    assert (await revoke(serato, renewed["refresh_token"])).status_code == 200
    assert (await get(serato, renewed["access_token"], "/v1/me")).status_code == 401
    assert refusal(await serato.refresh(renewed["refresh_token"])) == (400, "invalid_grant")
    assert (await revoke(serato, "never-given")).status_code == 200


async def test_the_profile_and_the_history_have_scopes_of_their_own(serato):
    token = (await serato.sign_in("mina", scope="profile"))["access_token"]
    me = (await get(serato, token, "/v1/me")).json()
    assert me == {"id": "srt-mina", "username": "mina", "display_name": "Mina Okafor"}
    assert refusal(await get(serato, token, "/v1/history")) == (403, "insufficient_scope")
    unknown = await get(serato, "made-up", "/v1/me")
    assert refusal(unknown) == (401, "invalid_token")
    assert "invalid_token" in unknown.headers["www-authenticate"]


def moment(text):
    return datetime.fromisoformat(text)


def play(number):
    return {"title": f"Track {number}", "started_at": f"2026-03-01T20:{number:02d}:00+00:00", "length": 55}


async def test_the_history_is_read_page_by_page_within_two_times(sandbox, serato):
    token = (await serato.sign_in("mina", scope=SCOPE))["access_token"]
    await sandbox.control("POST", "/serato/users/mina/clear")
    await sandbox.control("POST", "/serato/users/mina/plays", {"plays": [play(n) for n in (3, 1, 2, 0, 4)]})
    found, query = [], {"since": "2026-03-01T20:01:00Z", "until": "2026-03-01T21:04:00+01:00", "limit": 2}
    while True:
        page = (await get(serato, token, "/v1/history", **query)).json()
        found += [each["title"] for each in page["plays"]]
        assert len(page["plays"]) <= 2
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == ["Track 1", "Track 2", "Track 3"]
    first = page["plays"][0]
    assert set(first) == {
        *("id", "title", "artist", "album", "bpm", "key", "deck", "started_at", "ended_at", "length"),
    }
    assert (first["length"], first["artist"], first["ended_at"]) == (55, None, None)


async def test_a_play_that_begins_ends_the_one_before(sandbox, serato):
    token = (await serato.sign_in("theo", scope=SCOPE))["access_token"]
    await sandbox.control("POST", "/serato/users/theo/play", {"title": "A", "bpm": 120, "deck": 2})
    await sandbox.advance(60)
    await sandbox.control("POST", "/serato/users/theo/play", {"title": "B"})
    *old, one, two = (await get(serato, token, "/v1/history")).json()["plays"]
    assert [each["artist"] for each in old] == ["Atelier Nuit", "Marchand", "Two Rivers", "Marchand, Atelier Nuit"]
    assert (one["title"], one["bpm"], one["deck"], one["ended_at"]) == ("A", 120, 2, two["started_at"])
    assert (two["title"], two["ended_at"]) == ("B", None)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "x"},
        {"since": "yesterday"},
        {"until": "2026-03-01T20:00:00"},
        {"cursor": "x"},
    ],
)
async def test_a_wrong_question_is_refused(serato, query):
    token = (await serato.sign_in("mina", scope=SCOPE))["access_token"]
    assert refusal(await get(serato, token, "/v1/history", **query)) == (400, "invalid_request")


async def test_people_take_access_away_and_let_it_grow_old(sandbox, serato):
    tokens = await serato.sign_in("mina", scope=SCOPE)
    await sandbox.control("POST", "/serato/users/mina/expire")
    assert (await get(serato, tokens["access_token"], "/v1/me")).status_code == 401
    renewed = (await serato.refresh(tokens["refresh_token"])).json()
    await sandbox.control("POST", "/serato/users/mina/revoke")
    assert (await get(serato, renewed["access_token"], "/v1/me")).status_code == 401
    assert refusal(await serato.refresh(renewed["refresh_token"])) == (400, "invalid_grant")
    refused = await sandbox.http.post("/control/serato/users/mina/plays", json={"plays": [{"title": "x", "isrc": "y"}]})
    assert refused.status_code == 400


async def test_a_set_lies_back_to_back_on_two_decks_and_ends_with_what_was_wanted(sandbox, serato):
    token = (await serato.sign_in("mina", scope=SCOPE))["access_token"]
    await sandbox.control("POST", "/serato/users/mina/play", {"title": "Still on"})
    wanted = {"title": "Roses", "artist": "Nova", "length": 240}
    made = await sandbox.control("POST", "/serato/users/mina/set", {"tracks": [wanted]})
    plays = list((await get(serato, token, "/v1/history", limit=200)).json()["plays"])[-12:]
    assert plays == made["plays"]
    assert len(plays) == 12
    assert (plays[-1]["title"], plays[-1]["artist"], plays[-1]["length"]) == ("Roses", "Nova", 240)
    for one, two in pairwise(plays):
        assert one["ended_at"] == two["started_at"]
        assert {one["deck"], two["deck"]} == {1, 2}
    lengths = [moment(each["ended_at"]) - moment(each["started_at"]) for each in plays]
    assert all(timedelta(minutes=1) <= length <= timedelta(minutes=10) for length in lengths)
    shown = (await sandbox.control("GET", "/serato/decks"))["decks"]
    (deck,) = [deck for deck in shown if deck["user"] == "mina"]
    assert deck["connected"] == 1
    assert deck["plays"] == plays[-5:]
    titles = [each["title"] for each in (await get(serato, token, "/v1/history", limit=200)).json()["plays"]]
    assert "Still on" not in titles
    assert titles.count("Roses") == 1


@pytest.mark.parametrize("wrong", [{"tracks": "Roses"}, {"tracks": [{"isrc": "x"}]}, {"ends_at": "noon"}, {"more": 1}])
async def test_a_set_that_cannot_be_changes_nothing(sandbox, wrong):
    before = await sandbox.control("GET", "/serato/decks")
    refused = await sandbox.http.post("/control/serato/users/mina/set", json=wrong)
    assert refused.status_code == 400
    assert await sandbox.control("GET", "/serato/decks") == before
