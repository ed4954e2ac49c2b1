"""What can be done with the Spotify twin, under `/control/spotify`.

| request | what it does |
|---|---|
| `GET users` | `{users: [user]}` |
| `POST users` | makes somebody or changes them: `{id, display_name?, email?, product?, country?, playlist?, playing?}`; the player shows nothing until it plays unless `playing` is true; 201 with the user |
| `POST users/{id}/revoke` | they take our access away: all their tokens hold no more; `{revoked: grants}` |
| `POST users/{id}/expire` | their access tokens are too old, their refresh tokens live; `{expired: tokens}` |
| `POST users/{id}/rotate` | `{on: true}`: a refresh gives a new refresh token and kills the old one; `{on: false}` |
| `POST users/{id}/forbid`, `.../allow` | off and on the app's allow-list: 403 meanwhile |
| `GET players` | `{players: [player]}` |
| `GET players/{id}` | the player |
| `POST players/{id}/{deed}` | does something and answers with the player |
| `GET limit`, `POST limit` | `{calls, seconds}`: how many requests the app has in a rolling window |

Deeds: `play` (nothing: goes on; `{track: {...}}`: joins the list and begins; `{index: n}`; `{position_ms: n}`), `pause`,
`skip`, `previous`, `seek {position_ms}`, `private`, `public`, `ad`, `local`, `episode` (the last three with fields of an
item if wanted, such as `{title, artists, album, duration_ms}`; after it the next track begins), `nothing`.

A track is `{title, artists: [name], album, isrc, duration_ms, explicit}`. A player is `{user, display_name, private,
playing, kind, title, artists, album, isrc, explicit, duration_ms, progress_ms, id, uri, index, playlist, rotate,
allowed, connected}`; `kind` is track, local, episode, ad or nothing, and `connected` is how many grants hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sandbox import people, spotify_limit, spotify_shapes
from integrations.sandbox.control import answer, read_json, refuse
from integrations.sandbox.registration import Registration
from integrations.sandbox.spotify import USERS, books
from integrations.sandbox.spotify_player import Json, Players, Stuck, read_item
from integrations.sandbox.world import World

PERSON: Final = {"display_name": str, "email": str, "product": str, "country": str}


def settle(world: World, registration: Registration) -> None:
    """Give the demo's people their accounts, with players that play."""
    for person in registration.demo_people:
        if world.get(USERS, person) is None:
            playlist = [read_item(track) for track in people.tracks_of(person)]
            save_user(
                world, {"id": person, "display_name": people.name_of(person), "playlist": playlist, "playing": True}
            )


def save_user(world: World, value: object) -> Json:
    """Make somebody, or change what is said of them.

    Raises:
        Stuck: That is nobody.
    """
    if not isinstance(value, dict) or not isinstance(value.get("id"), str) or not value["id"]:
        raise Stuck("A user is an object with an id.")
    if unknown := sorted(set(value) - {*PERSON, "id", "playlist", "playing"}):
        raise Stuck(f"A user has no {', '.join(unknown)}.")
    if wrong := [name for name in PERSON if not isinstance(value.get(name, ""), str)]:
        raise Stuck(f"{', '.join(wrong)} must be texts.")
    if not isinstance(value.get("playlist", []), list):
        raise Stuck("playlist must be a list of tracks.")
    key = value["id"]
    before = world.get(USERS, key)
    user = before or {
        "id": key,
        "account_id": spotify_shapes.make_id("account", key)[:10],
        "display_name": key,
        "email": f"{key}@spotify.example",
        "product": "premium",
        "country": "US",
        "rotate": False,
        "allowed": True,
    }
    user |= {name: value[name] for name in PERSON if name in value}
    world.put(USERS, key, user)
    if before is None or "playlist" in value:
        playlist = [read_item(track) for track in value.get("playlist", [])]
        Players(world).make(key, playlist, playing=bool(value.get("playing")))
    return user


def controls(world: World) -> list[Route]:
    """Make the doors."""
    return [*_users(world), *_players(world), *_limit(world)]


Deed = Callable[[str, Json], Json]


