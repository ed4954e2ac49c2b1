"""What can be done with the Serato-style twin, under `/control/serato`.

`GET users`, `POST users {id, display_name?}`, `POST users/{id}/revoke`, `.../expire`,
`.../plays {plays: [play]}` (adds them; what is not said is made up), `.../play {title, ...}` (one that begins now and ends
the one before it), `.../clear`, and `.../set {tracks: [track], ends_at?}`: a set of 12 tracks at least, back to back on two
decks, that ends now or at a moment, with these tracks as its last; a track is `{title, artist?, album?, bpm?, key?, length?,
played?}`, where `played` is how many seconds it is on. What had been played within the set is gone. `GET decks` gives
`{decks: [{user, display_name, connected, plays}]}`, the last plays of each.
"""

from __future__ import annotations

import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sandbox import people
from integrations.sandbox.control import answer
from integrations.sandbox.deeds import Deed, Json, Wrong, check_fields, people_routes, save_person
from integrations.sandbox.registration import Registration
from integrations.sandbox.serato import HISTORY, MOST, PLAY, USERS, books, history_of, iso, seconds
from integrations.sandbox.world import World

SET_LENGTH: Final = 12
"""So many tracks at least has a set that is played as one."""
TRACK_SECONDS: Final = 200
SHOWN: Final = 5
WANTED_SECONDS: Final = 90


def settle(world: World, registration: Registration) -> None:
    """Give the demo's people their accounts, each with what they played yesterday evening."""
    for person in registration.demo_people:
        if world.get(USERS, person) is None:
            _save(world, {"id": person, "display_name": people.name_of(person)})
            at = world.now() - 24 * 3600
            for place, track in enumerate(people.tracks_of(person)):
                length = track["duration_ms"] // 1000
                play = {name: track[name] for name in ("title", "album")} | {"artist": ", ".join(track["artists"])}
                times = {"started_at": iso(at), "ended_at": iso(at + length), "length": length}
                _add(world, person, play | times | {"bpm": 112 + place, "key": "Am", "deck": 1 + place % 2})
                at += length


def _save(world: World, value: object) -> Json:
    key = str(value.get("id")) if isinstance(value, dict) else ""
    return save_person(world, USERS, value, {"subject": f"srt-{key}", "display_name": key})


def _add(world: World, user: str, value: object) -> Json:
    given = check_fields(value, PLAY | {"bpm": 0, "length": 0}, "A play")
    play = PLAY | {"started_at": iso(world.now())} | given
    for name in ("started_at", "ended_at"):
        try:
            play[name] = None if play[name] is None else iso(seconds(play[name]))
        except ValueError:
            raise Wrong(f"{name} must be a time of RFC 3339 with its zone.") from None
    play["id"] = secrets.token_hex(8)
    plays = (world.get(HISTORY, user) or {"plays": []})["plays"]
    world.put(HISTORY, user, {"plays": [*plays, play]})
    return play


def _play_now(world: World, user: str, value: Json) -> Json:
    plays = history_of(world, user)
    if plays and plays[-1]["ended_at"] is None:
        plays[-1]["ended_at"] = iso(world.now())
        world.put(HISTORY, user, {"plays": plays})
    return _add(world, user, value)


def _play_set(world: World, user: str, value: Json) -> Json:
    """Let somebody have played a set that ended a moment ago."""
    wanted = value.get("tracks", [])
    if not isinstance(wanted, list) or len(wanted) > MOST or set(value) - {"tracks", "ends_at"}:
        raise Wrong("A set has tracks, a list, and ends_at.")
    preset = {name: PLAY[name] for name in ("title", "artist", "album", "key")}
    asked = [check_fields(each, preset | {"bpm": 0, "length": 0, "played": 0}, "A track") for each in wanted]
    try:
        at = seconds(value["ends_at"]) if value.get("ends_at") else world.now()
    except (ValueError, TypeError):
        raise Wrong("ends_at must be a time of RFC 3339 with its zone.") from None
    plays: list[Json] = []
    for place, track in enumerate(reversed([*_warm_up(SET_LENGTH - len(asked)), *asked])):
        length = track.get("length") or TRACK_SECONDS
        on = min(max(track.get("played") or (WANTED_SECONDS if place < len(asked) else length), 1), length)
        facts = {name: each for name, each in track.items() if name != "played"}
        times = {"started_at": iso(at - on), "ended_at": iso(at), "length": length, "deck": 1 + place % 2}
        plays.insert(0, facts | times)
        at -= on
    before = [play for play in history_of(world, user) if not _overlaps(play, at, plays[-1]["ended_at"])]
    world.put(HISTORY, user, {"plays": before})
    return {"plays": [_add(world, user, play) for play in plays]}


def _overlaps(play: Json, since: float, until: str) -> bool:
    ended = seconds(play["ended_at"]) if play["ended_at"] else seconds(play["started_at"]) + TRACK_SECONDS
    return ended > since and seconds(play["started_at"]) <= seconds(until)


def _warm_up(count: int) -> list[Json]:
    """Make tracks to begin a set with, none twice while there are enough."""
    known = [track for person in (*people.PLAYED, "") for track in people.tracks_of(person)]
    return [
        {
            "title": known[place % len(known)]["title"],
            "artist": ", ".join(known[place % len(known)]["artists"]),
            "album": known[place % len(known)]["album"],
            "bpm": 118 + place % 8,
            "key": "Am",
            "length": TRACK_SECONDS + 7 * (place % 9),
        }
        for place in range(count)
    ]


def _decks(world: World) -> Json:
    users = [about["user"] for about in books(world).live_grants().values()]
    decks = [
        {
            "user": key,
            "display_name": person["display_name"],
            "connected": users.count(key),
            "plays": history_of(world, key)[-SHOWN:],
        }
        for key, person in world.all(USERS).items()
    ]
    return {"decks": decks}


def _add_all(world: World, user: str, value: Json) -> Json:
    if not isinstance(value.get("plays"), list):
        raise Wrong("plays is a list.")
    return {"plays": [_add(world, user, play) for play in value["plays"]]}


def controls(world: World) -> list[Route]:
    """Make the doors of `/control/serato`."""
    grants = books(world)
    deeds: dict[str, Deed] = {
        "revoke": lambda key, _: {"revoked": grants.revoke_user(key)},
        "expire": lambda key, _: {"expired": grants.expire_user(key)},
        "plays": lambda key, value: _add_all(world, key, value),
        "play": lambda key, value: _play_now(world, key, value),
        "set": lambda key, value: _play_set(world, key, value),
        "clear": lambda key, _: {"removed": world.delete(HISTORY, key)},
    }

    async def decks(request: Request) -> Response:
        return answer(_decks(world))

    return [*people_routes(world, USERS, lambda value: _save(world, value), deeds), Route("/decks", decks)]
