"""A Serato-style provider: OAuth whose refresh tokens always change, and a history of plays.

Serato has no such API. This is what a DJ's history could look like if it had one: no ISRC, and lengths and ends of
plays that may be missing.

| request | what it gives |
|---|---|
| `GET /v1/me` | `{id, username, display_name}`; scope `profile` |
| `GET /v1/history?since=&until=&limit=&cursor=` | `{plays: [play], next_cursor}`, oldest first; scope `history.read` |

A play is `{id, title, artist, album, bpm, key, deck, started_at, ended_at, length}`: times are RFC 3339 in UTC, `length` is
the track's in seconds; all but `id`, `title`, `deck` and `started_at` may be null. Plays that began at or after `since`
and before `until` are given, at most `limit` (50; up to 200); `next_cursor` is null on the last page.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox import oauth
from integrations.sandbox.deeds import Json
from integrations.sandbox.grants import Grants, Rotation
from integrations.sandbox.registration import Registration
from integrations.sandbox.world import World

USERS: Final = "serato_user"
HISTORY: Final = "serato_history"
SCOPES: Final = frozenset({"profile", "history.read"})
MOST: Final = 200
PLAY: Final[Json] = {
    "title": "",
    "artist": None,
    "album": None,
    "bpm": None,
    "key": None,
    "deck": 1,
    "started_at": None,
    "ended_at": None,
    "length": None,
}


class Failed(Exception):
    """An error of the API, in the words of RFC 6750."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


def books(world: World, client_id: str = "") -> Grants:
    """Its books."""
    return Grants(world, "serato", client_id, Rotation.ALWAYS)


def routes(world: World, registration: Registration) -> list[Route]:
    """What `serato.example` answers."""
    door = oauth.Door(
        world=world,
        title="Sandbox Serato",
        client=registration.serato,
        grants=books(world, registration.serato.client_id),
        scopes=SCOPES,
        people=USERS,
        names_itself=True,
    )

    async def me(request: Request) -> Response:
        return _answer(lambda: _profile(world, _admit(world, request, "profile")))

    async def history(request: Request) -> Response:
        return _answer(lambda: _page(world, _admit(world, request, "history.read"), request))

    return [
        Route("/oauth/authorize", door.authorize, methods=["GET", "POST"]),
        Route("/oauth/token", door.token, methods=["POST"]),
        Route("/oauth/revoke", door.revoke, methods=["POST"]),
        Route("/v1/me", me),
        Route("/v1/history", history),
    ]


def _answer(doing: Any) -> Response:
    try:
        return JSONResponse(doing())
    except Failed as failed:
        headers = {"WWW-Authenticate": f'Bearer error="{failed.error}"'} if failed.status in {401, 403} else {}
        body = {"error": failed.error, "error_description": failed.description}
        return JSONResponse(body, failed.status, headers=headers)


def _admit(world: World, request: Request, scope: str) -> str:
    found = books(world).look_up(oauth.bearer(request) or "")
    if found is None or not found["live"] or found["expired"]:
        raise Failed(401, "invalid_token", "The access token does not hold.")
    request.state.who = found["user"]
    if scope not in found["scope"].split():
        raise Failed(403, "insufficient_scope", f"This needs the scope {scope}.")
    return str(found["user"])


def _profile(world: World, user: str) -> Json:
    person = world.get(USERS, user) or {}
    return {"id": person["subject"], "username": user, "display_name": person["display_name"]}


def _page(world: World, user: str, request: Request) -> Json:
    asked = request.query_params
    since, until = _time(asked.get("since"), "since"), _time(asked.get("until"), "until")
    limit = asked.get("limit", "50")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MOST:
        raise Failed(400, "invalid_request", f"limit must be from 1 to {MOST}.")
    after = _read_cursor(asked.get("cursor"))
    plays = [
        play
        for play in history_of(world, user)
        if (since is None or seconds(play["started_at"]) >= since)
        and (until is None or seconds(play["started_at"]) < until)
        and (after is None or (play["started_at"], play["id"]) > after)
    ]
    page = plays[: int(limit)]
    more = len(plays) > len(page)
    return {"plays": page, "next_cursor": _write_cursor(page[-1]) if more else None}


def history_of(world: World, user: str) -> list[Json]:
    """What somebody played, in that order."""
    plays: list[Json] = (world.get(HISTORY, user) or {"plays": []})["plays"]
    return sorted(plays, key=lambda play: (play["started_at"], play["id"]))


def _write_cursor(play: Json) -> str:
    return base64.urlsafe_b64encode(f"{play['started_at']} {play['id']}".encode()).decode()


def _read_cursor(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    try:
        began, _, key = base64.urlsafe_b64decode(text).decode().partition(" ")
        seconds(began)
    except (binascii.Error, ValueError):
        raise Failed(400, "invalid_request", "cursor is none of ours.") from None
    return began, key


def _time(text: str | None, name: str) -> float | None:
    try:
        return None if text is None else seconds(text)
    except ValueError:
        raise Failed(400, "invalid_request", f"{name} must be a time of RFC 3339 with its zone.") from None


def seconds(text: str) -> float:
    """Read a time.

    Raises:
        ValueError: It is none of RFC 3339 with its zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.timestamp()


def iso(moment: float) -> str:
    """Write a time."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
