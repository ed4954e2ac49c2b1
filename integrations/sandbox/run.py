"""Runs the sandbox: the vendors behind one port, the mail server behind another.

await run(world_path, registration, host="127.0.0.1", port=8001, smtp_port=8025, stop=asyncio.Event())
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from integrations.sandbox import app, smtp
from integrations.sandbox.door import HANG_UP
from integrations.sandbox.registration import Registration
from integrations.sandbox.world import World


class Connection(HttpToolsProtocol):
    """An HTTP connection that an app can close without an answer: the function is in the scope."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        cast("dict[str, object]", self.scope)[HANG_UP] = self.transport.close


class Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def hang_up(self, serving: asyncio.Task[None]) -> None:
        """End at once with every connection and request: a vendor that is gone says nothing more."""
        self.should_exit = self.force_exit = True
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        requests = list(self.server_state.tasks)
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        await serving


def make_server(made: ASGIApp) -> Server:
    """Make the HTTP server of a sandbox app; `serve(sockets=[...])` runs it."""
    config = uvicorn.Config(
        made,
        http=Connection,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return Server(config)


async def run(
    world_path: Path, registration: Registration, *, host: str, port: int, smtp_port: int, stop: asyncio.Event
) -> None:
    """Run until `stop` is set; ends within a second of it. Signals are the caller's.

    Args:
        world_path: the file in which the vendors keep what they know; it is made where there is none.
        registration: what we have registered with them.
        host: where to listen, for HTTP and for mail.
        port: for HTTP.
        smtp_port: for mail.
        stop: ends it.

    Raises:
        OSError: A port cannot be listened on.
    """
    with closing(_bind(host, port)) as door, closing(World(world_path)) as world:
        server = make_server(app.create(world, registration))
        mail = await smtp.listen(world, host, smtp_port)
        working = [asyncio.ensure_future(work(world, registration)) for work in app.WORKERS]
        try:
            serving = asyncio.create_task(server.serve(sockets=[door]))
            told = asyncio.create_task(stop.wait())
            await asyncio.wait((serving, told), return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            await server.hang_up(serving)
        finally:
            mail.close()
            for each in working:
                each.cancel()
            await asyncio.gather(*working, return_exceptions=True)


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
    except OSError:
        door.close()
        raise
    return door
