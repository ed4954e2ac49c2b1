"""WebSocket frames, encoded once and written straight to the transport.

`uvicorn --ws engine.frames:FrameProtocol` puts a `Frames` into the scope's extensions. What it saves is an encoder, an ASGI
message and a task switch for each socket: the difference between a broadcast and a loop. Without the extension everything
works through ASGI, more slowly.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import lru_cache
from typing import Any, ClassVar, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidState
from websockets.frames import Frame
from websockets.http11 import Request

EXTENSION: Final = "websocket.frames"
ABORT_SECONDS: Final = 2.0
"""How long a peer may take to answer a close frame, or to read what lies before it."""

OF_THE_HANDSHAKE: Final = frozenset(
    {b"connection", b"upgrade", b"sec-websocket-extensions", b"sec-websocket-key", b"sec-websocket-version"}
)
"""Headers that say nothing once a socket is open."""

ALIKE: Final = frozenset({b"accept-encoding", b"accept-language", b"host", b"origin", b"user-agent"})
"""Headers that many clients have in common. None of them is a secret."""

NO_HEADERS: Final = Headers()
MOST_ALIKE: Final = 512
LONGEST_ALIKE: Final = 256


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


@lru_cache(MOST_ALIKE)
def _alike(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    return name, value


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What is kept of a handshake for as long as the socket is open: each operation finds out anew who asks."""
    return [
        _alike(name, value) if name in ALIKE and len(value) <= LONGEST_ALIKE else (name, value)
        for name, value in headers
        if name not in OF_THE_HANDSHAKE
    ]


class Inbox:
    """What came in, for one reader. Nothing is held while nothing waits, as most of the time on most sockets."""

    __slots__ = ("_messages", "_reader")

    def __init__(self) -> None:
        self._messages: deque[Any] | None = None
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        """Add a message."""
        if self._messages is None:
            self._messages = deque()
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._messages is None

    async def get(self) -> Any:
        """Wait for a message, and take it."""
        while self._messages is None:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        message = self._messages.popleft()
        if not self._messages:
            self._messages = None
        return message


class Gate:
    """An event that is set most of the time, and costs nothing then."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: asyncio.Event | None = None

    def is_set(self) -> bool:
        """Whether nobody has to wait."""
        return self._event is None

    def set(self) -> None:
        """Let those through who wait."""
        if self._event is not None:
            self._event.set()
            self._event = None

    def clear(self) -> None:
        """Let those wait who come."""
        if self._event is None:
            self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait until it is set."""
        if self._event is not None:
            await self._event.wait()


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
    """uvicorn's protocol with a way past it for what goes out, and with less to hold for each socket."""

    # What uvicorn sets on each: beyond thirty names a dictionary is four times as large as places of their own.
    __slots__ = (
        *("app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer", "config", "conn"),
        *("connections", "curr_msg_data_type", "default_headers", "disconnected", "frames", "handshake_complete"),
        *("handshake_initiated", "initial_response", "last_ping_rtt", "logger", "loop", "pending_ping_payload"),
        *("ping_interval", "ping_sent_at", "ping_timeout", "ping_timer", "pong_timer", "queue", "read_paused"),
        *("request", "response", "root_path", "scheme", "scope", "server", "tasks", "transport", "writable"),
    )

    def __init__(self, *args: Any, **settings: Any) -> None:
        """Begin as uvicorn does."""
        super().__init__(*args, **settings)
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]

    def handle_connect(self, event: Request) -> None:
        """Begin a handshake, and offer the extension where nothing changes the bytes of a message."""
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.conn.extensions:
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = Frames(self)
        if self.response.status_code == 101:
            self.scope["headers"] = _kept(list(self.scope["headers"]))

    def start_keepalive(self) -> None:
        """Let go of the handshake, which has just been answered; the parser would hold it as long as the socket is open."""
        super().start_keepalive()
        self.request.headers = NO_HEADERS
        del self.request, self.response

    def handle_text(self, event: Frame) -> None:
        """Take a message; the parser keeps its last frame until the next one comes, and need not keep what was in it."""
        super().handle_text(event)
        event.data = b""

    def handle_bytes(self, event: Frame) -> None:
        """The same for one that is no text."""
        super().handle_bytes(event)
        event.data = b""

    def handle_cont(self, event: Frame) -> None:
        """The same for a part of one."""
        super().handle_cont(event)
        event.data = b""

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
