"""Who may talk to the sandbox: programs on this machine, and its own page; no page of another site."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

CONTROL: Final = "/control"
OWN_SITE: Final = frozenset({None, "same-origin", "none"})


class Guard:
    """Refuses what a page in somebody's browser could send here behind their back.

    A name that was made to point at this machine (DNS rebinding) is refused by the header Host, everywhere. The control
    API besides takes no browser's request that another site began.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or go on."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if not is_local(headers.getlist("host")):
                refusal = JSONResponse({"error": "The sandbox answers under addresses of this machine alone."}, 421)
                return await refusal(scope, receive, send)
            if _is_control(scope["path"]) and is_foreign(headers):
                refusal = JSONResponse({"error": "The sandbox is controlled by its own page and by programs."}, 403)
                return await refusal(scope, receive, send)
        return await self.app(scope, receive, send)


def _is_control(path: str) -> bool:
    return path == CONTROL or path.startswith(f"{CONTROL}/")


def is_local(hosts: list[str]) -> bool:
    """Whether a request was addressed to this machine by name or number: localhost, 127.0.0.1, [::1]."""
    if len(hosts) != 1:
        return False
    try:
        name = urlsplit(f"//{hosts[0]}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ip_address(name).is_loopback
    except ValueError:
        return False


def is_foreign(headers: Headers) -> bool:
    """Whether a browser sent this for a page of another origin; another port is another origin."""
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{headers.get('host')}":
        return True
    return headers.get("sec-fetch-site") not in OWN_SITE
