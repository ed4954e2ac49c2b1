"""Streams over plain HTTP: one operation for each request, told in whatever encoding the client accepts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from engine.context import Context
from engine.cutting import cut_of
from engine.limits import Limits
from engine.members import Member
from engine.proofs import Proofs
from engine.requests import JSON, Asked
from engine.responses import respond
from engine.seats import Seats
from engine.spools import Encoding, Gone, Spool
from engine.streams import Streams
from engine.viewers import VIEWER

DRAIN_SECONDS: Final = 5.0


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
        """End all subscriptions such that their clients come back to another process; what has one answer comes to its end."""
        self._draining = True
        tasks = [task for task in self._open.values() if task is not None]
        for spool in list(self._open):
            spool.move()
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_SECONDS)

    def begin(self, spool: Spool) -> None:
        """Keep in mind what is open."""
        self._open[spool] = asyncio.current_task()
        if self._draining:
            spool.move()

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the operation is over or the client gone."""
        seats, user = self.door.seats, self.context.parameters.get(VIEWER)
        if not seats.take("address", self.address):
            await _refuse(send)
            return
        try:
            if seats.take("user", user):
                try:
                    await self._stream(scope, receive, send)
                finally:
                    seats.leave("user", user)
            else:
                await _refuse(send)
        finally:
            seats.leave("address", self.address)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        spool = Spool(self.encoding, self.door.limits, cut_of(scope))
        self.door.begin(spool)
        watching = self.door.proofs.watch(self.context, lambda reason: spool.break_off(_unwelcome(reason)))
        leaving = asyncio.create_task(_watch_leaving(receive, spool))
        running = asyncio.create_task(
            self.door.streams.run(self.asked, self.context, spool, last_event=self.last_event)
        )
        try:
            with suppress(Gone):
                refused = await spool.admitted()
                if refused is None:
                    await self._send_all(spool, send)
                else:
                    await respond(refused, JSON)(scope, receive, send)
        finally:
            self.door.end(spool)
            watching.stop()
            if spool.lost:
                # A connection that was cut off is heard of in a moment; the server need not wonder about the response.
                await asyncio.wait({leaving}, timeout=1)
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
        except TimeoutError:
            spool.drop()
        except OSError:
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
