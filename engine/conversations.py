"""One client on one WebSocket: the ``graphql-transport-ws`` protocol.

Who asks is found out anew for each operation; a socket ends with the token that opened it; what is wrong with an operation
ends that operation and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.requests import HTTPConnection
from starlette.types import Scope

from engine.answers import Answer
from engine.context import Context
from engine.frames import Frames
from engine.limits import refusal
from engine.masking import record
from engine.members import Member
from engine.onward import Delivery
from engine.proofs import Watching
from engine.requests import Asked, BadRequest, read_parameters
from engine.roster import END, Line
from engine.wire import Closed, NotTheProtocol, Wire

if TYPE_CHECKING:
    from engine.sockets import Sockets

PASSING: Final = frozenset({"RATE_LIMITED", "UNAVAILABLE", "DEADLINE_EXCEEDED"})
"""Codes that refuse one operation and say nothing about who asks."""

ACK: Final = b'{"type":"connection_ack"}'
PONG: Final = b'{"type":"pong"}'


class Operation:
    """One operation of a socket, and where its answers go.

    Attributes:
        task: What runs it; None once it only follows a group.
        member: Its place in a group.
        begun: What every ``next`` message of it begins with.
    """

    __slots__ = ("_talk", "_wire", "begun", "id", "member", "over", "task")

    def __init__(self, talk: Conversation, operation_id: str) -> None:
        self._talk = talk
        self._wire = talk.wire
        self.id = operation_id
        self.begun = b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'
        self.task: asyncio.Task[None] | None = None
        self.member: Member | None = None
        self.over = False

    def opened(self) -> None:
        """Nothing: the protocol has no word for it."""

    def next(self, delivery: Delivery) -> None:
        """Send an answer."""
        if not self.over:
            self._wire.tell(self.begun + delivery.payload + END)

    def line(self) -> Line | None:
        """Where answers may be written past `next`."""
        frames = self._wire.frames
        if self.over or self._wire.closed or frames is None or frames.transport is None:
            return None
        return Line(self._wire, frames.transport, self.begun)

    def fail(self, answer: Answer) -> None:
        """Send what ends the operation."""
        self._finish({"id": self.id, "type": "error", "payload": answer.payload["errors"]})

    def complete(self) -> None:
        """Say that the operation is over."""
        self._finish({"id": self.id, "type": "complete"})

    async def drained(self) -> None:
        """Wait for a reader who is behind.

        Raises:
            Closed: The socket is closed.
        """
        await self._talk.wire.drained()

    def _finish(self, message: dict[str, Any]) -> None:
        if not self.over:
            self.over = True
            self._talk.forget(self)
            self._talk.wire.tell(orjson.dumps(message))

    async def stop(self) -> None:
        """End the operation without a word, and wait for what it held to be let go."""
        self.over = True
        if self.task is not None:
            # It may be about to join a group, or have just done so.
            Frames.changes += 1
            self.task.cancel()
            await asyncio.wait({self.task})
        if self.member is not None:
            await self.member.leave()


class Conversation:
    """The protocol on one socket, from its first message to its last.

    Attributes:
        wire: What is said and heard on.
        operations: What is under way, by id.
        guest: Who is there, once that is known.
    """

    __slots__ = (
        "_scope",
        "_silence",
        "_sockets",
        "_stopping",
        "_watching",
        "greeted",
        "guest",
        "operations",
        "payload",
        "wire",
    )

    def __init__(self, sockets: Sockets, scope: Scope, wire: Wire) -> None:
        self._sockets = sockets
        self._scope = scope
        self._stopping: set[asyncio.Task[None]] | None = None
        self._silence: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            sockets.limits.init_seconds, wire.close, 4408, "Connection initialisation timeout"
        )
        self._watching: Watching | None = None
        self.wire = wire
        self.operations: dict[str, Operation] = {}
        self.payload: dict[str, Any] = {}
        self.greeted = False
        self.guest: Context | None = None

    async def handle(self) -> None:
        """Talk until the socket closes, and leave nothing running."""
        try:
            while True:
                await self._take(await self.wire.hear())
        except NotTheProtocol as error:
            self.wire.close(4400, str(error))
        except Closed:
            pass
        except asyncio.CancelledError:
            if not self.wire.abandoned:
                raise
        finally:
            self.wire.closed = True if self.wire.abandoned else self.wire.closed
            await self._clear()

    def end(self, code: int, reason: str) -> None:
        """Close the socket; whoever reads it then clears up.

        Args:
            code: The close code.
            reason: One short sentence for people, without secrets.
        """
        self.wire.close(code, reason)

    def forget(self, operation: Operation) -> None:
        """Free the id of an operation."""
        if self.operations.get(operation.id) is operation:
            del self.operations[operation.id]

    async def _clear(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        if self._watching is not None:
            self._watching.stop()
        for operation in list(self.operations.values()):
            self._stop(operation)
        self.operations.clear()
        if self._stopping:
            await asyncio.wait(self._stopping)
        await self.wire.gone()

    def _stop(self, operation: Operation) -> None:
        task = asyncio.create_task(operation.stop())
        self._stopping = self._stopping or set()
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "subscribe":
            self._subscribe(message)
        elif kind == "complete":
            operation = self.operations.pop(_id_of(message), None)
            if operation is not None:
                self._stop(operation)
        elif kind == "connection_init":
            await self._greet(_payload_of(message))
        elif kind == "ping":
            payload = _payload_of(message)
            self.wire.tell(PONG if payload is None else orjson.dumps({"type": "pong", "payload": payload}))
        elif kind == "pong":
            _payload_of(message)
        else:
            raise NotTheProtocol("There is no such type of message")

    async def _greet(self, payload: dict[str, Any] | None) -> None:
        """Find out who is there, and begin to watch that it stays so."""
        if self.greeted:
            self.wire.close(4429, "Too many initialisation requests")
            return
        self.greeted = True
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        self.payload = payload or {}
        try:
            guest = await self._sockets.make_context(HTTPConnection(self._scope), self.payload)
        except self._sockets.operations.masking.expose as error:
            passing = getattr(error, "code", None) in PASSING
            self.wire.close(*((1013, "Try again later") if passing else (4403, "Forbidden")))
            return
        except Exception as error:  # noqa: BLE001 -- our fault, or a passing one: clients come back after 1013
            record(error)
            self.wire.close(1013, "Try again later")
            return
        if not self._sockets.seat(guest):
            self.wire.close(1013, "Too many sockets")
            return
        self.guest = guest
        self._watching = self._sockets.proofs.watch(guest, self._expire, self._is_busy)
        self.wire.tell(ACK)

    def _expire(self, reason: str) -> None:
        self.wire.close(4403, reason)

    def _is_busy(self) -> bool:
        return bool(self.operations)

    def _subscribe(self, message: dict[str, Any]) -> None:
        """Begin an operation, unless there are too many already or it is not one."""
        operation_id = _id_of(message)
        try:
            asked = read_parameters(message.get("payload"))
        except BadRequest as error:
            raise NotTheProtocol(error.message) from None
        if self.guest is None:
            self.wire.close(4401, "Unauthorized")
            return
        if operation_id in self.operations:
            # The reason has at most 123 bytes (RFC 6455, 5.5).
            self.wire.close(4409, f"Subscriber for {operation_id[:30]} already exists")
            return
        operation = Operation(self, operation_id)
        most = self._sockets.limits.subscriptions
        if len(self.operations) >= most:
            excess = refusal("TOO_MANY_SUBSCRIPTIONS", f"A socket may have {most} operations under way.")
            operation.fail(Answer({"errors": [excess.formatted]}))
            return
        self.operations[operation_id] = operation
        operation.task = asyncio.create_task(self._run(operation, asked))

    async def _run(self, operation: Operation, asked: Asked) -> None:
        """Run one operation to its end, or until it only follows what others follow too."""
        sockets = self._sockets
        try:
            try:
                context = await sockets.make_context(HTTPConnection(self._scope), self.payload)
            except sockets.operations.masking.expose as error:
                if getattr(error, "code", None) in PASSING:
                    operation.fail(sockets.operations.failed(error))
                else:
                    self.wire.close(4403, "Forbidden")
                return
            operation.member = await sockets.streams.run(asked, context, operation)
        except Closed:
            pass
        except Exception as error:  # noqa: BLE001 -- a fault of ours ends this operation, with an id to ask about
            operation.fail(sockets.operations.failed(error, asked))
        finally:
            operation.task = None
            if operation.member is None:
                self.forget(operation)


def _id_of(message: dict[str, Any]) -> str:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not operation_id:
        raise NotTheProtocol("The id of an operation is a text")
    return operation_id


def _payload_of(message: dict[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise NotTheProtocol("The payload of this message is an object")
    return payload
