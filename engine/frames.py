"""WebSocket frames, encoded once and written straight to the transport.

`uvicorn --ws engine.frames:FrameProtocol` puts a `Frames` into the scope's extensions. What it saves is an encoder, an ASGI
message and a task switch for each socket: the difference between a broadcast and a loop. Without the extension everything
works through ASGI, more slowly.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

EXTENSION: Final = "websocket.frames"
ABORT_SECONDS: Final = 2.0
"""How long a peer may take to answer a close frame, or to read what lies before it."""


def text_head(length: int) -> bytes:
    """What stands before a text message of a server: one frame, not masked, not compressed."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")


def text_frame(message: bytes) -> bytes:
    """Encode a text message of a server."""
    return text_head(len(message)) + message


class Frames:
    """Writes frames to one socket, past ASGI.

    Attributes:
        transport: What takes them; None after a close frame, behind which nothing may come.
        slow: The transports of this process that have more waiting than they like.
        changes: Counts what makes a list of transports to write to out of date.
    """

    __slots__ = ("_protocol", "transport")

    slow: ClassVar[set[asyncio.Transport]] = set()
    changes: ClassVar[int] = 0

    def __init__(self, protocol: FrameProtocol) -> None:
        self._protocol = protocol
        self.transport: asyncio.Transport | None = protocol.transport

    def write(self, frame: bytes) -> int:
        """Hand a frame to the transport, which never waits.

        Returns:
            How many bytes the peer has not taken yet; -1 when there is nobody any more.
        """
        transport = self.transport
        if transport is None or transport.is_closing():
            return -1
        transport.write(frame)
        return transport.get_write_buffer_size()

    def waiting(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self._protocol.transport.get_write_buffer_size()

    async def drained(self) -> None:
        """Wait until the transport's buffer has room, or the socket is gone."""
        await self._protocol.writable.wait()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; a peer that does not answer it soon is cut off. The second time does nothing."""
        self.transport = None
        Frames.changes += 1
        self._protocol.end(code, reason)


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol with a way past it for what goes out."""

    def handle_connect(self, event: Request) -> None:
        """Begin a handshake, and offer the extension where nothing changes the bytes of a message."""
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.conn.extensions:
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = Frames(self)

    def pause_writing(self) -> None:
        """Take note of a peer who reads too slowly."""
        super().pause_writing()
        Frames.slow.add(self.transport)

    def resume_writing(self) -> None:
        """Take note that the peer has caught up."""
        super().resume_writing()
        Frames.slow.discard(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the peer."""
        Frames.slow.discard(self.transport)
        super().connection_lost(exc)

    def end(self, code: int, reason: str) -> None:
        """Close as the application would through ASGI, without waiting for a reader who does not read."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(ABORT_SECONDS, self.transport.abort)
