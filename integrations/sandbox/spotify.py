"""Spotify's twin: its accounts service and the parts of its Web API that tell what somebody's player plays."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import oauth, spotify_limit, spotify_shapes
from integrations.sandbox.grants import ACCESS_SECONDS, Grants, Refused, Rotation
from integrations.sandbox.registration import Registration
from integrations.sandbox.spotify_player import Json, Players
from integrations.sandbox.world import World

USERS: Final = "spotify_user"
KINDS: Final = ("album", "artist", "playlist", "track", "show", "episode", "audiobook")
ID: Final = re.compile(r"[0-9A-Za-z]{22}")
ISRC: Final = re.compile(r"\bisrc:\s*\"?([A-Za-z0-9-]+)\"?", re.IGNORECASE)


def books(world: World, client_id: str = "") -> Grants:
    """Spotify's books."""
    return Grants(world, "spotify", client_id, Rotation.BY_USER)


# accounts.spotify.com


def accounts(world: World, registration: Registration) -> list[Route]:
    """What `accounts.spotify.com` answers."""
    door = oauth.Door(
        world=world,
        title="Sandbox Spotify",
        client=registration.spotify,
        grants=books(world, registration.spotify.client_id),
        scopes=spotify_shapes.SCOPES,
        people=USERS,
        wrong_client=400,
    )

    async def token(request: Request) -> Response:
        try:
            form = await door.read_form(request)
            if form.get("grant_type") == "client_credentials":
                body = {
                    "access_token": door.grants.serve_itself(),
                    "token_type": "Bearer",
                    "expires_in": ACCESS_SECONDS,
                }
                return JSONResponse(body, headers=oauth.NO_STORE)
            given = door.exchange(form)
        except Refused as refusal:
            return oauth.refuse(refusal)
        request.state.who = given.user
        return oauth.tokens(given)

    return [
        Route("/authorize", door.authorize, methods=["GET", "POST"]),
        Route("/api/token", token, methods=["POST"]),
    ]


# api.spotify.com


class Failed(Exception):
    """An error of the Web API."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


@dataclass(frozen=True)
class Caller:
    """Whose token a request came with; `user` is None for the app's own."""

    user: Json | None
    scope: frozenset[str]


Doing = Callable[[Request, Caller], Awaitable[Response]]


