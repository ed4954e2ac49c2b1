"""The page for people at `/`: players, inbox, faults and calls; it needs nothing but the sandbox itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HERE: Final = Path(__file__).parent
FILES: Final = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def routes() -> list[Route]:
    """Make the doors to the page and its two files."""
    return [_file(path, HERE / name, kind) for path, (name, kind) in FILES.items()]


def _file(path: str, file: Path, kind: str) -> Route:
    content = file.read_bytes()

    async def send(request: Request) -> Response:
        return Response(content, 200, HEADERS, media_type=kind)

    return Route(path, send)
