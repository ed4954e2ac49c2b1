"""Apple Music's twin: what somebody played lately, and a catalogue.

Under `/control/apple_music`: `GET users`, `POST users {id, storefront?}` (201 with the user, whose Music User Token is
`music_user_token`), `POST users/{id}/token {team?}` (another token, of another developer team if wanted),
`.../revoke` (all of somebody's tokens hold no more), `.../played {title, artist, album, isrc, duration_ms, library?}` (goes on
top of the list; a song of one's own library has neither ISRC nor page), `.../clear`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import apple_signed, issued, oauth, people
from integrations.sandbox.deeds import Deed, Json, Wrong, check_fields, people_routes, save_person
from integrations.sandbox.registration import Registration
from integrations.sandbox.spotify_shapes import COVERS, RELEASED, make_id
from integrations.sandbox.world import World

USERS: Final = "apple_music_user"
TOKENS: Final = "apple_music_token"
RECENT: Final = "apple_music_recent"
SONGS: Final = "apple_music_song"
TEAM: Final = "apple_music_team"
KEPT: Final = 50
TYPES: Final = frozenset({"songs", "library-songs"})
STOREFRONTS: Final = {"us": "United States", "gb": "United Kingdom", "ng": "Nigeria", "fr": "France", "de": "Germany"}
SONG: Final[Json] = {
    "title": "Untitled",
    "artist": "Nobody",
    "album": "Untitled",
    "isrc": None,
    "duration_ms": 180_000,
    "library": False,
}


class Failed(Exception):
    """An error of the API."""

    def __init__(self, status: int, title: str, detail: str, code: str) -> None:
        super().__init__(detail)
        self.status = status
        self.error: Json = {"id": secrets.token_hex(13).upper(), "title": title, "detail": detail}
        self.error |= {"status": str(status), "code": code}


class Api:
    """The API, as one developer team sees it."""

    def __init__(self, world: World, registration: Registration) -> None:
        self.world, self.registration = world, registration

    def route(self, path: str, doing: Callable[[Request], Json]) -> Route:
        """Make a door that lets in whoever has a developer token."""

        async def answer(request: Request) -> Response:
            try:
                self._admit(request)
                return JSONResponse(doing(request))
            except Failed as failed:
                return JSONResponse({"errors": [failed.error]}, failed.status)

        return Route(path, answer, methods=["GET"])

    def _admit(self, request: Request) -> None:
        try:
            claims = apple_signed.check(self.registration, oauth.bearer(request) or "", self.world.now())
        except apple_signed.NotSigned as problem:
            raise Failed(401, "Unauthorized", str(problem), "40100") from None
        origins = claims.get("origin")
        if origins is not None and request.headers.get("origin") not in origins:
            raise Failed(401, "Unauthorized", "The token is for other origins.", "40100")

    def _person(self, request: Request) -> str:
        found = self.world.get(TOKENS, request.headers.get("music-user-token", ""))
        if found is None or not found["live"] or found["team"] != self.registration.apple_team_id:
            raise Failed(403, "Forbidden", "Invalid authentication", "40300")
        request.state.who = found["user"]
        return str(found["user"])

    def storefront(self, request: Request) -> Json:
        """`GET /v1/me/storefront`."""
        key = (self.world.get(USERS, self._person(request)) or {})["storefront"]
        attributes = {
            "defaultLanguageTag": "en-US",
            "explicitContentPolicy": "allowed",
            "name": STOREFRONTS[key],
            "supportedLanguageTags": ["en-US"],
        }
        return {
            "data": [{"id": key, "type": "storefronts", "href": f"/v1/storefronts/{key}", "attributes": attributes}]
        }

    def recent(self, request: Request) -> Json:
        """`GET /v1/me/recent/played/tracks`, the latest first; nothing says when."""
        user = self._person(request)
        limit, offset = _whole(request, "limit", 10, 1, 30), _whole(request, "offset", 0, 0, KEPT)
        types = set(request.query_params.get("types", "songs,library-songs").split(","))
        if not types <= TYPES:
            raise _wrong("types")
        storefront = (self.world.get(USERS, user) or {})["storefront"]
        songs = [_shape(song, storefront) for song in _recent(self.world, user)]
        wanted = [song for song in songs if song["type"] in types]
        body: Json = {"data": wanted[offset : offset + limit]}
        if offset + limit < len(wanted):
            body["next"] = f"/v1/me/recent/played/tracks?offset={offset + limit}"
        return body

    def songs(self, request: Request) -> Json:
        """`GET /v1/catalog/{storefront}/songs?filter[isrc]=`."""
        storefront = request.path_params["storefront"]
        if storefront not in STOREFRONTS:
            raise Failed(404, "Resource Not Found", "There is no such storefront.", "40400")
        wanted = [isrc for isrc in request.query_params.get("filter[isrc]", "").split(",") if isrc]
        if not wanted or len(wanted) > 25:
            raise _wrong("filter[isrc]")
        found = [_shape(song, storefront) for song in self.world.all(SONGS).values() if song["isrc"] in wanted]
        by_isrc = {
            isrc: [
                {name: song[name] for name in ("id", "type", "href")}
                for song in found
                if song["attributes"]["isrc"] == isrc
            ]
            for isrc in wanted
        }
        return {"data": found, "meta": {"filters": {"isrc": by_isrc}}}


def _wrong(parameter: str) -> Failed:
    failed = Failed(400, "Invalid Parameter Value", f"The value of {parameter} cannot be used.", "40005")
    failed.error |= {"source": {"parameter": parameter}}
    return failed


def _whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise _wrong(name)
    return int(text)


def _shape(song: Json, storefront: str) -> Json:
    name = make_id("song", song["title"], song["artist"], song["isrc"] or "")
    attributes: Json = {
        "albumName": song["album"],
        "artistName": song["artist"],
        "artwork": {"width": 3000, "height": 3000, "url": f"{COVERS}/{name}/{{w}}x{{h}}bb.jpg"},
        "discNumber": 1,
        "durationInMillis": song["duration_ms"],
        "genreNames": ["Dance", "Music"],
        "hasLyrics": False,
        "name": song["title"],
        "releaseDate": RELEASED,
        "trackNumber": 1,
    }
    if song["library"]:
        key = f"i.{name[:14]}"
        play = {"id": key, "isLibrary": True, "kind": "song", "reporting": False}
        attributes["playParams"] = play
        return {"id": key, "type": "library-songs", "href": f"/v1/me/library/songs/{key}", "attributes": attributes}
    key = str(1_600_000_000 + sum(ord(letter) * 257**place for place, letter in enumerate(name)) % 99_999_989)
    attributes |= {
        "isAppleDigitalMaster": False,
        "playParams": {"id": key, "kind": "song"},
        "previews": [],
        "url": f"https://music.apple.com/{storefront}/song/{key}",
    }
    if song["isrc"]:
        attributes["isrc"] = song["isrc"]
    return {"id": key, "type": "songs", "href": f"/v1/catalog/{storefront}/songs/{key}", "attributes": attributes}


def routes(world: World, registration: Registration) -> list[Route]:
    """What `api.music.apple.com` answers."""
    api = Api(world, registration)
    return [
        api.route("/v1/me/storefront", api.storefront),
        api.route("/v1/me/recent/played/tracks", api.recent),
        api.route("/v1/catalog/{storefront}/songs", api.songs),
    ]


# Control


def settle(world: World, registration: Registration) -> None:
    """Give the demo's people their accounts, with a list of what they played."""
    world.put(TEAM, "ours", {"team": registration.apple_team_id})
    for person in registration.demo_people:
        if world.get(USERS, person) is None:
            _save(world, {"id": person, "display_name": people.name_of(person)})
            for track in people.tracks_of(person):
                facts = {name: track[name] for name in ("title", "album", "isrc", "duration_ms")}
                _played(world, person, facts | {"artist": " & ".join(track["artists"])})