class Api:
    """The Web API."""

    def __init__(self, world: World) -> None:
        self.world, self.players, self.grants = world, Players(world), books(world)

    def route(self, path: str, doing: Doing, scope: str | None = None, *, personal: bool = True) -> Route:
        """Make a door that lets in who may come in."""

        @functools.wraps(doing)
        async def answer(request: Request) -> Response:
            try:
                caller = self._admit(request, scope, personal=personal)
                return await doing(request, caller)
            except Failed as failed:
                error = {"error": {"status": failed.status, "message": failed.message}}
                return JSONResponse(error, failed.status, headers=failed.headers)

        return Route(path, answer, methods=["GET"])

    def _admit(self, request: Request, scope: str | None, *, personal: bool) -> Caller:
        token = oauth.bearer(request)
        if token is None:
            raise Failed(401, "No token provided")
        found = self.grants.look_up(token)
        if found is None or not found["live"]:
            raise Failed(401, "Invalid access token")
        if found["expired"]:
            raise Failed(401, "The access token expired")
        request.state.who = found["user"]
        wait = spotify_limit.take(self.world)
        if wait is not None:
            raise Failed(429, "API rate limit exceeded", {"Retry-After": str(wait)})
        caller = Caller(
            self.world.get(USERS, found["user"]) if found["user"] else None, frozenset(found["scope"].split())
        )
        if personal and caller.user is None:
            raise Failed(401, "Valid user authentication required")
        if caller.user is not None and not caller.user["allowed"]:
            raise Failed(403, "User not registered in the Developer Dashboard")
        if scope is not None and scope not in caller.scope:
            raise Failed(403, "Insufficient client scope")
        return caller

    async def me(self, request: Request, caller: Caller) -> Response:
        """`GET /v1/me`."""
        return JSONResponse(spotify_shapes.person(_person(caller), caller.scope))

    async def currently_playing(self, request: Request, caller: Caller) -> Response:
        """`GET /v1/me/player/currently-playing`: 204 when there is nothing to tell, or nobody is to know."""
        _check_market(request)
        user = _person(caller)["id"]
        state = self.players.look(user)
        item = self.players.present(state)
        if item is None or state["private"]:
            return Response(status_code=204)
        kind = "track" if item["kind"] == "local" else item["kind"]
        # Whoever does not say that they know episodes is told of one, but gets none.
        asked = {"track", *request.query_params.get("additional_types", "").split(",")}
        body = {
            "timestamp": round(self.world.now() * 1000),
            "context": spotify_shapes.playlist(user) if state["aside"] is None else None,
            "progress_ms": min(self.players.position(state), item["duration_ms"]),
            "item": spotify_shapes.item(item) if kind in asked else None,
            "currently_playing_type": kind,
            "actions": {"resuming" if state["playing"] else "pausing": True, "skipping_prev": kind == "ad"},
            "is_playing": state["playing"],
        }
        return JSONResponse(body)

    async def recently_played(self, request: Request, caller: Caller) -> Response:
        """`GET /v1/me/player/recently-played`, the latest first."""
        limit = _whole(request, "limit", 20, 1, 50)
        after, before = _whole(request, "after", 0), _whole(request, "before", 0)
        if after and before:
            raise Failed(400, "Only one of after and before may be given")
        state = self.players.look(_person(caller)["id"])
        found = [play for play in state["history"] if play["at_ms"] > after and (not before or play["at_ms"] < before)]
        plays = found[:limit] if not after else found[-limit:]
        body: Json = {
            "items": [
                {
                    "track": spotify_shapes.track(play["item"]),
                    "played_at": spotify_shapes.iso(play["at_ms"] / 1000),
                    "context": spotify_shapes.playlist(_person(caller)["id"]),
                }
                for play in plays
            ],
            "limit": limit,
            "href": str(request.url),
            "next": None,
        }
        if plays:
            times = [play["at_ms"] for play in plays]
            body["cursors"] = {"after": str(times[0]), "before": str(times[-1])}
            if len(found) > len(plays) and not after:
                body["next"] = (
                    f"{oauth.address_of(request)}/v1/me/player/recently-played?before={times[-1]}&limit={limit}"
                )
        return JSONResponse(body)

    async def search(self, request: Request, caller: Caller) -> Response:
        """`GET /v1/search`: tracks by `isrc:`, or by words of their titles and artists; of other kinds there is nothing."""
        _check_market(request)
        query, kinds = request.query_params.get("q", ""), request.query_params.get("type", "").split(",")
        if not query.strip():
            raise Failed(400, "No search query")
        if kinds == [""]:
            raise Failed(400, "Missing parameter type")
        if not set(kinds) <= set(KINDS):
            raise Failed(400, "Bad search type field " + ",".join(kinds))
        limit, offset = _whole(request, "limit", 5, 1, 10), _whole(request, "offset", 0, 0, 1000)
        hits = [spotify_shapes.track(item) for item in self.players.catalogue() if _matches(item, query)]
        return JSONResponse(
            {f"{kind}s": _page(request, hits if kind == "track" else [], limit, offset) for kind in kinds}
        )

    async def track(self, request: Request, caller: Caller) -> Response:
        """`GET /v1/tracks/{id}`."""
        _check_market(request)
        wanted = request.path_params["id"]
        if not ID.fullmatch(wanted):
            raise Failed(400, "Invalid base62 id")
        for item in self.players.catalogue():
            if spotify_shapes.id_of(item) == wanted:
                return JSONResponse(spotify_shapes.track(item))
        raise Failed(404, "Resource not found")

    async def nothing(self, request: Request, caller: Caller) -> Response:
        """Anything else."""
        raise Failed(404, "Service not found")


def _person(caller: Caller) -> Json:
    assert caller.user is not None
    return caller.user


def _check_market(request: Request) -> None:
    market = request.query_params.get("market")
    if market is not None and not re.fullmatch(r"[A-Z]{2}", market):
        raise Failed(400, "Invalid market code")


def _whole(request: Request, name: str, default: int, least: int = 0, most: int = 2**53) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
        raise Failed(400, f"Invalid {name}")
    return int(text)


def _matches(item: Json, query: str) -> bool:
    """Whether a track has the ISRC that is asked for, if one is, and all other words."""
    isrc = ISRC.search(query)
    if isrc and isrc.group(1).replace("-", "").upper() != (item["isrc"] or "").upper():
        return False
    said = " ".join((item["title"], item["album"], *item["artists"])).casefold()
    words = re.sub(r"\b(track|artist|album):|\"", " ", ISRC.sub(" ", query)).casefold().split()
    return all(word in said for word in words)


def _page(request: Request, hits: list[Any], limit: int, offset: int) -> Json:
    def at(place: int) -> str:
        return str(request.url.include_query_params(offset=place, limit=limit))

    return {
        "href": at(offset),
        "limit": limit,
        "next": at(offset + limit) if offset + limit < len(hits) else None,
        "offset": offset,
        "previous": at(max(0, offset - limit)) if offset else None,
        "total": len(hits),
        "items": hits[offset : offset + limit],
    }


def api(world: World, registration: Registration) -> list[Route]:
    """What `api.spotify.com` answers."""
    made = Api(world)
    return [
        made.route("/v1/me", made.me),
        made.route("/v1/me/player/currently-playing", made.currently_playing, "user-read-currently-playing"),
        made.route("/v1/me/player/recently-played", made.recently_played, "user-read-recently-played"),
        made.route("/v1/search", made.search, personal=False),
        made.route("/v1/tracks/{id}", made.track, personal=False),
        made.route("/{rest:path}", made.nothing, personal=False),
    ]
