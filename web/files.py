"""`PUT` and `GET /files/{key}`: sending and fetching files by signed addresses. The address is the permission."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from domain.errors import DomainError, ErrorCode
from domain.ports import FileDoor, StoredFile

UPLOAD_SECONDS: Final = 900.0
"""How long the bytes of one file may take to come."""

STATUSES: Final = {
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.EXPIRED: 410,
    ErrorCode.INVALID_INPUT: 413,
}

SHOWN: Final = ("image/", "audio/", "video/")
"""What a browser may show in place; anything else is saved, and nothing is run."""

SAVED: Final = ("evidence/", "histories/", "exports/")
"""Where files lie as they were sent, or that are wanted as files: those are saved, whatever they are."""

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "private, max-age=1800",
}


def routes(door: FileDoor) -> list[Route]:
    """Make the routes of a file store on this machine."""

    async def put(request: Request) -> Response:
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                await door.receive(
                    request.path_params["key"],
                    request.query_params,
                    content_type=request.headers.get("content-type", ""),
                    byte_size=_declared_size(request),
                    chunks=request.stream(),
                )
        except DomainError as refusal:
            return _refuse(STATUSES[refusal.code], refusal.code, refusal.message)
        except TimeoutError:
            return _refuse(408, ErrorCode.EXPIRED, "The file took too long to come.")
        except ClientDisconnect:
            return Response(status_code=400)
        return Response(status_code=201)

    async def get(request: Request) -> Response:
        try:
            key = request.path_params["key"]
            return _send(door.find(key, request.query_params), saved=key.startswith(SAVED))
        except DomainError as refusal:
            return _refuse(STATUSES[refusal.code], refusal.code, refusal.message)

    return [Route("/files/{key:path}", put, methods=["PUT"]), Route("/files/{key:path}", get, methods=["GET"])]


def _declared_size(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _send(file: StoredFile, *, saved: bool) -> Response:
    shown = not saved and file.content_type.startswith(SHOWN) and "xml" not in file.content_type
    return FileResponse(
        file.path,
        media_type=file.content_type,
        filename=file.name,
        content_disposition_type="inline" if shown else "attachment",
        headers=HEADERS,
    )


def _refuse(status: int, code: ErrorCode, message: str) -> Response:
    return JSONResponse(
        {"error": {"code": code.value, "message": message}}, status, HEADERS | {"Cache-Control": "no-store"}
    )
