"""What waits to be sent to one client over plain HTTP, bounded in size and in patience."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, Protocol

from engine.answers import Answer
from engine.limits import Limits
from engine.onward import Delivery

HIGH_WATER: Final = 65_536
"""Bytes that may wait before whoever sends at their own pace waits too; and about as many are handed over at a time."""


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
        """What ends the stream before its operation is over, because its client may not go on."""

    def moved(self) -> bytes:
        """What ends the stream because this process stops, such that the client comes back to another."""

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

    def __init__(self, encoding: Encoding, limits: Limits, cut: Callable[[], None]) -> None:
        """Begin.

        Args:
            encoding: How answers are written.
            limits: How much may wait, and for how long.
            cut: Cuts the connection off, with what waits in it.
        """
        self._encoding = encoding
        self._limits = limits
        self._cut = cut
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._known = asyncio.Event()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._refused: Answer | None = None
        self._follows = False
        self._moving = False
        self.over = False
        self.lost = False

    async def admitted(self) -> Answer | None:
        """Wait until it is known whether the operation begins at all; for those that take long, until a sign of life is due.

        Returns:
            What refuses it with a status of its own; None when the stream begins.

        Raises:
            Gone: There is nobody to tell.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._known.wait(), self._limits.heartbeat_seconds)
        self._known.set()
        if self.lost:
            raise Gone
        return self._refused

    def opened(self) -> None:
        """Take note that this is a subscription, and has begun."""
        self._follows = True
        self._known.set()
        if self._moving:
            self.move()

    def next(self, delivery: Delivery) -> None:
        """Take an answer."""
        self._put(self._encoding.next(delivery))

    def line(self) -> None:
        """Over HTTP each answer is sent by itself."""

    def fail(self, answer: Answer) -> None:
        """Take the refusal that ends the operation.

        What is wrong with a document is told in the stream, as GraphQL over SSE has it; that somebody asks for too much
        is no matter of the document, and has a status as long as none was sent.
        """
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS and not (self._known.is_set() or self.over):
            self._refused = answer
            self._end(b"")
        else:
            self._end(self._encoding.error(answer.payload["errors"]) + self._encoding.end())

    def complete(self) -> None:
        """Take note that the operation is over."""
        self._end(self._encoding.end())

    def break_off(self, error: Mapping[str, Any]) -> None:
        """End the stream because its client may not go on."""
        self._end(self._encoding.broken(error))

    def move(self) -> None:
        """End a subscription because this process stops. What has one answer comes to its end: nobody can ask for the rest of it."""
        self._moving = True
        if self._follows:
            self._end(self._encoding.moved())

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
            self.drop()
        if self.lost:
            raise Gone

    def drop(self) -> None:
        """Let a client go that is too slow, and all that waits for it."""
        self.lose()
        self._cut()

    def lose(self) -> None:
        """Take note that the client has left."""
        self.lost = True
        self._pieces.clear()
        for waiting in (self._known, self._news, self._room):
            waiting.set()

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
        taken, length = [], 0
        while self._pieces and length < HIGH_WATER:
            taken.append(self._pieces.popleft())
            length += len(taken[-1])
        return b"".join(taken)

    def sent(self, length: int) -> None:
        """Take note of what was handed over."""
        self._waiting -= length
        self._room.set()

    def _end(self, piece: bytes) -> None:
        if not self.over:
            self._put(piece)
            self.over = True

    def _put(self, piece: bytes) -> None:
        if self.over or self.lost:
            return
        if piece:
            self._pieces.append(piece)
            self._waiting += len(piece)
        self._known.set()
        self._news.set()
        if self._waiting > self._limits.waiting_bytes:
            self.drop()
