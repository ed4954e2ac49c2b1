"""One topic of what happens live: the line it comes in by, and those who follow it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import orjson

log = logging.getLogger(__name__)

PAGE: Final = 200
"""Events read from a log at once."""

BUFFER: Final = 256
"""Events that wait for one follower. One who is further behind reads the log instead."""

SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        sequence: Its number in its topic, counted from 1 without holes.
        kind: What happened, in a word.
        data: The facts; JSON values only.
        occurred_at: When, with a time zone.
    """

    sequence: int
    kind: str
    data: dict[str, Any]
    occurred_at: datetime


Listen: TypeAlias = Callable[[str], AbstractAsyncContextManager[AsyncIterator[bytes]]]
Read: TypeAlias = Callable[[int, int], Awaitable[Sequence[Event]]]
Head: TypeAlias = Callable[[list[str]], Awaitable[dict[str, int]]]


def decode(message: bytes) -> Event:
    """Read an event as it comes over a line.

    Args:
        message: A JSON object of ``sequence``, ``kind``, ``data`` and ``occurredAt`` in seconds since 1970.

    Returns:
        The event.

    Raises:
        ValueError: It is something else.
    """
    try:
        found = orjson.loads(message)
        occurred_at = datetime.fromtimestamp(found["occurredAt"], UTC)
        return Event(int(found["sequence"]), str(found["kind"]), dict(found["data"]), occurred_at)
    except (KeyError, TypeError, OverflowError, OSError) as error:
        raise ValueError("not an event") from error


class Follower:
    """One who follows a topic: how far they are, and the events that wait for them.

    Attributes:
        position: The sequence of the last event that they were given.
        read: Reads the log: the events after a sequence, oldest first, and how many at most.
    """

    def __init__(self, position: int, read: Read) -> None:
        self.position = position
        self.read = read
        self._waiting: deque[Event] = deque()
        self._behind = False
        self._news = asyncio.Event()

    def take(self, event: Event) -> None:
        """Put an event where it waits, unless too many wait already."""
        if len(self._waiting) >= BUFFER:
            self.fall_behind()
        elif not self._behind:
            self._waiting.append(event)
            self._news.set()

    def fall_behind(self) -> None:
        """Forget what waits; the log has it."""
        self._waiting.clear()
        self._behind = True
        self._news.set()

    async def next(self) -> Event | None:
        """Wait for the next event.

        Returns:
            The event, or None when it is in the log. What happens from now on waits again.
        """
        while not self._waiting:
            if self._behind:
                self._behind = False
                return None
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Topic:
    """What this process shares of one topic.

    Attributes:
        name: What it is called on the line and in the log.
        head: Asks for the heads of topics in the log.
        followers: Those who follow it here.
        ready: Set once the line is open, or known not to be.
        position: Everything up to this sequence was handed out; None before the first.
    """

    def __init__(self, name: str, listen: Listen, head: Head) -> None:
        self.name = name
        self.head = head
        self.followers: set[Follower] = set()
        self.ready = asyncio.Event()
        self.position: int | None = None
        self._handing_out = asyncio.Lock()
        self._hearing = asyncio.create_task(self._hear(listen))

    async def close(self) -> None:
        """Hang up. Whoever holds the line has a second to let go of it."""
        self._hearing.cancel()
        await asyncio.wait({self._hearing}, timeout=1)

    def begin(self, follower: Follower, head: int) -> None:
        """Count from a head on, if nothing was handed out yet.

        Args:
            follower: Who has asked for the head, and reads the log up to there by themselves.
            head: The newest sequence in the log, asked for after they joined.
        """
        if self.position is None:
            self._skip_to(head, follower)

    async def reach(self, head: int) -> None:
        """See to it that everything up to a head is handed out.

        Args:
            head: The newest sequence in the log.
        """
        async with self._handing_out:
            if self.position is None:
                self._skip_to(head)
            elif head > self.position:
                await self._fill(head)
                if self.position < head:
                    self._skip_to(head)

    def _skip_to(self, head: int, knowing: Follower | None = None) -> None:
        """Leave to each follower what they have not had; each knows best what that is, and one knows already."""
        self.position = head
        for follower in self.followers:
            if follower.position < head and follower is not knowing:
                follower.fall_behind()

    async def _hear(self, listen: Listen) -> None:
        pause = SHORTEST_PAUSE
        lost = False
        while True:
            try:
                async with listen(self.name) as messages:
                    if lost:
                        log.info("The line of %s is open again.", self.name)
                    lost, pause = False, SHORTEST_PAUSE
                    self.ready.set()
                    async for message in messages:
                        await self._receive(message)
            except Exception as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # A line that breaks while it is let go of hides that we were told to end.
                    raise asyncio.CancelledError from error
                if not lost:
                    log.warning("The line of %s is lost (%s); going on with the log.", self.name, type(error).__name__)
                lost = True
            self.ready.set()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _receive(self, message: bytes) -> None:
        try:
            event = decode(message)
        except ValueError:
            log.warning("A message on the line of %s is no event.", self.name)
            return
        async with self._handing_out:
            if self.position is not None and event.sequence > self.position + 1:
                await self._fill(event.sequence)
            if self.position is None or event.sequence > self.position:
                self._hand_out(event)

    async def _fill(self, until: int) -> None:
        """Hand out what the line lost, as far as the log has it."""
        while self.followers and self.position is not None and self.position < until:
            read = next(iter(self.followers)).read
            try:
                events = await read(self.position, PAGE)
            except Exception as error:  # noqa: BLE001 -- followers read again themselves, and say so when they cannot
                log.warning("The log of %s cannot be read (%s).", self.name, type(error).__name__)
                return
            for event in events:
                self._hand_out(event)
            if len(events) < PAGE:
                return

    def _hand_out(self, event: Event) -> None:
        self.position = event.sequence
        for follower in self.followers:
            follower.take(event)
