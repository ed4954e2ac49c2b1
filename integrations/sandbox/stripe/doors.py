"""The doors of `api.stripe.com`: who asks, what for, whether it was asked before, and the answer.

The official client is led here by `base_addresses={"api": "<sandbox>/api.stripe.com"}`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sandbox.registration import Registration
from integrations.sandbox.stripe import breakdowns, parameters
from integrations.sandbox.stripe.books import PLATFORM, Desk, make_id, shown, store
from integrations.sandbox.stripe.events import API_VERSION
from integrations.sandbox.stripe.idempotency import Keys
from integrations.sandbox.stripe.operations import OPERATIONS, Operation
from integrations.sandbox.stripe.refusals import Json, Refused
from integrations.sandbox.world import World

FORM: Final = "application/x-www-form-urlencoded"
DEEPEST_EXPANSION: Final = 4


def routes(world: World, registration: Registration) -> list[Route]:
    """Make the doors."""
    twin = Twin(world, registration)
    known = [Route(each.path, twin.door(each), methods=[each.method]) for each in OPERATIONS]
    return [*known, Route("/{path:path}", twin.nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]


class Twin:
    """One platform account."""

    def __init__(self, world: World, registration: Registration) -> None:
        """Take the world that all of it is in."""
        self.world = world
        self.registration = registration
        self.keys = Keys()

    def door(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        """Make the door of one operation."""

        async def answer(request: Request) -> Response:
            name = make_id("req", 14)
            try:
                desk = self._seat(request, name)
                given = await _read(request)
                status, body, original = await self._work(desk, operation, request, given)
            except Refused as refusal:
                return _answer(refusal.status, {"error": refusal.error}, name)
            return _answer(status, body, name, original)

        return answer

    async def nothing(self, request: Request) -> Response:
        """Answer what nobody has thought of."""
        path = request.url.path.partition("/api.stripe.com")[2]
        message = f"Unrecognized request URL ({request.method}: {path})."
        try:
            self._seat(request, "")
        except Refused as refusal:
            return _answer(refusal.status, {"error": refusal.error}, make_id("req", 14))
        error = {"message": message, "type": "invalid_request_error"}
        return _answer(404, {"error": error}, make_id("req", 14))

    def _seat(self, request: Request, name: str) -> Desk:
        """Find out who asks, and for which account."""
        given = _key_of(request.headers.get("authorization", ""))
        if not given:
            raise Refused("You did not provide an API key.", status=401)
        if not hmac.compare_digest(given.encode(), self.registration.stripe_secret_key.encode()):
            raise Refused(f"Invalid API Key provided: {given[:7]}***{given[-4:]}", status=401)
        account = request.headers.get("stripe-account", PLATFORM)
        if account != PLATFORM and self.world.get(store("account"), account) is None:
            raise Refused(
                f"The provided key does not have access to account '{account}' (or that account does not exist).",
                status=403,
                code="account_invalid",
            )
        request.state.who = None if account == PLATFORM else account
        site = f"{request.url.scheme}://{request.headers['host']}"
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        return Desk(self.world, self.registration, site, account, name, key)

    async def _work(
        self, desk: Desk, operation: Operation, request: Request, given: Json
    ) -> tuple[int, Json, str | None]:
        """Do what is asked, unless it was done before under the same key."""
        params = parameters.read(operation.shape, given)
        _check_metadata(params.get("metadata"))
        names = [request.path_params[name] for name in operation.path.split("{")[1:] for name in [name.split("}")[0]]]
        path = f"{request.method} {operation.path.format(**request.path_params)}"
        found = self.keys.begin(desk, path, given)
        if found is not None:
            return found["status"], found["body"], found["request"]
        try:
            broken = breakdowns.choose(desk.world, request.method, path.partition(" ")[2])
            if broken is not None:
                await asyncio.sleep(broken["seconds"])
            with self.world.transaction():
                status, body, begun = _act(desk, operation, params, names, broken)
                if begun:
                    self.keys.keep(desk, path, given, status, body)
        finally:
            self.keys.end(desk)
        return status, body, None


def _act(
    desk: Desk, operation: Operation, params: Json, names: list[str], broken: Json | None
) -> tuple[int, Json, bool]:
    status = broken["status"] if broken is not None else None
    if broken is not None and status is not None and not broken["after_effect"]:
        return status, breakdowns.ERROR, True
    expansions = params.pop("expand", [])
    try:
        made = operation.act(desk, params, *names)
    except Refused as refusal:
        return refusal.status, {"error": refusal.error}, refusal.begun
    # What cannot be expanded undoes everything: nothing was asked for that could be answered.
    body = shown(_expand(desk, made, expansions))
    return (200, body, True) if status is None else (status, breakdowns.ERROR, True)


def _expand(desk: Desk, value: Json, paths: list[str]) -> Json:
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST_EXPANSION:
            raise Refused("You cannot expand more than 4 levels of a property.", param="expand")
        value = _expand_one(desk, value, steps, path)
    return value


def _expand_one(desk: Desk, value: Any, steps: list[str], path: str) -> Any:
    """Put objects where their ids are."""
    if isinstance(value, list):
        return [_expand_one(desk, each, steps, path) for each in value]
    if not steps or value is None:
        return value
    if not isinstance(value, dict):
        raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    name, *rest = steps
    hidden = value.pop(f"_{name}", None)
    found = hidden if hidden is not None else value.get(name)
    if isinstance(found, str):
        found = desk.look(found) or desk.at(str(value.get("destination"))).look(found)
        if found is None:
            raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    elif name not in value and hidden is None:
        raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    return value | {name: _expand_one(desk, found, rest, path)}


async def _read(request: Request) -> Json:
    """Read the parameters, which a POST has in its body and others in the address."""
    text = request.url.query
    if request.method == "POST":
        text = (await request.body()).decode(errors="replace")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if text and kind != FORM:
            raise Refused(f"Invalid request (check that your POST content type is {FORM}).", begun=False)
    return parameters.nest(parse_qsl(text, keep_blank_values=True))


def _key_of(header: str) -> str:
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict):
        return
    if len(metadata) > 50 or any(len(name) > 40 or len(text) > 500 for name, text in metadata.items()):
        raise Refused(
            "Metadata can have up to 50 keys, of up to 40 characters, with values of up to 500 characters.",
            param="metadata",
            begun=False,
        )


def _answer(status: int, body: Json, name: str, original: str | None = None) -> Response:
    headers = {"Request-Id": name, "Stripe-Version": API_VERSION}
    if original is not None:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": original}
    return JSONResponse(body, status, headers)
