"""`POST /companion/pair` and `POST /companion/plays`: the doors for programs beside DJ software.

What a companion sends is signed: HTTP Message Signatures (RFC 9421) over method, path, the digest of the body (RFC 9530), a
number that only rises, the file's name and the DJ's time zone. Who it is is known before the body is read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Final

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.session import Database
from domain.actors import Caller
from domain.companions import Head
from domain.errors import DomainError, ErrorCode, InvalidInput
from domain.ids import Prefix, to_wire
from domain.plays import MAX_HISTORY_BYTES
from domain.ports import Services
from resolvers.plays.pair import pair
from resolvers.plays.receive import OldCounter, admit, receive

PLAYS: Final = "/companion/plays"
LONGEST_PAIRING: Final = 4096
UPLOAD_SECONDS: Final = 300.0
"""How long the bytes of one file may take to come."""

STATUSES: Final = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.CONFLICT: 409,
    ErrorCode.EXPIRED: 410,
    ErrorCode.INVALID_INPUT: 422,
    ErrorCode.RATE_LIMITED: 429,
}
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Find = Callable[[Request], Caller]


class TooLong(Exception):
    """A body is longer than it may be."""


def routes(database: Database, services: Services, caller_of: Find) -> list[Route]:
    """Make the doors; `caller_of` says where a request comes from."""

    async def take_key(request: Request) -> Response:
        try:
            code, public_key, name = _read_pairing(await _read(request, LONGEST_PAIRING))
            caller = caller_of(request)
            companion_id = await pair(database, services, caller, code=code, public_key=public_key, name=name)
        except ClientDisconnect:
            return Response(status_code=400)
        except TooLong:
            return _refuse(413, ErrorCode.INVALID_INPUT, "This is more than a pairing can be.")
        except DomainError as refusal:
            return _refusal(refusal)
        return JSONResponse({"companionId": to_wire(Prefix.COMPANION, companion_id)}, 201, HEADERS)

    async def take_file(request: Request) -> Response:
        try:
            admitted = await admit(database, services, caller_of(request), _head_of(request))
            async with asyncio.timeout(UPLOAD_SECONDS):
                content = await _read(request, MAX_HISTORY_BYTES)
            digest = await asyncio.to_thread(hashlib.sha256, content)
            done = await receive(database, services, admitted, content, digest.digest())
        except ClientDisconnect:
            return Response(status_code=400)
        except TooLong:
            return _refuse(413, ErrorCode.INVALID_INPUT, f"A history has {MAX_HISTORY_BYTES} bytes at most.")
        except TimeoutError:
            return _refuse(408, ErrorCode.EXPIRED, "The file took too long to come.")
        except DomainError as refusal:
            return _refusal(refusal)
        counts = {"importedCount": done.imported, "updatedCount": done.updated, "duplicateCount": done.duplicates}
        return JSONResponse({**counts, "source": done.source.value, "warnings": list(done.warnings)}, 200, HEADERS)

    return [
        Route("/companion/pair", take_key, methods=["POST"]),
        Route(PLAYS, take_file, methods=["POST"]),
    ]


def _head_of(request: Request) -> Head:
    """What was signed is the path as it was written; headers that come twice are one with a comma (RFC 9421, 2.1)."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return Head(request.method, raw.partition(b"?")[0].decode("ascii", "replace"), headers)


async def _read(request: Request, most: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > most:
        raise TooLong
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLong
    return bytes(body)


def _read_pairing(body: bytes) -> tuple[str, bytes, str | None]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    match said:
        case {"code": str() as code, "publicKey": str() as key, **rest}:
            name = rest.get("name")
        case _:
            raise InvalidInput("Send JSON with code, publicKey and, if you like, name.")
    if name is not None and not isinstance(name, str):
        raise InvalidInput("A name is a text.", "name")
    try:
        return code, base64.b64decode(key, validate=True), name
    except (binascii.Error, ValueError):
        raise InvalidInput("A public key is 32 bytes of Ed25519, in base64.", "publicKey") from None


def _refusal(refusal: DomainError) -> Response:
    # A body that is not the one that was signed is a wrong request, not a file that cannot be read.
    status = 400 if refusal.field == ("body",) else STATUSES.get(refusal.code, 503)
    answer = _refuse(
        status, refusal.code, refusal.message, refusal.counter if isinstance(refusal, OldCounter) else None
    )
    if refusal.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(int(refusal.retry_after_seconds) + 1)
    return answer


def _refuse(status: int, code: ErrorCode, message: str, counter: int | None = None) -> Response:
    error: dict[str, object] = {"code": code.value, "message": message}
    if counter is not None:
        error["counter"] = counter
    return JSONResponse({"error": error}, status, HEADERS)
