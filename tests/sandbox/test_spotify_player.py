"""Spotify's Web API: players that advance by themselves, the catalogue, and who may ask."""

import asyncio

import pytest

from tests.sandbox.process import registration
from tests.sandbox.visitor import Visitor

OURS = registration().spotify
SCOPE = "user-read-currently-playing user-read-recently-played user-read-private"
PLAYLIST = [
    {"title": "One", "artists": ["A", "B"], "album": "First", "isrc": "QZSBX2600901", "duration_ms": 40_000},
    {"title": "Two", "artists": ["C"], "album": "Second", "isrc": "QZSBX2600902", "duration_ms": 50_000, "explicit": True},
    {"title": "Three", "artists": ["D"], "album": "Third", "isrc": "QZSBX2600903", "duration_ms": 60_000},
]  # fmt: skip


class Listener:
    """Somebody with a player, and the app that has their permission."""

    def __init__(self, sandbox, token):
        self.sandbox, self.token = sandbox, token

    async def get(self, path, **query):
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.sandbox.http.get(f"/api.spotify.com/v1{path}", params=query, headers=headers)

    async def now(self, **query):
        return await self.get("/me/player/currently-playing", **query)

    async def act(self, deed, **value):
        return await self.sandbox.control("POST", f"/spotify/players/ann/{deed}", value)

    async def title(self):
        return (await self.now()).json()["item"]["name"]


@pytest.fixture
async def ann(sandbox):
    await sandbox.control("POST", "/spotify/users", {"id": "ann", "display_name": "Ann", "playlist": PLAYLIST})
    tokens = await Visitor(sandbox.http, "/accounts.spotify.com", OURS).sign_in("ann", scope=SCOPE)
    return Listener(sandbox, tokens["access_token"])


def error(answer):
    body = answer.json()["error"]
    assert body["status"] == answer.status_code
    assert set(body) == {"status", "message"}
    return answer.status_code, body["message"]


async def test_a_player_is_silent_until_it_plays_and_then_goes_on_by_itself(sandbox, ann):
    silent = await ann.now()
    assert (silent.status_code, silent.content) == (204, b"")
    await ann.act("play")
    first = (await ann.now()).json()
    assert (first["is_playing"], first["currently_playing_type"]) == (True, "track")
    assert first["item"]["external_ids"] == {"isrc": "QZSBX2600901"}
    assert [artist["name"] for artist in first["item"]["artists"]] == ["A", "B"]
    assert 0 <= first["progress_ms"] < 2000
    await sandbox.advance(30)
    assert 30_000 <= (await ann.now()).json()["progress_ms"] < 32_000
    await sandbox.advance(15)
    second = (await ann.now()).json()
    assert (second["item"]["name"], second["item"]["explicit"]) == ("Two", True)
    assert 5_000 <= second["progress_ms"] < 8_000
    await sandbox.advance(150)
    assert await ann.title() == "Two"


async def test_a_player_moves_in_real_time(ann):
    await ann.act("play", track={"title": "Blink", "duration_ms": 400})
    before = (await ann.now()).json()
    await asyncio.sleep(0.2)
    after = (await ann.now()).json()
    assert 150 <= after["progress_ms"] - before["progress_ms"] <= 400
    assert after["timestamp"] > before["timestamp"]
    await asyncio.sleep(0.4)
    assert await ann.title() == "One"


async def test_after_months_without_a_look_it_plays_still(sandbox, ann):
    await ann.act("play")
    await sandbox.advance(150 * 100_000 + 45)
    assert (await sandbox.control("GET", "/spotify/players/ann"))["title"] == "Two"


