"""The Serato-style provider: against its twin, whose refresh tokens always change and end all when used twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.responses import JSONResponse

from domain.connections import AccessEnded
from domain.errors import InvalidInput, RateLimited, Unauthenticated, Unavailable
from integrations.serato import Serato
from tests.integrations.browser import come_back, connect
from tests.integrations.vendor import scripted
from tests.sandbox.process import registration


@pytest.fixture
async def serato(twins):
    client = registration().serato
    made = Serato(
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri=client.redirect_uris[0],
        base_url=twins.at("serato.example"),
    )
    yield made
    await made.aclose()


async def test_connecting_gives_tokens_and_who_it_is(serato):
    tokens, profile = await connect(serato, "mina")
    assert set(tokens.scopes) == {"profile", "history.read"}
    assert (profile.username, profile.display_name) == ("mina", "Mina Okafor")
    assert profile.email is profile.phone is None


async def test_it_says_who_it_is_each_time(serato, twins):
    back = await come_back(serato, "mina")
    assert back["iss"] == twins.at("serato.example")
    serato.check_issuer(back["iss"])
    for wrong in (None, twins.at("accounts.spotify.com")):
        with pytest.raises(InvalidInput):
            serato.check_issuer(wrong)


async def test_a_refresh_token_that_is_used_twice_ends_everything(serato):
    tokens, _ = await connect(serato, "mina")
    renewed = await serato.refresh(tokens)
    assert renewed.refresh_token != tokens.refresh_token
    with pytest.raises(AccessEnded):
        await serato.refresh(tokens)
    with pytest.raises(AccessEnded):
        await serato.refresh(renewed)


async def test_ended_access_is_ended_there_too(serato, twins):
    tokens, _ = await connect(serato, "mina")
    await serato.revoke(tokens)
    with pytest.raises(AccessEnded):
        await serato.refresh(tokens)
    answer = await twins.http.get("/serato.example/v1/me", headers={"Authorization": f"Bearer {tokens.access_token}"})
    assert answer.status_code == 401
    await serato.revoke(tokens)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (JSONResponse({"error": "invalid_token"}, 401), AccessEnded),
        (JSONResponse({"error": "insufficient_scope"}, 403), AccessEnded),
        (JSONResponse({}, 404), Unavailable),
        ({"username": "mina"}, Unavailable),
        ({"id": ""}, Unavailable),
        ({"id": 7}, Unavailable),
        ({"id": "a\nb"}, Unavailable),
        ({"id": "x" * 201}, Unavailable),
    ],
)
async def test_without_a_name_for_ever_nobody_is_connected(said, refusal):
    async with scripted() as vendor:
        vendor.says |= {"/oauth/token": {"access_token": "hidden", "token_type": "bearer"}, "/v1/me": said}
        serato = Serato(client_id="c", client_secret="s", redirect_uri="r", base_url=vendor.url)
        with pytest.raises(refusal):
            await serato.exchange("code", code_verifier="v", nonce="")
        await serato.aclose()


SINCE, UNTIL = datetime(2026, 3, 6, 19, tzinfo=UTC), datetime(2026, 3, 7, 2, tzinfo=UTC)
FINE = {"id": "p1", "title": "Roses", "deck": 2, "started_at": "2026-03-06T22:00:00+01:00"}


def asked(serato, token="t"):
    return serato.history(token, since=SINCE, until=UNTIL)


@pytest.mark.parametrize(
    "play",
    [
        {"title": None},
        {"id": None},
        {"id": ""},
        {"started_at": None},
        {"started_at": "2026-03-06T22:00:00"},
        {"started_at": "noon"},
    ],
)
async def test_a_play_without_what_it_needs_is_left_out(play):
    async with scripted() as vendor:
        vendor.says["/v1/history"] = {"plays": [FINE | play, FINE | {"id": "p2"}], "next_cursor": None}
        serato = Serato(client_id="c", client_secret="s", redirect_uri="r", base_url=vendor.url)
        (found,) = await asked(serato)
        await serato.aclose()
    assert (found.key, found.title, found.deck, found.artist) == ("p2", "Roses", 2, None)
    assert found.started_at == datetime(2026, 3, 6, 21, tzinfo=UTC)


async def test_what_a_play_cannot_have_is_left_out_of_it():
    odd = {"ended_at": "2026-03-06T21:00:00+01:00", "deck": 99, "bpm": 4000, "length": -1, "key": "x" * 99}
    async with scripted() as vendor:
        vendor.says["/v1/history"] = {"plays": [FINE | odd | {"artist": "a\nb", "id": "i" * 900}]}
        serato = Serato(client_id="c", client_secret="s", redirect_uri="r", base_url=vendor.url)
        (found,) = await asked(serato)
        await serato.aclose()
    assert (found.ended_at, found.played_seconds, found.deck, found.bpm, found.musical_key) == (None,) * 5
    assert (found.artist, found.duration_seconds, len(found.key) <= 200) == ("a b", None, True)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (JSONResponse({"error": "invalid_token"}, 401), Unauthenticated),
        (JSONResponse({"error": "insufficient_scope"}, 403), AccessEnded),
        (JSONResponse({}, 400), Unavailable),
        (JSONResponse({}, 500), Unavailable),
        (JSONResponse({}, 429), RateLimited),
        ({}, Unavailable),
        ({"plays": {}}, Unavailable),
        ({"plays": ["x"]}, Unavailable),
        ({"plays": [FINE | {"deck": "one"}]}, Unavailable),
    ],
)
async def test_a_history_that_cannot_be_had_is_not_an_empty_one(said, refusal):
    async with scripted() as vendor:
        vendor.says["/v1/history"] = said
        serato = Serato(client_id="c", client_secret="s", redirect_uri="r", base_url=vendor.url)
        with pytest.raises(refusal):
            await asked(serato)
        with pytest.raises(Unauthenticated):
            await asked(serato, "two words")
        await serato.aclose()


async def test_pages_without_end_come_to_one():
    async with scripted() as vendor:
        vendor.says["/v1/history"] = {"plays": [FINE], "next_cursor": "again"}
        serato = Serato(client_id="c", client_secret="s", redirect_uri="r", base_url=vendor.url)
        assert len(await asked(serato)) == 2
        await serato.aclose()
