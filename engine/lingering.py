"""An answer to who is still sending: given at once, and the rest is taken in and thrown away for a moment.

A connection that is closed upon somebody who sends takes the answer along: their machine forgets what it has received when
what it sends is refused.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def linger(app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, seconds: float, most: int) -> None:
    """Have a request answered, whether or not the app reads its body.

    Args:
        app: Answers.
        scope: Of the request.
        receive: Of the request.
        send: Of the request.
        seconds: How long the rest is taken in once the answer is out; then the connection is closed.
        most: How many bytes of it.
    """
    unread = True

    async def watched() -> Message:
        nonlocal unread
        message = await receive()
        unread = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def drain() -> None:
        taken = 0
        while unread and taken < most:
            taken += len((await watched()).get("body", b""))

    async def answered(message: Message) -> None:
        if unread and message["type"] == "http.response.start":
            headers = [pair for pair in message["headers"] if pair[0].lower() != b"connection"]
            message = {**message, "headers": [*headers, (b"connection", b"close")]}
        elif unread and not message.get("more_body", False):
            await send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await drain()
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    await app(scope, watched, answered)
