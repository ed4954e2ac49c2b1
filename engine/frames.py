"""WebSocket frames, encoded once and written straight to the transport.

`uvicorn --ws engine.frames:FrameProtocol` puts a `Frames` into the scope's extensions. What it saves is an encoder, an ASGI
message and a task switch for each socket: the difference between a broadcast and a loop. Without the extension everything
works through ASGI, more slowly.
"""

from __future__ import annotations

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

EXTENSION: Final = "websocket.frames"
ABORT_SECONDS: Final = 2.0
"""How long a peer may take to answer a close frame, or to read what lies before it."""


def text_frame(*parts: bytes) -> bytes:
    """Encode a text message of a server: one frame, not masked, not compressed.

    Args:
        parts: The message; it is put together once.
    """
    length = sum(map(len, parts))
    if length < 126:
        return b"".join((bytes((0x81, length)), *parts))
    if length < 65_536:
        return b"".join((b"\x81\x7e", length.to_bytes(2, "big"), *parts))
    return b"".join((b"\x81\x7f", length.to_bytes(8, "big"), *parts))


class Frames:
    """Writes frames to one socket, past ASGI."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: FrameProtocol) -> None:
        self._protocol = protocol

    def write(self, frame: bytes) -> int:
        """Hand a frame to the transport, which never waits.

        Returns:
            How many bytes the peer has not taken yet; -1 when there is nobody any more.
        """
        protocol = self._protocol
        transport = protocol.transport
        if protocol.close_sent or transport.is_closing():
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
        self._protocol.end(code, reason)


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol with a way past it for what goes out."""

    def handle_connect(self, event: Request) -> None:
        """Begin a handshake, and offer the extension where nothing changes the bytes of a message."""
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.conn.extensions:
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = Frames(self)

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