def _users(world: World) -> list[Route]:
    grants = books(world)

    async def show(request: Request) -> Response:
        return answer({"users": list(world.all(USERS).values())})

    async def save(request: Request) -> Response:
        value = await read_json(request)
        try:
            with world.transaction():
                return answer(save_user(world, value), 201)
        except Stuck as problem:
            return refuse(str(problem))

    def switch(key: str, name: str, *, on: bool) -> Json:
        user = (world.get(USERS, key) or {}) | {name: on}
        world.put(USERS, key, user)
        return user

    deeds: dict[str, Deed] = {
        "revoke": lambda key, _: {"revoked": grants.revoke_user(key)},
        "expire": lambda key, _: {"expired": grants.expire_user(key)},
        "rotate": lambda key, value: switch(key, "rotate", on=value.get("on", True) is True),
        "allow": lambda key, _: switch(key, "allowed", on=True),
        "forbid": lambda key, _: switch(key, "allowed", on=False),
    }
    return [
        Route("/users", show, methods=["GET"]),
        Route("/users", save, methods=["POST"]),
        Route("/users/{user}/{deed}", do_to_user(world, USERS, deeds), methods=["POST"]),
    ]


def do_to_user(world: World, kind: str, deeds: dict[str, Deed]) -> Callable[[Request], Awaitable[Response]]:
    """Make a door for deeds that concern one person of a vendor."""

    async def do(request: Request) -> Response:
        value = await read_json(request)
        key, deed = request.path_params["user"], deeds.get(request.path_params["deed"])
        if world.get(kind, key) is None or deed is None:
            return refuse("There is nobody of that name, or nothing of that kind to do.", 404)
        try:
            with world.transaction():
                return answer(deed(key, value if isinstance(value, dict) else {}))
        except Stuck as problem:
            return refuse(str(problem))

    return do


def _players(world: World) -> list[Route]:
    players, grants = Players(world), books(world)

    def shown(key: str, user: Json, state: Json, connected: int) -> Json:
        item = players.present(state)
        view: dict[str, Any] = {
            "user": key,
            "display_name": user["display_name"],
            "private": state["private"],
            "playing": state["playing"],
            "kind": "nothing" if item is None else item["kind"],
            "index": state["index"],
            "playlist": state["playlist"],
            "rotate": user["rotate"],
            "allowed": user["allowed"],
            "connected": connected,
        }
        for name in ("title", "artists", "album", "isrc", "explicit", "duration_ms"):
            view[name] = None if item is None else item[name]
        view["progress_ms"] = None if item is None else min(players.position(state), item["duration_ms"])
        shape = {} if item is None or item["kind"] == "ad" else spotify_shapes.item(item)
        return view | {"id": shape.get("id"), "uri": shape.get("uri")}

    def connected_of() -> dict[str, int]:
        users = [about["user"] for about in grants.live_grants().values()]
        return {user: users.count(user) for user in set(users)}

    async def show(request: Request) -> Response:
        connected = connected_of()
        views = [shown(key, user, players.look(key), connected.get(key, 0)) for key, user in world.all(USERS).items()]
        return answer({"players": views})

    async def one(request: Request) -> Response:
        key = request.path_params["user"]
        user = world.get(USERS, key)
        if user is None:
            return refuse("There is nobody of that name.", 404)
        if request.method == "GET":
            return answer(shown(key, user, players.look(key), connected_of().get(key, 0)))
        value = await read_json(request)
        try:
            with world.transaction():
                state = players.act(key, request.path_params["deed"], value if isinstance(value, dict) else {})
        except Stuck as problem:
            return refuse(str(problem))
        return answer(shown(key, user, state, connected_of().get(key, 0)))

    return [
        Route("/players", show, methods=["GET"]),
        Route("/players/{user}", one, methods=["GET"]),
        Route("/players/{user}/{deed}", one, methods=["POST"]),
    ]


def _limit(world: World) -> list[Route]:
    async def show(request: Request) -> Response:
        return answer(spotify_limit.read(world))

    async def write(request: Request) -> Response:
        match await read_json(request):
            case {"calls": int() as calls, **rest} if calls >= 0:
                seconds = rest.get("seconds", spotify_limit.DEFAULT["seconds"])
            case _:
                return refuse("A limit is a number of calls, and of seconds.")
        if not isinstance(seconds, int | float) or not 0 < seconds <= 3600:
            return refuse("seconds must be from 0 to 3600.")
        spotify_limit.write(world, calls, float(seconds))
        return await show(request)

    return [Route("/limit", show, methods=["GET"]), Route("/limit", write, methods=["POST"])]
