"""Each request has an id: in the log, in its answer's header, and with each fault that is shown."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.headers import QuickHeaders
from engine.sight import FACTS, Facts

HEADER: Final = "x-request-id"
HEADER_BYTES: Final = HEADER.encode()
SANE: Final = re.compile(r"[A-Za-z0-9._=-]{8,64}", re.ASCII)
"""What is taken from others; it is written into the log, and logs are read by programs and by people."""

TRACE_PARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
"""Version 00 of W3C Trace Context."""

STARTS: Final = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})


class RequestIds:
    """An ASGI app around another that gives each request its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # No secret: it only tells one request from another. To ask the system for randomness each time takes longer.
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count(secrets.randbelow(1 << 24))

    def _new_id(self) -> str:
        return f"{self._process}{next(self._numbers) & 0xFFFFFFFF:08x}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the id that the client or a proxy sent, if it is a sane one, or make one."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = QuickHeaders(scope)
        road = "http" if scope["type"] == "http" else "socket"
        facts = Facts(_taken(headers.get(HEADER), SANE) or self._new_id(), road)
        facts.trace_parent = _taken(headers.get("traceparent"), TRACE_PARENT)
        token = FACTS.set(facts)
        name = (HEADER_BYTES, facts.request.encode())
        # A socket stays here for as long as it is open.
        del headers

        async def answer(message: Message) -> None:
            if message["type"] in STARTS:
                message["headers"] = [*message.get("headers", ()), name]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            FACTS.reset(token)


def _taken(given: str | None, sane: re.Pattern[str]) -> str | None:
    return given if given is not None and sane.fullmatch(given) else None
