"""Answers as HTTP responses: status, type, and for how long others may keep them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.answers import Answer
from engine.requests import JSON, RESPONSE_JSON

PARTIAL: Final = 294
"""Partial Success: GraphQL over HTTP recommends it where there are both data and errors."""

PUBLIC_SECONDS: Final = 5
"""No longer than anything that was hidden meanwhile may still be seen."""

VARY: Final = "accept, authorization, origin"
JSON_HEADERS: Final = {
    kind: (
        (b"content-type", f"{kind}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"vary", VARY.encode()),
    )
    for kind in (JSON, RESPONSE_JSON)
}


class Sent:
    """A response of one text, with its headers ready to go."""

    __slots__ = ("_body", "_start")

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        length = (b"content-length", b"%d" % len(body))
        self._start = {"type": "http.response.start", "status": status, "headers": [length, *headers]}
        self._body = body

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send(self._start)
        await send({"type": "http.response.body", "body": self._body})


def respond(answer: Answer, media_type: str) -> ASGIApp:
    """Make the response of an answer that nobody keeps.

    Args:
        answer: What goes back.
        media_type: One of the two types of JSON.
    """
    headers = [*JSON_HEADERS[media_type], *[(name.encode(), value.encode()) for name, value in answer.headers.items()]]
    return Sent(_status(answer, media_type), headers, orjson.dumps(answer.payload))


def respond_kept(answer: Answer, media_type: str, request: Request, *, public: bool) -> ASGIApp:
    """Make the response of a read that may be kept: a GET of a trusted document.

    Args:
        answer: What goes back. With errors nobody keeps it.
        media_type: One of the two types of JSON.
        request: As it came; with `If-None-Match` it gets 304 where its copy is still true.
        public: Whether anybody would get the same answer.
    """
    if answer.status != 200 or "errors" in answer.payload or "data" not in answer.payload:
        return respond(answer, media_type)
    # Of the data alone: what an operation cost, or what is left to spend, makes no answer another one.
    digest = hashlib.sha256(orjson.dumps(answer.payload["data"])).digest()[:18]
    tag = f'W/"{base64.urlsafe_b64encode(digest).decode()}"'
    control = f"public, max-age={PUBLIC_SECONDS}" if public else "private, no-cache"
    headers = {"etag": tag, "cache-control": control, "vary": VARY, **answer.headers}
    if _matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    kind = f"{media_type}; charset=utf-8"
    return Response(orjson.dumps(answer.payload), _status(answer, media_type), {**headers, "content-type": kind})


def _status(answer: Answer, media_type: str) -> int:
    if media_type == JSON:
        # Plain JSON has been answered with 200 whatever was wrong with the document since before there was a
        # specification; a request that never was one is a 4xx in either.
        return 200 if answer.status == 400 and not answer.malformed else answer.status
    return PARTIAL if answer.status == 200 and answer.payload.get("errors") else answer.status


def _matches(header: str, tag: str) -> bool:
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags
