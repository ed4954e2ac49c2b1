"""The explorer: GraphiQL as a page of our own origin, and in the demo a door to sign in as one of its people.

Nothing here is fetched from elsewhere, and the Content-Security-Policy says so to the browser: scripts, workers and
connections from this origin only, no eval, no inline script, no frame around it. Inline styles stay allowed because
Monaco, the editor inside GraphiQL, positions every line with them; ``data:`` carries its fonts and icons.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from domain.demo import Person, Token
from domain.errors import DomainError, Forbidden, InvalidInput, NotFound, RateLimited

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; "
        "script-src 'self'; "
        "worker-src 'self'; "
        "connect-src 'self'; "
        "style-src 'self' 'unsafe-inline'; "
        "font-src 'self' data:; "
        "img-src 'self' data:; "
        "base-uri 'none'; "
        "form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Said here and not guessed: the tables of some systems call JavaScript text/plain, which a browser will not run.
CONTENT_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}

NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Backline explorer</title>
<body style="font: 16px/1.6 system-ui, sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>The explorer is not built yet</h1>
<p>Build it with <code>python explorer/build.py</code> and load this page again. The API answers at this address all the
same: send it a POST with a <code>query</code>.</p>
"""

LONGEST_BODY = 1024


People = Callable[[], Awaitable[list[Person]]]
SignIn = Callable[[str], Awaitable[Token]]


def wants_page(request: Request) -> bool:
    """Whether a request to /graphql comes from somebody's address bar, not from a GraphQL client.

    A browser names ``text/html`` when it opens a page; a client that asks for JSON, or for anything, does not.
    """
    return request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", "").lower()


def page(dist: Path, *, with_people: bool) -> Response:
    """The explorer's page, or where it is not built, a page that says how to build it.

    Args:
        dist: The folder that ``explorer/build.py`` fills.
        with_people: Whether the page offers the people of the demo; otherwise it offers a field for a token.
    """
    try:
        html = (dist / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return HTMLResponse(NOT_BUILT, status_code=503, headers=HEADERS | {"Cache-Control": "no-store"})
    if with_people:
        html = html.replace('data-people="hidden"', 'data-people="shown"', 1)
    return HTMLResponse(html, headers=HEADERS | {"Cache-Control": "no-cache", "Vary": "Accept"})


def routes(dist: Path, people: People | None, sign_in: SignIn | None) -> list[Route]:
    """The explorer's doors: its files, and in the demo, the way to become one of its people.

    Args:
        dist: The folder that ``explorer/build.py`` fills.
        people: Lists whom a visitor can sign in as; None outside the demo.
        sign_in: Makes a token for one of them, by username, and raises NotFound for anybody else; None outside the demo.
    """
    doors = [Route("/explorer/assets/{name}", _asset_door(dist))]
    if people is not None and sign_in is not None:
        doors.append(Route("/explorer/people", _people_door(people)))
        doors.append(Route("/explorer/session", _session_door(sign_in), methods=["POST"]))
    return doors


def _asset_door(dist: Path) -> Callable[[Request], Response]:
    def asset(request: Request) -> Response:
        # The route takes one path segment; looking it up among the files that are there leaves no way out of the folder.
        name = request.path_params["name"]
        content_type = CONTENT_TYPES.get(Path(name).suffix)
        folder = dist / "assets"
        if content_type is None or not folder.is_dir() or name not in {file.name for file in folder.iterdir()}:
            return _refusal(NotFound("The explorer has no such file."), 404)
        # The name holds a hash of the content, so that a file never changes under its name.
        caching = {"Cache-Control": "public, max-age=31536000, immutable"}
        return FileResponse(folder / name, media_type=content_type, headers=HEADERS | caching)

    return asset


def _people_door(people: People) -> Callable[[Request], Awaitable[Response]]:
    async def list_people(_request: Request) -> Response:
        return _json(
            [
                {"username": person.username, "displayName": person.display_name, "about": person.about}
                for person in await people()
            ]
        )

    return list_people


def _session_door(sign_in: SignIn) -> Callable[[Request], Awaitable[Response]]:
    async def start_session(request: Request) -> Response:
        try:
            _require_same_origin(request)
            token = await sign_in(await _read_username(request))
        except DomainError as refusal:
            status = {Forbidden: 403, InvalidInput: 400, NotFound: 404, RateLimited: 429}.get(type(refusal), 409)
            return _refusal(refusal, status)
        return _json({"accessToken": token.access_token, "expiresAt": token.expires_at.isoformat()})

    return start_session


def _require_same_origin(request: Request) -> None:
    """A token is handed to our own page only.

    Raises:
        Forbidden: Another site asks, or something that does not say who it is.
    """
    site = request.headers.get("sec-fetch-site")
    # Browsers leave Sec-Fetch-Site out where the page came over plain HTTP from another machine; Origin is always there.
    # Only the host is compared: behind a proxy that ends TLS we do not know the scheme.
    origin = urlsplit(request.headers.get("origin", ""))
    if site == "same-origin" or (site is None and origin.netloc and origin.netloc == request.headers.get("host")):
        return
    raise Forbidden("Only the explorer's own page may sign in here; programs use an API token.")


async def _read_username(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise InvalidInput("The body is too long.")
    try:
        username = orjson.loads(body)["username"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        username = None
    if not isinstance(username, str):
        raise InvalidInput('The body must be JSON: {"username": "…"}.', "username")
    return username


def _json(value: object, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


def _refusal(refusal: DomainError, status: int) -> Response:
    return _json({"code": refusal.code, "message": refusal.message, "field": list(refusal.field)}, status)
