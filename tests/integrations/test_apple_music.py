"""Apple Music: against its twin, which reads our signed tokens, and against a vendor that says anything."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse

from domain.connections import AccessEnded
from domain.errors import InvalidInput, NotConfigured, RateLimited, Unavailable
from domain.tracks import clean_track
from integrations.apple_music import AppleMusic
from integrations.cipher import new_signing_key, public_key_of
from tests.integrations.vendor import RUDE, SHORT, broken, scripted
from tests.sandbox.process import apple_private_pem, registration

KEY = {"team_id": "TESTTEAM01", "key_id": "TESTKEY001", "private_key": apple_private_pem()}
STOREFRONT, RECENT, SONGS = "/v1/me/storefront", "/v1/me/recent/played/tracks", "/v1/catalog/us/songs"
SONG = {"title": "Last Tram", "artist": "Marchand", "album": "Ligne", "isrc": "QZSBX2600077", "duration_ms": 61_500}
DENIED = {"errors": [{"status": "403", "code": "40300", "detail": "hidden"}]}


@pytest.fixture
async def music(twins):
    made = AppleMusic(base_url=twins.at("api.music.apple.com"), **KEY)
    yield made
    await made.aclose()


@pytest.fixture
async def vendor():
    async with scripted() as vendor:
        vendor.says |= {STOREFRONT: {"data": [{"id": "ng"}]}, SONGS: {"data": []}}
        vendor.music = AppleMusic(base_url=vendor.url, **KEY)
        yield vendor
        await vendor.music.aclose()


@pytest.fixture
async def ada(twins):
    return (await twins.control("POST", "/apple_music/users", {"id": "ada", "storefront": "gb"}))["music_user_token"]


def read(token):
    found = jwt.decode(token, ECKey.import_key(public_key_of(KEY["private_key"])), algorithms=["ES256"])
    return found.header, found.claims


async def test_the_twin_knows_whose_token_it_is(music, ada):
    assert await music.check(ada) == "gb"


async def test_what_was_played_lately_latest_first(music, twins, ada):
    assert await music.recent(ada) == []
    await twins.control("POST", "/apple_music/users/ada/played", SONG)
    own = {"title": "Tape 3", "artist": "Me", "album": "Tapes", "duration_ms": 1000, "library": True}
    await twins.control("POST", "/apple_music/users/ada/played", own)
    mine, song = await music.recent(ada)
    assert (mine.facts.title, mine.facts.isrc, mine.url) == ("Tape 3", None, None)
    facts = song.facts
    assert (facts.title, facts.artist, facts.album) == ("Last Tram", "Marchand", "Ligne")
    assert (facts.isrc, facts.duration_seconds) == ("QZSBX2600077", 61.5)
    assert facts.artwork_url.endswith("/600x600bb.jpg")
    assert song.url.startswith("https://music.apple.com/gb/song/")
    assert song.key == song.url.rpartition("/")[2]
    assert all(clean_track(each.facts) == each.facts for each in (mine, song))


async def test_the_catalogue_is_searched_by_isrc(music, twins, ada):
    await twins.control("POST", "/apple_music/users/ada/played", SONG)
    assert (await music.find_url("qz-sbx-26-00077")).startswith("https://music.apple.com/us/song/")
    assert await music.find_url("QZSBX2699999") is None
    with pytest.raises(InvalidInput):
        await music.find_url("QZSBX2600077,GBAYE0600001")


async def test_another_recording_is_not_the_one_that_was_asked_for(vendor):
    song = {"isrc": "GBAYE0600001", "url": "https://music.apple.com/us/song/1"}
    vendor.says[SONGS] = {"data": [{"id": "0"}, {"id": "1", "attributes": song}]}
    assert await vendor.music.find_url("GBAYE0600001") == song["url"]
    assert await vendor.music.find_url("GBAYE0600002") is None


async def test_a_persons_token_ends(music, twins, ada):
    foreign = (await twins.control("POST", "/apple_music/users/ada/token", {"team": "OTHERTEAM1"}))["token"]
    await twins.control("POST", "/apple_music/users/ada/revoke")
    for token in (ada, foreign, "0.made-up"):
        for asking in (music.check(token), music.recent(token)):
            with pytest.raises(AccessEnded):
                await asking


async def test_a_key_of_ours_that_is_refused_costs_nobody_their_connection(twins, ada, caplog):
    for wrong in ({"private_key": new_signing_key()}, {"team_id": "OTHERTEAM1"}, {"key_id": "OTHERKEY01"}):
        music = AppleMusic(base_url=twins.at("api.music.apple.com"), **KEY | wrong)
        for asking in (music.check(ada), music.recent(ada), music.find_url("QZSBX2600077")):
            with pytest.raises(Unavailable):
                await asking
        await music.aclose()
    assert [record.levelname for record in caplog.records].count("ERROR") == 9
    assert ada not in caplog.text


@pytest.mark.parametrize("status", [401, 403])
async def test_whose_token_is_meant_is_found_out(vendor, status):
    vendor.says[STOREFRONT] = JSONResponse(DENIED, status)
    with pytest.raises(AccessEnded):
        await vendor.music.check("0.hidden")
    vendor.says[SONGS] = JSONResponse(DENIED, 401)
    with pytest.raises(Unavailable):
        await vendor.music.check("0.hidden")
    vendor.says[SONGS] = JSONResponse(DENIED, 429)
    with pytest.raises(RateLimited):
        await vendor.music.check("0.hidden")
    probes = [seen for seen in vendor.seen if seen.path == SONGS]
    assert len(probes) == 3
    assert all("music-user-token" not in seen.headers for seen in probes)


async def test_our_own_token_is_kept_and_short(vendor):
    for _ in range(3):
        await vendor.music.check("0.hidden")
    [sent] = {seen.headers["authorization"].removeprefix("Bearer ") for seen in vendor.seen}
    header, claims = read(sent)
    assert header == {"alg": "ES256", "kid": "TESTKEY001", "typ": "JWT"}
    assert set(claims) == {"iss", "iat", "exp"}
    assert claims["iss"] == "TESTTEAM01"
    assert abs(claims["iat"] - time.time()) < 5
    assert claims["exp"] - claims["iat"] == 12 * 3600
    assert {seen.headers["music-user-token"] for seen in vendor.seen} == {"0.hidden"}


def test_the_token_for_apps_holds_an_hour_on_their_origins(vendor):
    _, claims = read(vendor.music.developer_token(["https://app.example"]))
    assert claims["origin"] == ["https://app.example"]
    assert claims["exp"] - claims["iat"] == 3600
    assert "origin" not in read(vendor.music.developer_token())[1]


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "é", "h" * 4097])
async def test_what_can_be_no_token_is_not_sent(vendor, token):
    for asking in (vendor.music.check(token), vendor.music.recent(token)):
        with pytest.raises(AccessEnded):
            await asking
    assert vendor.seen == []


ODD = [
    {},
    {"name": None, "artistName": "", "durationInMillis": -5},
    {"name": "x" * 9000, "artistName": "\u202ea\x00", "albumName": "\u200b"},
    {"isrc": "none", "url": "https://evil.example/", "artwork": {}},
    {"artwork": {"url": "http://plain.example/{w}"}, "url": "javascript:x"},
    {"artwork": {"url": "https://a.example/{w}x{h}{c}.{f}"}},
]


@pytest.mark.parametrize("odd", ODD)
async def test_whatever_is_said_of_a_song_fits_our_rules(vendor, odd):
    vendor.says[RECENT] = {
        "data": [{"id": "1", "attributes": odd}, {"id": "bare"}, {"id": "k" * 900, "attributes": odd}]
    }
    first, second = await vendor.music.recent("t")
    for each in (first, second):
        assert clean_track(each.facts) == each.facts
        assert each.url is None
        assert len(each.key) <= 200
    assert first.facts.artwork_url in (None, "https://a.example/600x600bb.jpg")


WRONG = [
    {"data": "hidden"},
    {"data": ["hidden"]},
    {"data": [{"attributes": {}}]},
    {"data": [{"id": 7, "attributes": {}}]},
    {"data": [{"id": "1", "attributes": "hidden"}]},
    {"data": [{"id": "1", "attributes": {"name": 7}}]},
    {"data": [{"id": "1", "attributes": {"artwork": "hidden"}}]},
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_wrong_types_are_no_news(vendor, wrong, caplog):
    vendor.says[RECENT] = wrong
    with pytest.raises(Unavailable):
        await vendor.music.recent("t")
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("said", [{"data": []}, {}, {"data": [{"id": "../x"}]}, {"data": [{"id": "US"}]}])
async def test_a_storefront_that_is_none(vendor, said):
    vendor.says[STOREFRONT] = said
    with pytest.raises(Unavailable):
        await vendor.music.check("t")


@pytest.mark.parametrize("way", RUDE)
async def test_a_rude_apple_is_no_news(way, caplog):
    caplog.set_level(logging.DEBUG, logger="integrations")
    async with broken(RUDE[way]()) as vendor:
        music = AppleMusic(base_url=vendor.url, **KEY, patience=SHORT)
        asking = music.check("hidden"), music.recent("hidden"), music.find_url("GBAYE0600001")
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        await music.aclose()
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert "hidden" not in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"team_id": None},
        {"key_id": ""},
        {"private_key": None},
        {"private_key": "-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----"},
        {"private_key": public_key_of(KEY["private_key"])},
    ],
)
async def test_without_a_key_everything_says_so(wrong, caplog):
    music = AppleMusic(**KEY | wrong)
    with pytest.raises(NotConfigured, match="APPLE_PRIVATE_KEY"):
        music.require()
    with pytest.raises(NotConfigured):
        music.developer_token()
    for asking in (music.check("t"), music.recent("t"), music.find_url("GBAYE0600001")):
        with pytest.raises(NotConfigured):
            await asking
    await music.aclose()
    assert "hidden" not in caplog.text


def test_the_tests_sign_as_they_are_registered():
    ours = registration()
    assert (KEY["team_id"], KEY["key_id"]) == (ours.apple_team_id, ours.apple_key_id)
