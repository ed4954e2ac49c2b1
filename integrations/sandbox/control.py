"""The control API of the sandbox, for tests and for its page: JSON under `/control`.

| request | what it does |
|---|---|
| `GET faults` | `{faults: [rule]}`: the rules that are on; see faults.Rule |
| `POST faults` | switches on a rule or a list of them; 201 with `{faults: [rule]}`, those that were sent |
| `DELETE faults`, `DELETE faults/{id}` | switches off all rules or one: `{removed: n}` |
| `GET calls?host=&path=&since=&limit=&bodies=` | `{calls: [call], last: id}`: what vendors got after the call `since`, oldest first; `path` is a glob, `bodies=no` leaves out the long fields |
| `GET calls/count?host=&path=&since=` | `{count: n, last: id}` |
| `GET inbox?to=&since=` | `{messages: [message]}`: mails and SMS; see inbox.listed |
| `DELETE inbox` | empties all inboxes |
| `GET clock` | `{now: s, offset: s}`: the vendors' time |
| `POST clock` | sets `{offset: s}` or goes on by `{advance: s}` |
| `POST reset` | forgets everything, and begins again with the people of the start |
| `.../{vendor}/...` | what a vendor's twin adds |

A call is `{id, at, host, method, path, query, who, status, seconds, fault, authorization, body, answer}`. `seconds` is
null while it goes on, `status` is null when there was no answer, `fault` names the faults that it met, joined by `+`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from integrations.sandbox import faults, inbox
from integrations.sandbox.faults import FaultyRule
from integrations.sandbox.world import KEPT_CALLS, World

MOST_RULES: Final = 1_000
FARTHEST_OFFSET: Final = 10 * 365 * 86_400
HIGHEST_CALL: Final = 2**53
HEADERS: Final = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}


def answer(value: object, status: int = 200) -> Response:
    """Make an answer of the control API; vendors' controls may use it too."""
    return Response(orjson.dumps(value), status, HEADERS, media_type="application/json")


def refuse(message: str, status: int = 400) -> Response:
    """Make a refusal that says why."""
    return answer({"error": message}, status)


async def read_json(request: Request) -> Any:
    """Read a JSON body; None when it is none."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return None


def routes(world: World, begin_again: Callable[[], None]) -> list[BaseRoute]:
    """Make the doors; `begin_again` is called after everything was forgotten."""

    async def reset(request: Request) -> Response:
        with world.transaction():
            world.reset()
            begin_again()
        return answer({"last": world.last_call()})

    return [*_faults(world), *_calls(world), *_inbox(world), *_clock(world), Route("/reset", reset, methods=["POST"])]


def _faults(world: World) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        return answer({"faults": faults.listed(world)})

    async def add(request: Request) -> Response:
        value = await read_json(request)
        try:
            rules = [faults.read(each) for each in (value if isinstance(value, list) else [value])[:MOST_RULES]]
        except FaultyRule as fault:
            return refuse(str(fault))
        with world.transaction():
            for rule in rules:
                faults.add(world, rule)
        return answer({"faults": rules}, 201)

    async def clear(request: Request) -> Response:
        return answer({"removed": faults.remove(world)})

    async def remove(request: Request) -> Response:
        return answer({"removed": faults.remove(world, request.path_params["rule"])})

    return [
        Route("/faults", show, methods=["GET"]),
        Route("/faults", add, methods=["POST"]),
        Route("/faults", clear, methods=["DELETE"]),
        Route("/faults/{rule}", remove, methods=["DELETE"]),
    ]


def _calls(world: World) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        asked = request.query_params
        try:
            since, limit = _whole(asked.get("since"), 0), _whole(asked.get("limit"), KEPT_CALLS)
        except ValueError:
            return refuse("since and limit are whole numbers.")
        found = world.calls(
            host=asked.get("host") or None,
            path=asked.get("path") or None,
            since=since,
            limit=limit,
            bodies=asked.get("bodies") != "no",
        )
        return answer({"calls": found, "last": world.last_call()})

    async def count(request: Request) -> Response:
        asked = request.query_params
        try:
            since = _whole(asked.get("since"), 0)
        except ValueError:
            return refuse("since is a whole number.")
        found = world.count_calls(host=asked.get("host") or None, path=asked.get("path") or None, since=since)
        return answer({"count": found, "last": world.last_call()})

    return [Route("/calls", show), Route("/calls/count", count)]


def _whole(text: str | None, preset: int) -> int:
    """Read a number of the query.

    Raises:
        ValueError: It is none.
    """
    return min(max(int(text), 0), HIGHEST_CALL) if text else preset


def _inbox(world: World) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        asked = request.query_params
        try:
            since = float(asked.get("since") or 0)
        except ValueError:
            since = math.nan
        if not math.isfinite(since):
            return refuse("since is a time in seconds.")
        return answer({"messages": inbox.listed(world, to=asked.get("to") or None, since=since)})

    async def clear(request: Request) -> Response:
        return answer({"removed": inbox.clear(world)})

    return [Route("/inbox", show, methods=["GET"]), Route("/inbox", clear, methods=["DELETE"])]


def _clock(world: World) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        return answer({"now": world.now(), "offset": world.offset})

    async def shift(request: Request) -> Response:
        value = await read_json(request)
        match value:
            case {"offset": int() | float() as seconds} if not isinstance(seconds, bool):
                offset = float(seconds)
            case {"advance": int() | float() as seconds} if not isinstance(seconds, bool):
                offset = world.offset + seconds
            case _:
                return refuse("The clock wants an offset or an advance in seconds.")
        if abs(offset) > FARTHEST_OFFSET:
            return refuse("The clock goes 10 years forth or back.")
        world.offset = offset
        return await show(request)

    return [Route("/clock", show, methods=["GET"]), Route("/clock", shift, methods=["POST"])]
