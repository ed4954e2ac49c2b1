"""One client on one WebSocket: the ``graphql-transport-ws`` protocol, with Strawberry's handler keeping its order.

What is ours: who asks is found out anew for each operation, a socket ends with the token that opened it, and a document that
cannot be run ends its operation and not the socket.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.websockets import WebSocket
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    ErrorMessage,
    Message,
    SubscribeMessage,
)

from engine.context import Context
from engine.deadline import within
from engine.limits import refusal
from engine.masking import record
from engine.operations import Answer
from engine.requests import BadRequest, read_parameters
from engine.wire import Wire

if TYPE_CHECKING:
    from engine.sockets import Sockets

CHECK_SECONDS: Final = 3.0
"""How often an open socket is asked whether its token still holds; that it ends within five seconds is promised."""

PASSING: Final = frozenset({"RATE_LIMITED", "UNAVAILABLE", "DEADLINE_EXCEEDED"})
"""Codes that refuse one operation and say nothing about who asks."""


class Opened:
    """What is known of one socket.

    Attributes:
        websocket: The socket, for its headers and address.
        connection_params: The payload of ``connection_init``; Strawberry's handler sets it.
        guest: Who opened it, once that is known.
    """

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.connection_params: dict[str, Any] = {}
        self.guest: Context | None = None


class Conversation(BaseGraphQLTransportWSHandler[Opened, None]):
    """The handler of one socket, from its first message to its last."""

    view: Sockets
    websocket: Wire
    guard: asyncio.Task[None] | None = None

    async def handle(self) -> None:
        """Talk until the socket closes, and leave nothing running."""
        self.view.conversations.add(self)
        try:
            await super().handle()
        except asyncio.CancelledError:
            if not self.websocket.abandoned:
                raise
        finally:
            self.view.conversations.discard(self)

    async def shutdown(self) -> None:
        """Stop what runs for this socket and wait for it to have stopped."""
        if self.guard is not None:
            self.guard.cancel()
        await super().shutdown()

    async def end(self, code: int, reason: str) -> None:
        """Stop all operations and close the socket.

        Args:
            code: The close code.
            reason: One short sentence for people, without secrets.
        """
        current = asyncio.current_task()
        for operation_id, operation in list(self.operations.items()):
            if operation.task is not current:
                await self.cleanup_operation(operation_id)
        await self.websocket.close(code, reason)

    async def handle_message(self, message: Message) -> None:
        """Take one message, unless it is none of the protocol's."""
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            await self.handle_invalid_message("A message is an object with a type")
        elif message["type"] in {"subscribe", "complete"} and not isinstance(message.get("id"), str):
            await self.handle_invalid_message("The id of an operation is a text")
        else:
            await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Find out who is there, and begin to watch that it stays so."""
        if self.connection_init_received:
            await self.websocket.close(4429, "Too many initialisation requests")
            return
        if message.get("payload") is None:
            message = {"type": "connection_init", "payload": {}}
        try:
            await super().handle_connection_init(message)
            if self.context.guest is not None and self.connection_acknowledged:
                self.guard = asyncio.create_task(self._watch(self.context.guest))
                self.guard.add_done_callback(self._task_done)
        except WebSocketDisconnected:
            raise
        except Exception as error:  # noqa: BLE001 -- our fault, or a passing one: clients come back after 1013
            if getattr(error, "code", None) not in PASSING:
                record(error)
            await self.websocket.close(1013, "Try again later")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation, unless there are too many already or it is not one."""
        try:
            read_parameters(message.get("payload"))
        except BadRequest as error:
            await self.handle_invalid_message(error.message)
            return
        most = self.view.limits.subscriptions
        if self.connection_acknowledged and len(self.operations) >= most and message["id"] not in self.operations:
            excess = refusal("TOO_MANY_SUBSCRIPTIONS", f"A socket may have {most} operations under way.")
            await self.send_message(ErrorMessage(id=message["id"], type="error", payload=[excess.formatted]))
            return
        await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Opened, None]) -> None:
        """Run one operation to its end; nothing that happens in it reaches the others."""
        try:
            await self._converse(operation)
        except WebSocketDisconnected:
            pass
        except Exception as error:  # noqa: BLE001 -- a fault of ours ends this operation, with an id to ask about
            await self._refuse(operation, self.view.operations.failed(error))
        finally:
            if self.operations.get(operation.id) is operation:
                self.forget_id(operation.id)

    async def _converse(self, operation: Operation[Opened, None]) -> None:
        asked = read_parameters(
            {"query": operation.query, "variables": operation.variables, "operationName": operation.operation_name}
        )
        try:
            context = await self.view.make_context(self.context)
        except self.view.operations.masking.expose as error:
            if getattr(error, "code", None) in PASSING:
                await self._refuse(operation, self.view.operations.failed(error))
            else:
                await self.end(4403, "Forbidden")
            return
        async with aclosing(self.view.operations.stream(asked, context)) as answers:
            async for answer in answers:
                if answer.status != 200:
                    await self._refuse(operation, answer)
                    return
                payload = cast("Any", answer.payload)
                await operation.send_operation_message({"id": operation.id, "type": "next", "payload": payload})
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _refuse(self, operation: Operation[Opened, None], answer: Answer) -> None:
        await operation.send_operation_message(
            {"id": operation.id, "type": "error", "payload": answer.payload["errors"]}
        )

    async def _watch(self, context: Context) -> None:
        while True:
            expires_at = context.expires_at
            left = (expires_at - datetime.now(UTC)).total_seconds() if expires_at else CHECK_SECONDS
            if left <= 0:
                await self.end(4403, "Token expired")
                return
            await asyncio.sleep(min(left, CHECK_SECONDS))
            if self.operations and await self._is_revoked(context):
                await self.end(4403, "Access revoked")
                return

    async def _is_revoked(self, context: Context) -> bool:
        try:
            return await within(CHECK_SECONDS / 2, context.revoked())
        except Exception as error:  # noqa: BLE001 -- not knowing is no reason to throw everybody out; the token still ends
            record(error)
            return False
