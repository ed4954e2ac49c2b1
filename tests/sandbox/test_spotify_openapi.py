"""Spotify's twin beside Spotify's own OpenAPI file: every endpoint in every state."""

from collections import Counter

import pytest

from tests.sandbox.spotify_openapi import SPOTIFY, Seen, Unlike, contract, validate_call
from tests.sandbox.test_spotify_player import OURS, PLAYLIST, SCOPE, Listener
from tests.sandbox.visitor import Visitor

pytestmark = pytest.mark.skipif(not SPOTIFY.is_file(), reason="the folder with Spotify's OpenAPI file is not here")

NOW = "get-the-users-currently-playing-track"
RECENT = "get-recently-played"
UNKNOWN_ID = "0" * 22


class Judge:
    """Asks, and judges each request and the whole answer."""

    def __init__(self, listener):
        self.listener, self.seen = listener, Counter()

    async def get(self, path, listener=None, **query):
        answer = await (listener or self.listener).get(path, **query)
        method, sent = "GET", answer.request.url
        name = contract().check_request(method, path, sent.query.decode())
        assert sent.path == f"/api.spotify.com/v1{path}"
        body = contract().check_answer(method, path, answer.status_code, answer.content)
        self.seen[Seen(name, answer.status_code, body)] += 1
        return answer

    async def now(self, **query):
        return await self.get("/me/player/currently-playing", **query)


@pytest.fixture
async def ann(sandbox):
    await sandbox.control("POST", "/spotify/users", {"id": "ann", "display_name": "Ann", "playlist": PLAYLIST})
    spotify = Visitor(sandbox.http, "/accounts.spotify.com", OURS)
    tokens = await spotify.sign_in("ann", scope=SCOPE + " user-read-email")
    return Listener(sandbox, tokens["access_token"])


async def states_of_the_player(sandbox, ann, judge):
    assert (await judge.now()).status_code == 204
    await ann.act("play")
    assert (await judge.now(market="NG")).json()["currently_playing_type"] == "track"
    await ann.act("pause")
    assert (await judge.now(additional_types="track,episode")).json()["is_playing"] is False
    await ann.act("play", track={"title": "No ISRC", "isrc": None, "duration_ms": 50_000})
    assert (await judge.now()).json()["item"]["external_ids"] == {}
    await ann.act("episode")
    assert (await judge.now(additional_types="track,episode")).json()["item"]["type"] == "episode"
    assert (await judge.now()).json()["item"] is None
    await ann.act("ad")
    assert (await judge.now()).json()["currently_playing_type"] == "ad"
    await ann.act("local")
    assert (await judge.now()).json()["item"]["is_local"] is True
    await ann.act("private")
    assert (await judge.now()).status_code == 204
    await ann.act("public")
    await ann.act("nothing")
    assert (await judge.now()).status_code == 204


async def lists_and_the_catalogue(sandbox, ann, judge):
    assert (await judge.get("/me/player/recently-played")).json()["items"] == []
    await ann.act("play", index=0)
    await sandbox.advance(200)
    page = (await judge.get("/me/player/recently-played", limit=2)).json()
    assert page["next"]
    await judge.get("/me/player/recently-played", limit=50, before=page["cursors"]["before"])
    await judge.get("/me/player/recently-played", after=page["cursors"]["after"])
    found = (await judge.get("/search", q=f"isrc:{PLAYLIST[0]['isrc']}", type="track", limit=1)).json()
    await judge.get("/search", q="o", type="track", limit=2, offset=1, market="NG")
    await judge.get("/search", q="nothing like it", type="album,artist,playlist,track,show,episode,audiobook")
    await judge.get(f"/tracks/{found['tracks']['items'][0]['id']}")
    assert (await judge.get(f"/tracks/{UNKNOWN_ID}", market="NG")).status_code == 404
    assert (await judge.get("/tracks/short")).status_code == 400
    assert (await judge.get("/search", q="x", type="track", market="everywhere")).status_code == 400
    await judge.get("/me")


PATHS = {
    "/me": {},
    "/me/player/currently-playing": {},
    "/me/player/recently-played": {},
    "/search": {"q": "x", "type": "track"},
    f"/tracks/{UNKNOWN_ID}": {},
}


