"""Spotify: against its twin for what it does, and against a vendor that says anything for what it might."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import JSONResponse, Response

from domain.connections import AccessEnded, FlowPurpose, Tokens
from domain.errors import InvalidInput, NotConfigured, RateLimited, Unauthenticated, Unavailable
from domain.players import Silence
from domain.tracks import clean_track
from integrations.spotify import Spotify
from tests.integrations.browser import VERIFIER, come_back, connect
from tests.integrations.vendor import RUDE, SHORT, broken, scripted
from tests.sandbox.process import registration

PLAYER = "/v1/me/player/currently-playing"
ITEM = {
    "uri": "spotify:track:1",
    "type": "track",
    "name": "Palm Wine Monday",
    "artists": [{"name": "The Osu Brothers"}, {"name": "Adjoa Larbi"}],
    "album": {
        "name": "Ring Road",
        "images": [{"url": f"https://i.example/{size}", "width": size, "height": size} for size in (640, 300, 64)],
    },
    "duration_ms": 64_000,
    "external_ids": {"isrc": "gb-aye-06-00001"},
    "external_urls": {"spotify": "https://open.spotify.com/track/1"},
}
STATE = {"is_playing": True, "progress_ms": 12_345, "currently_playing_type": "track", "item": ITEM}
SEARCH = {"tracks": {"items": [ITEM]}}


@pytest.fixture
async def vendor():
    async with scripted() as vendor:
        vendor.says |= {PLAYER: STATE, "/v1/search": SEARCH}
        vendor.says["/api/token"] = {"access_token": "hidden-app", "token_type": "Bearer", "expires_in": 3600}
        vendor.spotify = Spotify(
            client_id="me", client_secret="hidden", redirect_uri="r", accounts_url=vendor.url, api_url=vendor.url
        )
        yield vendor
        await vendor.spotify.aclose()


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


async def test_a_token_of_our_own_that_ended_early_is_replaced_once(vendor):
    no = JSONResponse({"error": {"status": 401, "message": "hidden"}}, 401)
    vendor.says["/v1/search"] = [no, JSONResponse(SEARCH)]
    assert await vendor.spotify.find_url("GBAYE0600001") == "https://open.spotify.com/track/1"
    assert vendor.paths() == ["/api/token", "/v1/search"] * 2
    vendor.says["/v1/search"] = no
    with pytest.raises(Unavailable):
        await vendor.spotify.find_url("GBAYE0600001")


async def test_a_token_of_our_own_is_kept_until_a_minute_before_its_end(vendor):
    vendor.says["/api/token"] = {"access_token": "app", "token_type": "Bearer", "expires_in": 60.2}
    for _ in range(2):
        await vendor.spotify.find_url("GBAYE0600001")
    assert vendor.paths().count("/api/token") == 1
    await asyncio.sleep(0.25)
    await vendor.spotify.find_url("GBAYE0600001")
    assert vendor.paths().count("/api/token") == 2


async def test_too_often_is_told_with_when_to_come_back(spotify, twins, vendor):
    token = (await connect(spotify, "mina"))[0].access_token
    await twins.fault("status", host="api.spotify.com", status=429, headers={"Retry-After": "17"}, times=1)
    with pytest.raises(RateLimited) as refusal:
        await spotify.now_playing(token)
    assert refusal.value.retry_after_seconds == 17
    assert await spotify.now_playing(token)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_other_answers_are_no_news(vendor, status):
    vendor.says[PLAYER] = Response("hidden", status)
    with pytest.raises(Unavailable):
        await vendor.spotify.now_playing("t")


@pytest.mark.parametrize("token", ["", "with space", "line\r\nX-Evil: 1", "hiddén", "h" * 4097])
async def test_what_can_be_no_token_is_not_sent(vendor, token):
    with pytest.raises(Unauthenticated):
        await vendor.spotify.now_playing(token)
    assert vendor.seen == []


SAID = [
    ({"item": None, "currently_playing_type": "unknown"}, Silence.NOTHING),
    ({"currently_playing_type": "ad"}, Silence.ADVERTISEMENT),
    ({"item": None, "currently_playing_type": "ad"}, Silence.ADVERTISEMENT),
]


@pytest.mark.parametrize(("change", "silence"), SAID)
async def test_silence(vendor, change, silence):
    vendor.says[PLAYER] = STATE | change
    assert await vendor.spotify.now_playing("t") is silence
    vendor.says[PLAYER] = Response(status_code=204)
    assert await vendor.spotify.now_playing("t") is Silence.NOTHING


ODD = [
    {"name": "x" * 5000},
    {"name": ""},
    {"name": None},
    {"name": "\u202egnol\x00\r\n\tline\u2028x\u200b"},
    {"name": "\u200b\u2060"},
    {"name": "e\u0301" * 400},
    {"artists": []},
    {"artists": [{"name": ""}, {"name": None}, {}]},
    {"artists": [{"name": "y" * 299}, {"name": "z" * 299}]},
    {"album": None},
    {"album": {"name": "", "images": []}},
    {"album": {"images": [{"url": "http://plain.example/1", "width": 640}, {"url": "javascript:x"}, {"url": None}]}},
    {"album": {"images": [{"url": "https://user:pw@host.example/1", "width": 300}]}},
    {"album": {"images": [{"url": "https://[broken", "width": 300}, {"url": "https://h.example/" + "x" * 2000}]}},
    {"duration_ms": -1},
    {"duration_ms": 0},
    {"duration_ms": 1e15},
    {"duration_ms": None},
    {"external_ids": None},
    {"external_ids": {"isrc": "none"}},
    {"external_ids": {"isrc": None}},
    {"external_urls": {"spotify": "https://evil.example/track/1"}},
    {"external_urls": {"spotify": "https://open.spotify.com.evil.example/"}},
    {"external_urls": None},
    {"uri": None},
    {"uri": "spotify:local:" + "a" * 5000},
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("progress", [None, -5, 12_345, 1e15])
async def test_whatever_is_said_of_a_track_fits_our_rules(vendor, odd, progress):
    vendor.says[PLAYER] = STATE | {"item": ITEM | odd, "progress_ms": progress}
    found = await vendor.spotify.now_playing("t")
    assert clean_track(found.facts) == found.facts
    assert 0 <= found.progress_seconds <= (found.facts.duration_seconds or 12 * 3600)
    assert found.url in (None, "https://open.spotify.com/track/1")
    assert 0 < len(found.key) <= 200
    if "album" not in odd:
        assert found.facts.artwork_url == "https://i.example/300"


WRONG = [
    {"item": "hidden"},
    {"item": ITEM | {"name": 7}},
    {"item": ITEM | {"artists": "hidden"}},
    {"item": ITEM | {"artists": ["hidden"]}},
    {"item": ITEM | {"duration_ms": "hidden"}},
    {"item": ITEM | {"album": ["hidden"]}},
    {"is_playing": "hidden"},
    {"progress_ms": True},
    {"currently_playing_type": {}},
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_wrong_types_are_no_news(vendor, wrong, caplog):
    vendor.says[PLAYER] = STATE | wrong
    with pytest.raises(Unavailable):
        await vendor.spotify.now_playing("t")
    assert "cannot be understood at" in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("way", RUDE)
async def test_a_rude_spotify_is_no_news(way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        more = {"redirect_uri": "r", "accounts_url": vendor.url, "api_url": vendor.url, "patience": SHORT}
        spotify = Spotify(client_id="me", client_secret="hidden", **more)
        asking = spotify.now_playing("hidden"), spotify.find_url("GBAYE0600001")
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        await spotify.aclose()
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2
    assert "hidden" not in caplog.text


async def test_without_credentials_the_catalogue_says_so():
    spotify = Spotify(client_id=None, client_secret=None, redirect_uri="r")
    with pytest.raises(NotConfigured):
        await spotify.find_url("GBAYE0600001")
    await spotify.revoke(Tokens("t"))
    await spotify.aclose()
