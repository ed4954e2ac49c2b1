"""`/oauth/{provider}/callback`: where browsers come back from a provider's page, and `/oauth/done`, where they may end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from db.session import Database
from domain.actors import Caller
from domain.addresses import network_of
from domain.connections import MAX_TOKEN, Vendor
from domain.errors import DomainError, ErrorCode, InvalidInput
from domain.limits import RETURNS_BY_CALLER
from domain.ports import Services
from resolvers.connections.finish import Returned, finish
from resolvers.limits import spend

LONGEST_FORM: Final = 16 * 1024
MOST_FIELDS: Final = 20
READ: Final = ("state", "code", "error", "iss")
STATUSES: Final = {ErrorCode.RATE_LIMITED: 429, ErrorCode.UNAVAILABLE: 503}
FORM: Final = "application/x-www-form-urlencoded"

HEADERS: Final = {
    # The address holds a code or a ticket: it goes nowhere else and is kept nowhere.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Backline</title>
<style>:root {{ color-scheme: light dark }}</style>
<body style="font: 16px/1.6 system-ui, sans-serif; max-width: 32em; margin: 4em auto; padding: 0 1em">
<h1>{title}</h1>
<p>{text}</p>
"""

CONNECTED: Final = ("Your account is connected", "You can close this window and go back to the app.")
CAME_BACK: Final = ("You can close this window", "Go back to the app.")
ERRORS: Final = {
    "ACCESS_DENIED": "You did not let us in, so nothing was connected.",
    "CONFLICT": "Somebody else has connected this account.",
    "FORBIDDEN": "You are no longer signed in where you began.",
    "UNAVAILABLE": "The provider does not answer just now. Try again later.",
    "RATE_LIMITED": "The provider is asked too often just now. Try again later.",
}
OTHERWISE: Final = "It did not work. Begin again in the app."

Find = Callable[[Request], Caller]


def routes(database: Database, services: Services, caller_of: Find) -> list[Route]:
    """Make the doors; `caller_of` says where a request comes from."""

    async def take(request: Request, vendor: Vendor) -> Response:
        # A browser that only looks ahead must not use the way back up; it asks again when somebody really comes.
        if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
            return Response(status_code=503, headers=HEADERS)
        try:
            by = f"returns:by:{network_of(caller_of(request).address)}"
            await spend(services.limiter, by, RETURNS_BY_CALLER, "Too many come back from here. Wait a little.")
            address = await finish(database, services, vendor, await _read(request))
        except DomainError as refusal:
            return _refuse(refusal)
        except ClientDisconnect:
            return Response(status_code=400)
        # 303: whatever brought the browser here, it goes on by GET and takes no form along.
        return RedirectResponse(address, 303, HEADERS)

    async def callback(request: Request) -> Response:
        vendor = VENDORS.get(request.path_params["provider"])
        if vendor is None:
            return _show("There is nothing here", "No provider sends people to this address.", 404)
        return await take(request, vendor)

    async def serato(request: Request) -> Response:
        return await take(request, Vendor.SERATO)

    return [
        _door("/oauth/{provider}/callback", callback),
        _door("/api/serato/callback", serato),
        Route("/oauth/done", _done, methods=["GET"]),
    ]


VENDORS: Final = {vendor.value.lower(): vendor for vendor in Vendor}


def _door(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    door = Route(path, endpoint, methods=["GET", "POST"])
    # Starlette lets HEAD in wherever GET is; here looking would be using.
    door.methods = {"GET", "POST"}
    return door


async def _read(request: Request) -> Returned:
    """Read what somebody brought back: from the address, or from the form in which Apple sends it.

    Raises:
        InvalidInput: Something is there twice, too long, or missing.
    """
    pairs = list(request.query_params.multi_items())
    if request.method == "POST":
        pairs += await _read_form(request)
    found = {name: [value for key, value in pairs if key == name] for name in READ}
    if any(len(values) > 1 for values in found.values()):
        # RFC 6749, section 3.1. Which of the two would count is a matter of taste, and attackers live on that.
        raise InvalidInput("Something in this address is there twice.")
    if any(len(value) > MAX_TOKEN or "\x00" in value for values in found.values() for value in values):
        raise InvalidInput("Something in this address is too long.")
    state, code, error, issuer = (next(iter(found[name]), None) for name in READ)
    if not state:
        raise InvalidInput("This address is not complete: it does not say what it is the answer to.")
    return Returned(state=state, code=code, error=error, issuer=issuer)


async def _read_form(request: Request) -> list[tuple[str, str]]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise InvalidInput("This is not a form that a provider sends.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            raise InvalidInput("This form is too long.")
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise InvalidInput("This is not a form that a provider sends.") from None


async def _done(request: Request) -> Response:
    """Say what came of it, in our own words: nothing of the address is shown."""
    error = request.query_params.get("error")
    if error is not None:
        return _show("That did not work", ERRORS.get(error, OTHERWISE))
    return _show(*(CONNECTED if request.query_params.get("status") == "CONNECTED" else CAME_BACK))


def _refuse(refusal: DomainError) -> Response:
    answer = _show("This did not work", refusal.message, STATUSES.get(refusal.code, 400))
    if refusal.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(int(refusal.retry_after_seconds) + 1)
    return answer


def _show(title: str, text: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(title=title, text=text), status, HEADERS)
