"""Spotify, as it might be: whatever it answers is a track that fits our rules, silence, or a refusal in our own words."""

from __future__ import annotations

import asyncio
import logging

import pytest
from starlette.responses import JSONResponse, Response

from domain.connections import Tokens
from domain.errors import NotConfigured, Unauthenticated, Unavailable
from domain.players import Silence
from domain.tracks import clean_track
from integrations.spotify import Spotify
from tests.integrations.vendor import RUDE, SHORT, broken, scripted

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


async def test_another_recording_is_not_the_one_that_was_asked_for(vendor):
    assert await vendor.spotify.find_url("GBAYE0600001") == "https://open.spotify.com/track/1"
    assert await vendor.spotify.find_url("GBAYE0600002") is None
    vendor.says["/v1/search"] = {"tracks": {"items": [ITEM | {"external_ids": {}}]}}
    assert await vendor.spotify.find_url("GBAYE0600002") == "https://open.spotify.com/track/1"


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
