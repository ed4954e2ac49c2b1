"""Streams over plain HTTP: one operation for each request, told in whatever encoding the client accepts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from engine.context import Context
from engine.fanout import Member
from engine.limits import Limits
from engine.onward import Delivery
from engine.operations import Answer
from engine.proofs import Proofs
from engine.requests import Asked
from engine.seats import Seats
from engine.streams import Streams
from engine.viewers import VIEWER

HIGH_WATER: Final = 65_536
DRAIN_SECONDS: Final = 5.0
RESTARTING: Final = {"message": "Service restart", "extensions": {"code": "UNAVAILABLE"}}


class Gone(Exception):
    """The client has left, or was let go."""


class Encoding(Protocol):
    """How answers are put into the body of a response."""

    media_type: str

    def begin(self) -> bytes:
        """What is sent at once, so that the client knows that it is heard."""

    def next(self, delivery: Delivery) -> bytes:
        """An answer. It is kept in the delivery for whoever comes after."""

    def error(self, errors: list[dict[str, Any]]) -> bytes:
        """The refusal of the operation."""

    def broken(self, error: Mapping[str, Any]) -> bytes:
        """What ends the stream before its operation is over; the client comes back."""

    def beat(self) -> bytes:
        """A sign of life."""

    def end(self) -> bytes:
        """The end of the operation."""


class Spool:
    """What waits to be sent to one client.

    Attributes:
        over: Whether nothing more will come.
        lost: Whether the client is too slow, or gone.
    """

    def __init__(self, encoding: Encoding, limits: Limits) -> None:
        self._encoding = encoding
        self._limits = limits
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self.over = False
        self.lost = False

    def next(self, delivery: Delivery) -> None:
        """Take an answer."""
        self._put(self._encoding.next(delivery))

    def fail(self, answer: Answer) -> None:
        """Take the refusal that ends the operation."""
        self._put(self._encoding.error(answer.payload["errors"]) + self._encoding.end())
        self.over = True

    def complete(self) -> None:
        """Take note that the operation is over."""
        self._put(self._encoding.end())
        self.over = True

    def break_off(self, error: Mapping[str, Any]) -> None:
        """End the stream from our side."""
        self._put(self._encoding.broken(error))
        self.over = True

    async def drained(self) -> None:
        """Wait for a reader who is behind.

        Raises:
            Gone: They do not come on.
        """
        while self._waiting > HIGH_WATER and not self.lost:
            self._room.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), self._limits.send_seconds)
                continue
            self.lose()
        if self.lost:
            raise Gone

    def lose(self) -> None:
        """Give the client up: they are too slow, or have left."""
        self.lost = True
        self._news.set()
        self._room.set()

    async def take(self) -> bytes:
        """Wait for what is to be sent next; nothing when the time for a sign of life has come.

        Raises:
            Gone: Nothing more will be sent.
        """
        if not self._pieces and not self.over and not self.lost:
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._limits.heartbeat_seconds)
        if self.lost or (self.over and not self._pieces):
            raise Gone
        if not self._pieces:
            return b""
        piece = b"".join(self._pieces)
        self._pieces.clear()
        return piece

    def sent(self, length: int) -> None:
        """Take note of what was handed over."""
        self._waiting -= length
        self._room.set()

    def _put(self, piece: bytes) -> None:
        if self.over or self.lost:
            return
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting > self._limits.waiting_bytes:
            self.lose()
        self._news.set()


class HttpStreams:
    """The streams over HTTP of a process."""

    def __init__(self, streams: Streams, limits: Limits, proofs: Proofs, seats: Seats) -> None:
        self.streams = streams
        self.limits = limits
        self.proofs = proofs
        self.seats = seats
        self._open: dict[Spool, asyncio.Task[Any] | None] = {}
        self._draining = False

    def respond(
        self, encoding: Encoding, asked: Asked, context: Context, request: HTTPConnection, address: str | None
    ) -> Response:
        """Make the response that streams an operation.

        Args:
            encoding: As what.
            asked: What to run.
            context: Who asks.
            request: What came; its `Last-Event-ID` says what they saw last, if they come back.
            address: Where they are.
        """
        return Response(self, encoding, asked, context, address, request.headers.get("last-event-id") or None)

    async def drain(self) -> None:
        """Break all streams off; their clients come back to another process."""
        self._draining = True
        tasks = [task for task in self._open.values() if task is not None]
        for spool in list(self._open):
            spool.break_off(RESTARTING)
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_SECONDS)

    def begin(self, spool: Spool) -> None:
        """Keep in mind what is open."""
        self._open[spool] = asyncio.current_task()
        if self._draining:
            spool.break_off(RESTARTING)

    def end(self, spool: Spool) -> None:
        """Forget it."""
        self._open.pop(spool, None)


@dataclass(frozen=True, slots=True)
class Response:
    """An ASGI response that tells one operation's answers as they come."""

    door: HttpStreams
    encoding: Encoding
    asked: Asked
    context: Context
    address: str | None
    last_event: str | None

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the operation is over or the client gone."""
        seats, user = self.door.seats, self.context.parameters.get(VIEWER)
        if not seats.take("address", self.address):
            await _refuse(send)
            return
        try:
            if seats.take("user", user):
                try:
                    await self._stream(receive, send)
                finally:
                    seats.leave("user", user)
            else:
                await _refuse(send)
        finally:
            seats.leave("address", self.address)

    async def _stream(self, receive: Receive, send: Send) -> None:
        spool = Spool(self.encoding, self.door.limits)
        self.door.begin(spool)
        watching = self.door.proofs.watch(self.context, lambda reason: spool.break_off(_unwelcome(reason)))
        leaving = asyncio.create_task(_watch_leaving(receive, spool))
        running = asyncio.create_task(
            self.door.streams.run(self.asked, self.context, spool, last_event=self.last_event)
        )
        try:
            await self._send_all(spool, send)
        finally:
            self.door.end(spool)
            watching.stop()
            leaving.cancel()
            running.cancel()
            await asyncio.wait({running})
            member: Member | None = None if running.cancelled() or running.exception() else running.result()
            if member is not None:
                await member.leave()

    async def _send_all(self, spool: Spool, send: Send) -> None:
        headers = [
            (b"content-type", self.encoding.media_type.encode()),
            (b"cache-control", b"no-store"),
            (b"vary", b"accept, authorization"),
            # Proxies of the nginx kind would collect what is meant to arrive at once.
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        piece, taken = self.encoding.begin(), 0
        try:
            with suppress(Gone):
                while True:
                    async with asyncio.timeout(self.door.limits.send_seconds):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                    spool.sent(taken)
                    piece = await spool.take()
                    taken = len(piece)
                    piece = piece or self.encoding.beat()
            if not spool.lost:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            spool.lose()


async def _watch_leaving(receive: Receive, spool: Spool) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    spool.lose()


def _unwelcome(reason: str) -> dict[str, Any]:
    return {"message": reason, "extensions": {"code": "UNAUTHENTICATED"}}


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
    body = b'{"errors":[{"message":"Too many streams","extensions":{"code":"RATE_LIMITED"}}]}'
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
