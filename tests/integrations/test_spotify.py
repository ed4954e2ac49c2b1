"""Spotify, against its twin: connecting, renewing, what plays, and what is in the catalogue."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.connections import AccessEnded, FlowPurpose
from domain.errors import InvalidInput, RateLimited, Unauthenticated
from domain.players import Silence
from integrations.spotify import Spotify
from tests.integrations.browser import VERIFIER, come_back, connect
from tests.sandbox.process import registration


@pytest.fixture
async def spotify(twins):
    client = registration().spotify
    made = Spotify(
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri=client.redirect_uris[0],
        accounts_url=twins.at("accounts.spotify.com"),
        api_url=twins.at("api.spotify.com"),
    )
    yield made
    await made.aclose()


async def test_connecting_gives_tokens_and_who_it_is(spotify):
    tokens, profile = await connect(spotify, "mina")
    assert set(tokens.scopes) == {
        "user-read-currently-playing",
        "user-read-playback-state",
        "user-read-recently-played",
        "user-read-private",
    }
    assert tokens.refresh_token
    assert (profile.username, profile.display_name, profile.email) == ("mina", "Mina Okafor", None)
    assert profile.subject not in ("mina", "")
    assert (await connect(spotify, "mina"))[1].subject == profile.subject


async def test_signing_in_asks_for_the_least(spotify):
    tokens, _ = await connect(spotify, "mina", purpose=FlowPurpose.SIGN_IN)
    assert tokens.scopes == ("user-read-private",)
    with pytest.raises(AccessEnded):
        await spotify.now_playing(tokens.access_token)


async def test_a_code_counts_once_and_only_with_its_verifier(spotify):
    back = await come_back(spotify, "mina")
    with pytest.raises(AccessEnded):
        await spotify.exchange(back["code"], code_verifier="w" * 43, nonce="")
    with pytest.raises(AccessEnded):
        await spotify.exchange(back["code"], code_verifier=VERIFIER, nonce="")
    tokens, _ = await connect(spotify, "theo")
    assert await spotify.refresh(tokens)
    assert (await come_back(spotify, "mina", decision="deny"))["error"] == "access_denied"


async def test_renewing_with_and_without_a_new_refresh_token(spotify, twins):
    tokens, _ = await connect(spotify, "mina")
    renewed = await spotify.refresh(tokens)
    assert renewed.refresh_token == tokens.refresh_token
    assert renewed.access_token != tokens.access_token
    await twins.control("POST", "/spotify/users/mina/rotate", {"on": True})
    rotated = await spotify.refresh(renewed)
    assert rotated.refresh_token != tokens.refresh_token
    with pytest.raises(AccessEnded):
        await spotify.refresh(tokens)


async def test_tokens_end_by_age_and_by_revocation(spotify, twins):
    tokens, _ = await connect(spotify, "mina")
    assert await spotify.now_playing(tokens.access_token)
    await twins.control("POST", "/spotify/users/mina/expire")
    with pytest.raises(Unauthenticated):
        await spotify.now_playing(tokens.access_token)
    renewed = await spotify.refresh(tokens)
    assert await spotify.now_playing(renewed.access_token)
    await twins.control("POST", "/spotify/users/mina/forbid")
    with pytest.raises(AccessEnded):
        await spotify.now_playing(renewed.access_token)
    await twins.control("POST", "/spotify/users/mina/allow")
    await twins.control("POST", "/spotify/users/mina/revoke")
    with pytest.raises(Unauthenticated):
        await spotify.now_playing(renewed.access_token)
    with pytest.raises(AccessEnded):
        await spotify.refresh(renewed)


async def test_what_plays_is_told_as_it_is(spotify, twins):
    track = {
        "title": "Harmattan Waltz",
        "artists": ["Cape Coast Seven", "Adjoa Larbi"],
        "album": "Dust",
        "isrc": "QZSBX2600042",
        "duration_ms": 57_000,
    }
    token = (await connect(spotify, "mina"))[0].access_token
    player = "/spotify/players/mina"
    await twins.control("POST", f"{player}/play", {"track": track})
    await twins.control("POST", f"{player}/seek", {"position_ms": 20_000})
    found = await spotify.now_playing(token)
    facts = found.facts
    assert (facts.title, facts.artist, facts.album) == ("Harmattan Waltz", "Cape Coast Seven, Adjoa Larbi", "Dust")
    assert (facts.isrc, facts.duration_seconds) == ("QZSBX2600042", 57.0)
    assert facts.artwork_url.endswith("/300.jpg")
    assert found.key.startswith("spotify:track:")
    assert found.url == "https://open.spotify.com/track/" + found.key.removeprefix("spotify:track:")
    assert found.playing
    assert 20 <= found.progress_seconds < 22
    assert timedelta(0) <= datetime.now(UTC) - found.observed_at < timedelta(seconds=1)
    await twins.control("POST", f"{player}/pause")
    assert not (await spotify.now_playing(token)).playing


async def test_what_is_no_track_of_the_catalogue(spotify, twins):
    token = (await connect(spotify, "mina"))[0].access_token
    player = "/spotify/players/mina"
    await twins.control("POST", f"{player}/ad")
    assert await spotify.now_playing(token) is Silence.ADVERTISEMENT
    await twins.control("POST", f"{player}/local", {"title": "Demo 3", "artists": ["Me"], "album": "Tapes"})
    found = await spotify.now_playing(token)
    assert (found.facts.title, found.facts.artist, found.facts.isrc, found.url) == ("Demo 3", "Me", None, None)
    await twins.control("POST", f"{player}/episode", {"title": "Pilot", "artists": ["The Show"], "album": "The Show"})
    found = await spotify.now_playing(token)
    assert (found.facts.title, found.facts.artist, found.facts.isrc) == ("Pilot", "The Show", None)
    assert found.facts.artwork_url
    for silent in ("private", "nothing"):
        await twins.control("POST", f"{player}/{silent}")
        assert await spotify.now_playing(token) is Silence.NOTHING
        await twins.control("POST", f"{player}/public")


async def test_the_catalogue_is_searched_with_one_token_of_our_own(spotify, twins):
    found = await asyncio.gather(*(spotify.find_url("QZSBX2600001") for _ in range(8)))
    assert len(set(found)) == 1
    assert found[0].startswith("https://open.spotify.com/track/")
    assert await spotify.find_url("qz-sbx-26-99999") is None
    assert len(await twins.calls("accounts.spotify.com")) == 1
    with pytest.raises(InvalidInput):
        await spotify.find_url("x OR artist:y")


async def test_too_often_is_told_with_when_to_come_back(spotify, twins):
    token = (await connect(spotify, "mina"))[0].access_token
    await twins.fault("status", host="api.spotify.com", status=429, headers={"Retry-After": "17"}, times=1)
    with pytest.raises(RateLimited) as refusal:
        await spotify.now_playing(token)
    assert refusal.value.retry_after_seconds == 17
    assert await spotify.now_playing(token)
