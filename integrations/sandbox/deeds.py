"""What the controls of several twins share: people who are made on demand, and things that happen to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sandbox.control import answer, read_json, refuse
from integrations.sandbox.world import World

Json = dict[str, Any]
Deed = Callable[[str, Json], Json]
"""Takes the person's id and what was sent; gives the answer."""


class Wrong(ValueError):
    """Something that cannot be done; the message says why."""


def check_fields(value: object, preset: Json, thing: str) -> Json:
    """Check that an object has fields of the preset's kinds alone; a preset of None takes a text or null.

    Raises:
        Wrong: It has not.
    """
    if not isinstance(value, dict):
        raise Wrong(f"{thing} is an object.")
    if unknown := sorted(set(value) - set(preset)):
        raise Wrong(f"{thing} has no {', '.join(unknown)}.")
    for name, given in value.items():
        kinds = (str, type(None)) if preset[name] is None else (type(preset[name]),)
        if type(given) not in kinds:
            raise Wrong(f"{name} must be of the kind {kinds[0].__name__}.")
    return value


def save_person(world: World, kind: str, value: object, preset: Json) -> Json:
    """Make somebody with an `id`, or change what is said of them; what was never said is the preset's.

    Raises:
        Wrong: That is nobody.
    """
    given = check_fields(value, preset | {"id": ""}, "A user")
    if not given.get("id"):
        raise Wrong("A user has an id.")
    person = preset | (world.get(kind, given["id"]) or {}) | given
    world.put(kind, given["id"], person)
    return person


def people_routes(world: World, kind: str, save: Callable[[object], Json], deeds: dict[str, Deed]) -> list[Route]:
    """Make the doors `GET users`, `POST users` and `POST users/{id}/{deed}`."""

    async def show(request: Request) -> Response:
        return answer({"users": list(world.all(kind).values())})

    async def make(request: Request) -> Response:
        value = await read_json(request)
        return attempt(world, lambda: save(value), 201)

    async def do(request: Request) -> Response:
        value = await read_json(request)
        key, deed = request.path_params["user"], deeds.get(request.path_params["deed"])
        if world.get(kind, key) is None or deed is None:
            return refuse("There is nobody of that name, or nothing of that kind to do.", 404)
        return attempt(world, lambda: deed(key, value if isinstance(value, dict) else {}))

    return [
        Route("/users", show, methods=["GET"]),
        Route("/users", make, methods=["POST"]),
        Route("/users/{user}/{deed}", do, methods=["POST"]),
    ]


def door(world: World, doing: Callable[[object], Json]) -> Callable[[Request], Awaitable[Response]]:
    """Make a door that takes JSON and does one thing with it."""

    async def take(request: Request) -> Response:
        value = await read_json(request)
        return attempt(world, lambda: doing(value), 201)

    return take


def attempt(world: World, doing: Callable[[], Any], status: int = 200) -> Response:
    """Do something wholly and answer with what came of it, or say why it cannot be done."""
    try:
        with world.transaction():
            return answer(doing(), status)
    except Wrong as problem:
        return refuse(str(problem))


def switch(world: World, kind: str, key: str, **fields: Any) -> Json:
    """Change fields of a document that is there."""
    value = (world.get(kind, key) or {}) | fields
    world.put(kind, key, value)
    return value
