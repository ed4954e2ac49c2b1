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

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sandbox import people, spotify_limit, spotify_shapes
from integrations.sandbox.control import answer, read_json, refuse
from integrations.sandbox.deeds import Deed, Wrong, attempt, people_routes, save_person, switch
from integrations.sandbox.registration import Registration
from integrations.sandbox.spotify import USERS, books
from integrations.sandbox.spotify_player import Json, Players, read_item
from integrations.sandbox.world import World

PERSON: Final[Json] = {"display_name": "", "email": "", "product": "premium", "country": "US"}


def settle(world: World, registration: Registration) -> None:
    """Give the demo's people their accounts, with players that play."""
    for person in registration.demo_people:
        if world.get(USERS, person) is None:
            playlist = [read_item(track) for track in people.tracks_of(person)]
            save_user(
                world, {"id": person, "display_name": people.name_of(person), "playlist": playlist, "playing": True}
            )


def save_user(world: World, value: object) -> Json:
    """Make somebody, or change what is said of them; a new playlist is a new player.

    Raises:
        Wrong: That is nobody.
    """
    if not isinstance(value, dict) or not isinstance(value.get("playlist", []), list):
        raise Wrong("A user is an object; playlist is a list of tracks.")
    about = {name: given for name, given in value.items() if name not in {"playlist", "playing"}}
    key = str(value.get("id"))
    is_new = world.get(USERS, key) is None
    account = {"account_id": spotify_shapes.make_id("account", key)[:10], "rotate": False, "allowed": True}
    preset = PERSON | account | {"display_name": key, "email": f"{key}@spotify.example"}
    user = save_person(world, USERS, about, preset)
    if is_new or "playlist" in value:
        playlist = [read_item(track) for track in value.get("playlist", [])]
        Players(world).make(key, playlist, playing=value.get("playing") is True)
    return user


def controls(world: World) -> list[Route]:
    """Make the doors."""
    return [*_users(world), *_players(world), *_limit(world)]


def _users(world: World) -> list[Route]:
    grants = books(world)
    deeds: dict[str, Deed] = {
        "revoke": lambda key, _: {"revoked": grants.revoke_user(key)},
        "expire": lambda key, _: {"expired": grants.expire_user(key)},
        "rotate": lambda key, value: switch(world, USERS, key, rotate=value.get("on", True) is True),
        "allow": lambda key, _: switch(world, USERS, key, allowed=True),
        "forbid": lambda key, _: switch(world, USERS, key, allowed=False),
    }
    return people_routes(world, USERS, lambda value: save_user(world, value), deeds)


def _view(players: Players, user: Json, state: Json, connected: int) -> Json:
    """What the page and tests are shown of a player."""
    item = players.present(state)
    facts = dict.fromkeys(("title", "artists", "album", "isrc", "explicit", "duration_ms"))
    if item is not None:
        facts |= {name: item[name] for name in facts}
    shape = {} if item is None or item["kind"] == "ad" else spotify_shapes.item(item)
    return {
        "user": user["id"],
        "display_name": user["display_name"],
        "private": state["private"],
        "playing": state["playing"],
        "kind": "nothing" if item is None else item["kind"],
        **facts,
        "progress_ms": None if item is None else min(players.position(state), item["duration_ms"]),
        "id": shape.get("id"),
        "uri": shape.get("uri"),
        "index": state["index"],
        "playlist": state["playlist"],
        "rotate": user["rotate"],
        "allowed": user["allowed"],
        "connected": connected,
    }


def _players(world: World) -> list[Route]:
    players, grants = Players(world), books(world)

    def connected_of() -> dict[str, int]:
        users = [about["user"] for about in grants.live_grants().values()]
        return {user: users.count(user) for user in set(users)}

    def view(user: Json, state: Json) -> Json:
        return _view(players, user, state, connected_of().get(user["id"], 0))

    async def show(request: Request) -> Response:
        return answer({"players": [view(user, players.look(key)) for key, user in world.all(USERS).items()]})

    async def one(request: Request) -> Response:
        key = request.path_params["user"]
        user = world.get(USERS, key)
        if user is None:
            return refuse("There is nobody of that name.", 404)
        if request.method == "GET":
            return answer(view(user, players.look(key)))
        deed, value = request.path_params["deed"], await read_json(request)
        return attempt(world, lambda: view(user, players.act(key, deed, value if isinstance(value, dict) else {})))

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
