"""Whether the server lives and can serve, for people and for load balancers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.session import Database

ANSWER_SECONDS = 2.0


def routes(database: Database, version: str) -> list[Route]:
    """Make the doors `/health`, `/livez` and `/readyz`.

    `/health` and `/livez` say that the process answers; `/readyz` that its database does too, with 503 when not. Valkey
    does not count: without it everything works, only later by seconds.
    """

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "timestamp": datetime.now(UTC).isoformat(), "version": version})

    async def livez(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await database.ping()
        except (SQLAlchemyError, OSError, TimeoutError):
            return JSONResponse({"status": "unavailable", "database": "does not answer"}, 503)
        return JSONResponse({"status": "ok"})

    return [Route("/health", health), Route("/livez", livez), Route("/readyz", readyz)]