async def refusals(sandbox, ann, judge):
    stranger = Listener(sandbox, "made-up")
    for path, query in PATHS.items():
        assert (await judge.get(path, stranger, **query)).status_code == 401
    await sandbox.control("POST", "/spotify/users/ann/forbid")
    for path, query in PATHS.items():
        assert (await judge.get(path, **query)).status_code == 403
    await sandbox.control("POST", "/spotify/users/ann/allow")
    await sandbox.control("POST", "/spotify/limit", {"calls": 0})
    for path, query in PATHS.items():
        limited = await judge.get(path, **query)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "30")


async def test_every_endpoint_in_every_state_is_as_the_file_says(sandbox, ann):
    judge, before = Judge(ann), await sandbox.mark()
    await states_of_the_player(sandbox, ann, judge)
    await lists_and_the_catalogue(sandbox, ann, judge)
    await refusals(sandbox, ann, judge)
    assert sum(judge.seen.values()) == 37
    statuses = {}
    for seen in judge.seen:
        statuses.setdefault(seen.operation, set()).add(seen.status)
    assert statuses == {
        "get-current-users-profile": {200, 401, 403, 429},
        NOW: {200, 204, 401, 403, 429},
        RECENT: {200, 401, 403, 429},
        "search": {200, 400, 401, 403, 429},
        "get-track": {200, 400, 401, 403, 404, 429},
    }
    calls = await sandbox.calls("api.spotify.com", since=before)
    judged = [validate_call(call) for call in calls]
    assert len(judged) == 37
    # The log keeps the beginning of an answer; some lists are longer.
    assert sum(seen.body for seen in judged) >= 28
    print(f"{len(judged)} requests, {sum(judge.seen.values())} answers; null by description: {contract().relaxed}")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"path": "/v1/me/player/now"}, "There is no GET"),
        ({"method": "DELETE"}, "There is no DELETE"),
        ({"query": "fields=item"}, "no parameter fields"),
        ({"query": "market=DE&market=FR"}, "comes twice"),
        ({"path": "/v1/me/player/recently-played", "query": "limit=51"}, "limit"),
        ({"path": "/v1/me/player/recently-played", "query": "limit=many"}, "limit"),
        ({"path": "/v1/search", "query": "q=x"}, "needs type"),
        ({"path": "/v1/search", "query": "q=x&type=song"}, "song"),
        ({"authorization": ""}, "without a token"),
        ({"status": 201}, "not foreseen"),
        ({"status": 204}, "has no body"),
        ({"status": 429}, "error"),
        ({"answer": '{"is_playing": "yes"}'}, "is_playing"),
        ({"answer": '{"progress": 1}'}, "no field progress"),
        ({"answer": '{"item": {"type": "track", "name": null}}'}, "item"),
        ({"answer": '{"item": {"type": "track", "album": {}}}'}, "item"),
        ({"answer": '{"item": {"type": "track", "lenght": 1}}'}, "no field lenght"),
        ({"answer": '{"item": {"type": "track", "is_local": true, "duration_ms": "1"}}'}, "duration_ms"),
    ],
)
async def test_what_is_unlike_the_file_is_found(change, complaint):
    call = {
        "host": "api.spotify.com",
        "method": "GET",
        "path": "/v1/me/player/currently-playing",
        "query": "",
        "authorization": "Bearer x",
        "status": 200,
        "answer": '{"item": null, "progress_ms": null, "context": null, "is_playing": true}',
        "fault": None,
    }
    assert validate_call(call) == Seen(NOW, 200, body=True)
    with pytest.raises(Unlike, match=complaint):
        validate_call(call | change)


def test_what_a_fault_answered_is_not_judged():
    call = {"host": "api.spotify.com", "method": "GET", "path": "/v1/me", "query": "", "authorization": "Bearer x"}
    assert validate_call(call | {"status": None, "answer": None, "fault": "drop"}) == Seen(
        "get-current-users-profile", None, body=False
    )
    assert validate_call({"host": "serato.example", "status": 200}) == Seen(None, 200, body=False)
