"""A small HTTP/1.1 client that asks the same thing again and again on connections that stay open."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
END: Final = b"\r\n\r\n"


class WrongAnswer(Exception):
    """A server answered something else than was expected of it."""


class Line(asyncio.Protocol):
    """One connection. A request is sent when the answer to the last one has come, as long as somebody gives one."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._whole = 0
        self._answered: asyncio.Future[bytes] | None = None
        self._load: Load | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._fail(exc or ConnectionResetError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer."""
        self._received += data
        if not self._whole:
            head = self._received.find(END)
            if head < 0:
                return
            length = LENGTH.search(self._received, 0, head + 2)
            if length is None or not self._received.startswith(b"HTTP/1.1 200 "):
                self._fail(WrongAnswer(bytes(self._received[:2000]).decode(errors="replace")))
                return
            self._whole = head + len(END) + int(length[1])
        if len(self._received) >= self._whole:
            answer, self._received, self._whole = self._received, bytearray(), 0
            if self._load is not None:
                self._load.take(self, len(answer))
            elif self._answered is not None:
                self._answered.set_result(bytes(answer.partition(END)[2]))

    def send(self, request: bytes) -> None:
        """Send a request."""
        assert self._transport is not None
        self._transport.write(request)

    async def ask(self, request: bytes) -> bytes:
        """Send one request and wait for the body of its answer.

        Raises:
            WrongAnswer: Its status is not 200.
            OSError: The connection broke.
        """
        self._load = None
        self._answered = asyncio.get_running_loop().create_future()
        self.send(request)
        return await self._answered

    def join(self, load: Load) -> None:
        """Take part in a load from now on."""
        self._load = load

    def _fail(self, error: Exception) -> None:
        waiting = self._load.done if self._load is not None else self._answered
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)


class Load:
    """A number of equal requests, on all lines at once; every answer must be as long as the first one was."""

    def __init__(self, request: bytes, count: int) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._to_send = count
        self._to_come = count
        self._length = 0

    async def run(self, lines: list[Line]) -> float:
        """Send them all.

        Returns:
            How long it took until the last answer, in seconds.

        Raises:
            WrongAnswer: An answer is not 200, or of another length.
            OSError: A connection broke.
        """
        started = time.perf_counter()
        for line in lines[: self._to_send]:
            line.join(self)
            self._next(line)
        await self.done
        return time.perf_counter() - started

    def take(self, line: Line, length: int) -> None:
        """Count an answer and send the next request."""
        self._length = self._length or length
        self._to_come -= 1
        if length != self._length:
            line.join(self)
            if not self.done.done():
                self.done.set_exception(WrongAnswer(f"{length} bytes instead of {self._length}"))
        elif self._to_send:
            self._next(line)
        elif not self._to_come and not self.done.done():
            self.done.set_result(None)

    def _next(self, line: Line) -> None:
        self._to_send -= 1
        line.send(self._request)


@asynccontextmanager
async def lines_to(port: int, count: int) -> AsyncIterator[list[Line]]:
    """Open connections to a server of this machine."""
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(Line, "127.0.0.1", port) for _ in range(count)]
    try:
        yield [line for _, line in opened]
    finally:
        for transport, _ in opened:
            transport.abort()
