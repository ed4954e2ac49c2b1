"""The WebSockets of a door: who may open one, and how they all are closed.

Close codes: 1009 message too large, 1012 we drain, 1013 too slow or try later, 4400 not the protocol, 4401 operation before
``connection_init``, 4403 not welcome or no longer, 4406 another subprotocol, 4408 silent for too long, 4409 id in use,
4429 ``connection_init`` twice. A handshake from a page of another origin is answered with 403, while draining with 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import strawberry
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UnsetType

from engine.context import Context
from engine.conversations import PASSING, Conversation, Opened
from engine.deadline import within
from engine.limits import Limits
from engine.operations import Operations
from engine.wire import Wire

DRAIN_SECONDS: Final = 5.0


class Sockets(GraphQL[Opened, None]):
    """Strawberry's view, for sockets only.

    Attributes:
        operations: What runs what is asked.
        limits: What one client may ask for at a time.
        conversations: The sockets that are open.
    """

    graphql_transport_ws_handler_class = Conversation
    websocket_adapter_class = Wire

    def __init__(
        self,
        schema: strawberry.Schema,
        operations: Operations[Any],
        context: Callable[[HTTPConnection, Mapping[str, Any] | None], Awaitable[Context]],
        limits: Limits,
        allowed_origins: Sequence[str],
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=limits.init_seconds),
            max_subscriptions_per_connection=None,
            allowed_origins=allowed_origins,
        )
        self.operations = operations
        self.limits = limits
        self.conversations: set[Conversation] = set()
        self._context = context
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it closes."""
        websocket = WebSocket(scope, receive, send)
        if self._draining:
            await websocket.send_denial_response(PlainTextResponse("Restarting", 503, {"retry-after": "1"}))
        else:
            await self.run(websocket)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Opened:
        """Give Strawberry's handler what it knows of a socket; nobody is asked yet who is there."""
        assert isinstance(request, WebSocket)
        return Opened(request)

    async def make_context(self, opened: Opened) -> Context:
        """Find out who is there.

        Args:
            opened: The socket with what its ``connection_init`` said.

        Returns:
            A fresh context.

        Raises:
            Exception: One of the exposed types, when they are not let in.
        """
        asking = self._context(opened.websocket, opened.connection_params)
        return await within(self.limits.deadline_seconds, asking)

    async def on_ws_connect(self, context: Opened) -> UnsetType | dict[str, object] | None:
        """Let a client in, or refuse it with 4403.

        Raises:
            ConnectionRejectionError: The client is not welcome.
        """
        try:
            context.guest = await self.make_context(context)
        except self.operations.masking.expose as error:
            if getattr(error, "code", None) in PASSING:
                raise
            raise ConnectionRejectionError from error
        return UnsetType()

    async def drain(self) -> None:
        """Take no more sockets, close the open ones with 1012, and wait until what ran for them has stopped."""
        self._draining = True
        open_ones = list(self.conversations)
        await asyncio.gather(*(conversation.end(1012, "Service restart") for conversation in open_ones))
        readers = [found.websocket.reader for found in open_ones if found.websocket.reader is not None]
        if readers:
            await asyncio.wait(readers, timeout=DRAIN_SECONDS)
