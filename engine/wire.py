"""Messages in and out of one WebSocket, bounded in size, in number and in patience."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope, Send

from engine.frames import ABORT_SECONDS, EXTENSION, Frames, text_frame
from engine.limits import Limits

HIGH_WATER: Final = 65_536
"""Bytes that may wait before whoever sends at their own pace waits too."""


class NotTheProtocol(Exception):
    """A message that `graphql-transport-ws` does not know."""


class Closed(Exception):
    """The socket is closed: there is nobody to hear or to tell."""


class Wire:
    """One accepted WebSocket. Sending never waits; who is too slow in reading is let go with 1013.

    Attributes:
        frames: What writes frames; without it `write` takes bare messages.
        reader: The task that reads this socket.
        closed: Whether it was closed, by either side.
        abandoned: Whether the reader was stopped because the socket can neither be written to nor closed.
    """

    __slots__ = (
        "_limits",
        "_pump",
        "_queue",
        "_receive",
        "_room",
        "_send",
        "_waiting",
        "abandoned",
        "closed",
        "frames",
        "reader",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive = receive
        self._send = send
        self._limits = limits
        self.frames: Frames | None = (scope.get("extensions") or {}).get(EXTENSION)
        if self.frames is not None and self.frames.transport is not None and limits.waiting_bytes < HIGH_WATER:
            # Only transports that have more waiting than they like are asked how much it is.
            self.frames.transport.set_write_buffer_limits(limits.waiting_bytes)
        # Without the extension, messages wait here for one task that hands them to ASGI.
        self._queue: deque[bytes | tuple[int, str]] | None = None
        self._waiting = 0
        self._room: asyncio.Event | None = None
        self._pump: asyncio.Task[None] | None = None
        self.reader = asyncio.current_task()
        self.closed = False
        self.abandoned = False

    async def hear(self) -> dict[str, Any]:
        """Wait for the next message.

        Returns:
            A message with a type. More is not known of it.

        Raises:
            Closed: There will be none.
            NotTheProtocol: It is no object with a type.
        """
        event = await self._receive()
        if event["type"] == "websocket.disconnect" or self.closed:
            self.closed = True
            raise Closed
        text = event.get("text")
        if text is None:
            raise NotTheProtocol("Messages are text")
        most = self._limits.frame_bytes
        if len(text) > most or len(text.encode()) > most:
            self.close(1009, f"A message may have {most} bytes")
            raise Closed
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise NotTheProtocol("A message is JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise NotTheProtocol("A message is an object with a type")
        return message

    def tell(self, message: bytes) -> None:
        """Send a message."""
        self.write(text_frame(message) if self.frames is not None else message)

    def write(self, data: bytes) -> None:
        """Send what is encoded already, unless too much waits: then the socket is closed."""
        if self.closed:
            return
        if self.frames is not None:
            waiting = self.frames.write(data)
        else:
            self._waiting += len(data)
            self._put(data)
            waiting = self._waiting
        if waiting < 0:
            self.closed = True
        else:
            self.bound(waiting)

    def bound(self, waiting: int) -> None:
        """Let go of a reader for whom too much waits."""
        if waiting > self._limits.waiting_bytes:
            self.close(1013, "Too slow")

    def waiting(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._waiting if self.frames is None else self.frames.waiting()

    async def drained(self) -> None:
        """Wait for a reader who is behind; one who stays behind for too long is let go.

        Raises:
            Closed: The socket is closed, now or already.
        """
        if not self.closed and self.waiting() > HIGH_WATER:
            try:
                async with asyncio.timeout(self._limits.send_seconds):
                    if self.frames is not None:
                        await self.frames.drained()
                    else:
                        self._room = asyncio.Event()
                        await self._room.wait()
            except TimeoutError:
                self.close(1013, "Too slow")
        if self.closed:
            raise Closed

    def close(self, code: int, reason: str) -> None:
        """Close the socket; closing twice does nothing."""
        if self.closed:
            return
        self.closed = True
        if self.frames is not None:
            self.frames.close(code, reason)
        else:
            self._put((code, reason))
            asyncio.get_running_loop().call_later(ABORT_SECONDS, self._give_up)

    async def gone(self) -> None:
        """Wait until what waited to be sent was sent, or cannot be."""
        if self._pump is not None:
            await asyncio.wait({self._pump}, timeout=ABORT_SECONDS)
            self._pump.cancel()

    def _put(self, item: bytes | tuple[int, str]) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(item)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._send_all(self._queue))

    def _make_room(self) -> None:
        if self._room is not None and (self.closed or self._waiting <= HIGH_WATER):
            self._room.set()

    def _give_up(self) -> None:
        """Leave a socket whose close frame is stuck behind what is not read: no answer to it would wake the reader."""
        if self._pump is not None and not self._pump.done():
            self._pump.cancel()
            self.abandoned = True
            if self.reader is not None:
                self.reader.cancel()

    async def _send_all(self, queue: deque[bytes | tuple[int, str]]) -> None:
        while queue:
            item = queue.popleft()
            try:
                if isinstance(item, bytes):
                    await self._send({"type": "websocket.send", "text": item.decode()})
                    self._waiting -= len(item)
                    self._make_room()
                else:
                    await self._send({"type": "websocket.close", "code": item[0], "reason": item[1]})
            except Exception:  # noqa: BLE001 -- whatever the server says of it, nobody is there any more
                self.closed = True
                queue.clear()
                self._make_room()
