"""Messages in and out of one WebSocket, bounded in size and in patience."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected

from engine.limits import Limits

CLOSE_SECONDS: Final = 2.0


class Wire(ASGIWebSocketAdapter):
    """What Strawberry's protocol handler reads from and writes to.

    Attributes:
        limits: How long a message may be, and how long a reader may keep us waiting.
        reader: The task that reads this socket.
        abandoned: Whether the reader was stopped because the socket can neither be written to nor closed.
    """

    def __init__(self, view: Any, request: WebSocket, response: WebSocket) -> None:
        super().__init__(view, request, response)
        self.limits: Limits = view.limits
        self.reader = asyncio.current_task()
        self.abandoned = False

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Give the messages as they come, until the socket closes.

        Yields:
            Whatever JSON the client sent.

        Raises:
            NonTextMessageReceived: A binary message.
            NonJsonMessageReceived: A text that is no JSON.
        """
        while self.ws.application_state is WebSocketState.CONNECTED:
            message = await self.ws.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise NonTextMessageReceived
            if len(text.encode()) > self.limits.frame_bytes:
                await self.close(1009, f"A message may have {self.limits.frame_bytes} bytes")
                return
            try:
                decoded = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise NonJsonMessageReceived from error
            yield decoded

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message.

        The server holds back while the buffer of a socket is full, so that what waits here is one message for each operation.
        A reader that keeps us waiting for too long is let go.

        Raises:
            WebSocketDisconnected: There is nobody to send to, or no longer.
        """
        text = orjson.dumps(message).decode()
        try:
            async with asyncio.timeout(self.limits.send_seconds):
                await self.ws.send_text(text)
        except TimeoutError:
            await self.close(1013, "Too slow")
            raise WebSocketDisconnected from None
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; closing twice does nothing."""
        if self.ws.application_state is not WebSocketState.CONNECTED:
            return
        try:
            with suppress(WebSocketDisconnect, RuntimeError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.ws.close(code, reason)
        except TimeoutError:
            # The close frame is stuck behind what is not being read, so no answer to it will ever wake the reader.
            self.abandoned = True
            if self.reader is not None:
                self.reader.cancel()