def _save(world: World, value: object) -> Json:
    key = str(value.get("id")) if isinstance(value, dict) else ""
    is_new = world.get(USERS, key) is None
    person = save_person(world, USERS, value, {"display_name": key, "storefront": "us", "music_user_token": ""})
    if person["storefront"] not in STOREFRONTS:
        raise Wrong(f"storefront must be one of {', '.join(STOREFRONTS)}.")
    if is_new:
        person["music_user_token"] = _give(world, key, {})["token"]
        world.put(USERS, key, person)
    return person


def _give(world: World, user: str, value: Json) -> Json:
    ours = (world.get(TEAM, "ours") or {}).get("team", "")
    token = issued.make(world, "apple_music", "music_user_token", user, prefix="0.")
    world.put(TOKENS, token, {"user": user, "team": value.get("team", ours), "live": True})
    return {"token": token}


def _revoke(world: World, user: str) -> Json:
    tokens = {token: about for token, about in world.all(TOKENS).items() if about["user"] == user and about["live"]}
    for token, about in tokens.items():
        world.put(TOKENS, token, about | {"live": False})
    return {"revoked": len(tokens)}


def _recent(world: World, user: str) -> list[Json]:
    songs: list[Json] = (world.get(RECENT, user) or {"songs": []})["songs"]
    return songs


def _played(world: World, user: str, value: Any) -> Json:
    song = SONG | check_fields(value, SONG, "A song")
    if song["library"]:
        song["isrc"] = None
    else:
        world.put(SONGS, "\0".join((song["title"], song["artist"], song["isrc"] or "")), song)
    # A song that is played again moves to the top.
    others = [other for other in _recent(world, user) if other != song]
    world.put(RECENT, user, {"songs": [song, *others][:KEPT]})
    return song


def controls(world: World) -> list[Route]:
    """Make the doors of `/control/apple_music`."""
    deeds: dict[str, Deed] = {
        "token": lambda key, value: _give(world, key, value),
        "revoke": lambda key, _: _revoke(world, key),
        "played": lambda key, value: _played(world, key, value),
        "clear": lambda key, _: {"removed": world.delete(RECENT, key)},
    }
    return people_routes(world, USERS, lambda value: _save(world, value), deeds)