async def test_people_pause_seek_and_skip(sandbox, ann):
    await ann.act("play")
    await ann.act("seek", position_ms=10_000)
    await ann.act("pause")
    await sandbox.advance(1000)
    paused = (await ann.now()).json()
    assert (paused["is_playing"], paused["item"]["name"]) == (False, "One")
    assert 10_000 <= paused["progress_ms"] < 12_000
    await ann.act("play")
    assert (await ann.now()).json()["progress_ms"] - paused["progress_ms"] < 2_000
    await ann.act("skip")
    assert await ann.title() == "Two"
    await ann.act("previous")
    await ann.act("previous")
    assert await ann.title() == "Three"
    await ann.act("play", index=0, position_ms=39_000)
    assert (await ann.now()).json()["progress_ms"] >= 39_000


async def test_a_private_session_tells_nothing(ann):
    await ann.act("play")
    await ann.act("private")
    assert (await ann.now()).status_code == 204
    await ann.act("public")
    assert await ann.title() == "One"
    await ann.act("nothing")
    assert (await ann.now()).status_code == 204


async def test_an_ad_has_no_item_and_the_next_track_follows(sandbox, ann):
    await ann.act("play")
    await ann.act("ad")
    ad = (await ann.now()).json()
    assert (ad["currently_playing_type"], ad["item"], ad["is_playing"]) == ("ad", None, True)
    await sandbox.advance(31)
    assert await ann.title() == "Two"


async def test_a_local_file_is_known_by_its_tags_alone(ann):
    await ann.act("local", title="Home: demo", artists=["Me & you"], album="Disk", duration_ms=61_000)
    item = (await ann.now()).json()["item"]
    assert item["is_local"] is True
    assert item["id"] is None
    assert item["external_ids"] == {}
    assert item["uri"] == "spotify:local:Me+%26+you:Disk:Home%3A+demo:61"
    assert item["album"]["name"] == "Disk"


async def test_an_episode_is_given_to_those_who_know_episodes(ann):
    await ann.act("episode", title="Part 1")
    known = (await ann.now(additional_types="track,episode")).json()
    assert (known["currently_playing_type"], known["item"]["name"]) == ("episode", "Part 1")
    assert known["item"]["show"]["name"] == "The long break"
    unknown = (await ann.now()).json()
    assert (unknown["currently_playing_type"], unknown["item"]) == ("episode", None)


async def test_what_was_heard_is_in_the_list_and_no_more(sandbox, ann):
    await ann.act("play")
    await ann.act("skip")
    await sandbox.advance(51)
    await ann.act("private")
    await sandbox.advance(61)
    await ann.act("public")
    await ann.act("nothing")
    await ann.act("local", duration_ms=1000)
    await sandbox.advance(2)
    plays = (await ann.get("/me/player/recently-played")).json()
    assert [play["track"]["name"] for play in plays["items"]] == ["Two"]
    assert plays["items"][0]["played_at"].endswith("Z")


async def test_the_list_is_read_page_by_page(sandbox, ann):
    await ann.act("play")
    await sandbox.advance(150 + 150 + 45)
    found, page = [], (await ann.get("/me/player/recently-played", limit=3)).json()
    newest = page["cursors"]["after"]
    assert page["next"].startswith(sandbox.at("api.spotify.com"))
    while page["items"]:
        found += [play["track"]["name"] for play in page["items"]]
        page = (await ann.get("/me/player/recently-played", limit=3, before=page["cursors"]["before"])).json()
    assert found == ["One", "Three", "Two", "One", "Three", "Two", "One"]
    assert page["next"] is None
    assert (await ann.get("/me/player/recently-played", after=newest)).json()["items"] == []
    await sandbox.advance(50)
    later = (await ann.get("/me/player/recently-played", after=newest)).json()
    assert [play["track"]["name"] for play in later["items"]] == ["Two"]


