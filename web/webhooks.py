"""`POST /webhooks/stripe` and `/api/payments/webhook`: what Stripe tells us. Checked and kept here, worked on later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.session import Database
from domain.actors import Caller
from domain.addresses import network_of
from domain.errors import DomainError, ErrorCode
from domain.ports import Services
from domain.webhooks import LONGEST_BODY
from resolvers.webhooks.inbox import take_in

STATUSES: Final = {ErrorCode.RATE_LIMITED: 429, ErrorCode.NOT_CONFIGURED: 503}
"""Everything else is a 400: whoever cannot sign learns no more than that."""

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Find = Callable[[Request], Caller]


def routes(database: Database, services: Services, caller_of: Find) -> list[Route]:
    """Make the doors; `caller_of` says where a request comes from."""

    async def stripe(request: Request) -> Response:
        try:
            content = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if content is None:
            return _answer(413, "This is more than an event can be.")
        network = network_of(caller_of(request).address)
        try:
            await take_in(database, services, content, request.headers.get("stripe-signature"), network=network)
        except DomainError as refusal:
            answer = _answer(STATUSES.get(refusal.code, 400), refusal.message)
            if refusal.retry_after_seconds is not None:
                answer.headers["Retry-After"] = str(int(refusal.retry_after_seconds) + 1)
            return answer
        return _answer(202, "Kept.")

    return [Route(path, stripe, methods=["POST"]) for path in ("/webhooks/stripe", "/api/payments/webhook")]


async def _read(request: Request) -> bytes | None:
    """The bytes as they come; None when there are too many."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            return None
    return body


def _answer(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status, HEADERS)
