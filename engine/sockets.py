"""The WebSockets of a door: who may open one, and how they all are closed.

Close codes: 1009 message too large, 1012 we drain, 1013 too slow or try later, 4400 not the protocol, 4401 operation before
``connection_init``, 4403 not welcome or no longer, 4406 another subprotocol, 4408 silent for too long, 4409 id in use,
4429 ``connection_init`` twice. A handshake from a page of another origin is answered with 403, from an address with too many
sockets with 429, while draining with 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin, normalize_origin

from engine.context import Context
from engine.conversations import Conversation
from engine.deadline import within
from engine.limits import Limits
from engine.proofs import Proofs
from engine.seats import Seats
from engine.streams import Streams
from engine.viewers import VIEWER
from engine.wire import Wire

PROTOCOL: Final = "graphql-transport-ws"
DRAIN_SECONDS: Final = 5.0

MakeContext = Callable[[HTTPConnection, Mapping[str, Any] | None], Awaitable[Context]]


def client_of(connection: HTTPConnection) -> str | None:
    """The address that a connection comes from, as the server sees it."""
    return connection.client.host if connection.client else None


class Sockets:
    """All sockets of a process.

    Attributes:
        operations: What runs what is asked.
        streams: Runs it for those who are told more than one answer.
        limits: What one client may ask for at a time.
        proofs: Who listens, and whether they still may.
        seats: How many sockets and streams are open, and whose.
        conversations: The sockets that are open.
    """

    def __init__(
        self,
        streams: Streams,
        context: MakeContext,
        limits: Limits,
        allowed_origins: Sequence[str],
        address_of: Callable[[HTTPConnection], str | None] = client_of,
    ) -> None:
        self.operations = streams.operations
        self.streams = streams
        self.limits = limits
        self.proofs = Proofs()
        self.seats = Seats(limits)
        self.conversations: set[Conversation] = set()
        self._context = context
        self._address_of = address_of
        self._allowed = frozenset(normalize_origin(origin) for origin in allowed_origins) - {None}
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it closes."""
        connection = HTTPConnection(scope)
        address = self._address_of(connection)
        if self._draining:
            await _deny(send, 503, "Restarting")
        elif not self._is_welcome(connection):
            await _deny(send, 403, "This origin may not open a socket")
        elif not self.seats.take("address", address):
            await _deny(send, 429, "Too many sockets from this address")
        else:
            del connection
            try:
                await self._serve(scope, receive, send)
            finally:
                self.seats.leave("address", address)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        spoken = PROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if spoken else None, "headers": []})
        wire = Wire(scope, receive, send, self.limits)
        talk = Conversation(self, scope, wire)
        if self._draining:
            talk.end(1012, "Service restart")
        elif not spoken:
            talk.end(4406, "Subprotocol not acceptable")
        self.conversations.add(talk)
        try:
            await talk.handle()
        finally:
            self.conversations.discard(talk)
            if talk.guest is not None:
                self.seats.leave("user", talk.guest.parameters.get(VIEWER))

    def seat(self, guest: Context) -> bool:
        """Find a seat for somebody who said who they are; it is freed with their socket."""
        return self.seats.take("user", guest.parameters.get(VIEWER))

    async def make_context(self, connection: HTTPConnection, payload: Mapping[str, Any]) -> Context:
        """Find out who is there.

        Args:
            connection: The handshake.
            payload: What ``connection_init`` said.

        Returns:
            A fresh context.

        Raises:
            Exception: One of the exposed types, when they are not let in.
        """
        return await within(self.limits.deadline_seconds, self._context(connection, payload))

    async def drain(self) -> None:
        """Take no more sockets, close the open ones with 1012, and wait until what ran for them has stopped."""
        self._draining = True
        readers = [talk.wire.reader for talk in self.conversations if talk.wire.reader is not None]
        for talk in list(self.conversations):
            talk.end(1012, "Service restart")
        if readers:
            await asyncio.wait(readers, timeout=DRAIN_SECONDS)

    def _is_welcome(self, connection: HTTPConnection) -> bool:
        """Whether the page that opens a socket may. Programs that are no browsers send no origin, and carry no cookies."""
        origin = connection.headers.get("origin")
        if origin is None:
            return True
        host = connection.headers.get("host")
        if connection.headers.get("sec-fetch-site") == "same-origin" or (host and is_same_origin(origin, host)):
            return True
        return normalize_origin(origin) in self._allowed


async def _deny(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status != 403:
        headers.append((b"retry-after", b"1"))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": text.encode(), "more_body": False})
