"""The front of the house: what is asked most goes straight to its door."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Front:
    """An ASGI app around all others that knows some doors by their paths.

    No route is looked for, and no rule for other origins where the client is no page of one: for a small read these take as
    long as the read. A socket would hold all of them for as long as it is open.
    """

    def __init__(self, app: ASGIApp, doors: Mapping[str, ASGIApp]) -> None:
        """Take the doors; they may be built later.

        Args:
            app: Answers everything else, and at these paths everything with an `Origin`.
            doors: Apps by path. They answer for themselves whatever goes wrong, and say for themselves from which
                pages a socket may be opened.
        """
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on one request."""
        door = self._doors.get(scope["path"]) if scope["type"] in {"http", "websocket"} else None
        if door is None or (scope["type"] == "http" and any(name == b"origin" for name, _ in scope["headers"])):
            door = self._app
        await door(scope, receive, send)
