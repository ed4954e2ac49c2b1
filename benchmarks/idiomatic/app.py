"""The idiomatic server: Strawberry's own ASGI app over an ORM engine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from benchmarks.idiomatic.rows import Sessions
from benchmarks.idiomatic.types import Context, schema
from benchmarks.tokens import Reader
from engine import tuning
from integrations.local_files import LocalFiles


class Door(GraphQL[Context, None]):
    """Strawberry's own ASGI app with our context."""

    def __init__(self, sessions: Sessions, files: LocalFiles, reader: Reader) -> None:
        super().__init__(schema, graphql_ide=None)
        self._sessions = sessions
        self._files = files
        self._reader = reader

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        return Context(self._sessions, self._files, self._reader.viewer(request.headers.get("authorization")))


def create() -> Starlette:
    """Make the app; what uvicorn calls."""
    engine = create_async_engine(
        os.environ["DATABASE_URL"],
        pool_size=int(os.environ["POOL_SIZE"]),
        max_overflow=0,
        connect_args={"server_settings": {"jit": "off", "timezone": "UTC"}},
    )
    files = LocalFiles(Path("files"), key=b"idiomatic", public_url=os.environ["PUBLIC_URL"])

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tuning.settle()
        yield
        await engine.dispose()

    door = Door(async_sessionmaker(engine, expire_on_commit=False), files, Reader(os.environ))
    return Starlette(routes=[Route("/graphql", door)], lifespan=lifespan)