async def test_the_catalogue_is_searched_by_isrc_and_by_words(ann):
    by_isrc = (await ann.get("/search", q="isrc:qzsbx2600902", type="track", limit=1)).json()
    [hit] = by_isrc["tracks"]["items"]
    assert hit["name"] == "Two"
    assert (await ann.get(f"/tracks/{hit['id']}")).json() == hit
    assert (await ann.get("/search", q="isrc:QZSBX2699999", type="track")).json()["tracks"]["total"] == 0
    assert (await ann.get("/search", q="artist:marchand tram", type="track")).json()["tracks"]["total"] == 1
    other = (await ann.get("/search", q="two", type="album,track")).json()
    assert (other["albums"]["total"], set(other)) == (0, {"albums", "tracks"})


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/search", {"type": "track"}, 400),
        ("/search", {"q": "x"}, 400),
        ("/search", {"q": "x", "type": "song"}, 400),
        ("/search", {"q": "x", "type": "track", "limit": 11}, 400),
        ("/search", {"q": "x", "type": "track", "market": "everywhere"}, 400),
        ("/tracks/tooshort", {}, 400),
        ("/tracks/" + "0" * 22, {}, 404),
        ("/me/player/recently-played", {"limit": 51}, 400),
        ("/me/player/recently-played", {"after": 1, "before": 2}, 400),
        ("/me/nothing", {}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused(ann, path, query, status):
    assert error(await ann.get(path, **query))[0] == status


async def test_nobody_asks_without_a_token_or_a_scope_or_being_allowed(sandbox, ann):
    await ann.act("play")
    assert error(await sandbox.http.get("/api.spotify.com/v1/me")) == (401, "No token provided")
    assert error(await Listener(sandbox, "made-up").now()) == (401, "Invalid access token")
    least = await Visitor(sandbox.http, "/accounts.spotify.com", OURS).sign_in("ann")
    stranger = Listener(sandbox, least["access_token"])
    assert error(await stranger.now()) == (403, "Insufficient client scope")
    assert set((await stranger.get("/me")).json()).isdisjoint({"email", "country", "product"})
    await sandbox.control("POST", "/spotify/users/ann/forbid")
    assert error(await ann.now())[0] == 403
    await sandbox.control("POST", "/spotify/users/ann/allow")
    assert (await ann.now()).status_code == 200


async def test_the_app_has_a_limit_in_a_window_that_rolls(sandbox, ann):
    await sandbox.control("POST", "/spotify/limit", {"calls": 3, "seconds": 30})
    await ann.get("/me")
    await sandbox.advance(10)
    assert [(await ann.get("/me")).status_code for _ in range(3)] == [200, 200, 429]
    limited = await ann.now()
    assert error(limited) == (429, "API rate limit exceeded")
    assert 18 <= int(limited.headers["retry-after"]) <= 20
    await sandbox.advance(int(limited.headers["retry-after"]))
    assert [(await ann.get("/me")).status_code for _ in range(2)] == [200, 429]
    await sandbox.advance(30)
    assert (await ann.get("/me")).status_code == 200


async def test_the_demos_people_play_from_the_start_and_are_seen_by_the_page(sandbox, ann):
    seen = {player["user"]: player for player in (await sandbox.control("GET", "/spotify/players"))["players"]}
    assert set(seen) == {"mina", "theo", "ann"}
    assert (seen["mina"]["playing"], seen["mina"]["connected"]) == (True, 0)
    assert seen["mina"]["isrc"].startswith("QZSBX26")
    assert (seen["ann"]["kind"], seen["ann"]["connected"]) == ("nothing", 1)
    assert len({track["isrc"] for player in seen.values() for track in player["playlist"]}) == 11


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/spotify/users", {}),
        ("/spotify/users", {"id": "x", "wrong": 1}),
        ("/spotify/users", {"id": "x", "playlist": [{"title": 1}]}),
        ("/spotify/players/ann/dance", {}),
        ("/spotify/players/ann/seek", {"position_ms": 10**9}),
        ("/spotify/players/ann/play", {"index": 9}),
        ("/spotify/limit", {"calls": "many"}),
    ],
)
async def test_controls_refuse_what_cannot_be_done(sandbox, ann, path, value):
    before = await sandbox.control("GET", "/spotify/players/ann")
    answer = await sandbox.http.post(f"/control{path}", json=value)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert await sandbox.control("GET", "/spotify/players/ann") == before
    assert len((await sandbox.control("GET", "/spotify/users"))["users"]) == 3
