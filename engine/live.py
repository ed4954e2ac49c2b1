"""What happens, sent on to everybody who follows it: each event once, in order, none lost.

The log is the truth, and the line (publish and subscribe) only makes it fast. Each topic has one line per process, shared by
all who follow it. A hole in the sequence is read from the log; that the last message was lost is noticed by asking the log
for the heads of all topics, in one question per process and second; the same question carries on alone while the line is
down. A follower who does not keep up loses their place in the buffer, not in the log.

The log must number the events of a topic without holes, in the order in which they become visible.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from engine.topics import PAGE, Event, Follower, Head, Listen, Read, Topic

__all__ = ["Event", "Gap", "Head", "Listen", "Live", "Read"]

T = TypeVar("T")

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
LINE_SECONDS: Final = 1.0
"""How long a new follower waits for the line before they go on with the log alone."""

PAUSES: Final = (0.1, 0.3, 1.0, 3.0, 5.0)
"""Between the attempts to read a log that cannot be read."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Events between are no longer kept, or the position was never one of this log.

    Attributes:
        resumes_at: The sequence of the next event that will be given.
    """

    resumes_at: int


class Live:
    """What this process hears and whom it tells."""

    def __init__(self, listen: Listen) -> None:
        """Take the line.

        Args:
            listen: Opens the line of a topic; messages come as bytes, see `engine.topics.decode`. It may fail, end or fall
                silent.
        """
        self._listen = listen
        self._topics: dict[str, Topic] = {}
        self._polling: asyncio.Task[None] | None = None

    async def follow(self, topic: str, after: int, read: Read, head: Head) -> AsyncGenerator[Event | Gap, None]:
        """Follow a topic from a position on.

        Args:
            topic: Which.
            after: The sequence of the last event already known; 0 for all that are kept.
            read: Reads the log of this topic: ``(after, limit)`` gives the oldest events after a sequence, in order.
            head: Gives the newest sequence of each topic, 0 for one without events. Pass the same function for all topics of
                one log, so that one question is asked for all.

        Yields:
            Each event after the position once, in order, for ever; a `Gap` before events that do not follow at once.

        Raises:
            Exception: What ``read`` or ``head`` raise, when they still do after some seconds.
        """
        follower = Follower(after, read)
        shared = self._join(topic, follower, head)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(shared.ready.wait(), LINE_SECONDS)
            newest = (await _patiently(partial(head, [topic]), "head")).get(topic, 0)
            shared.begin(follower, newest)
            if after > newest:
                follower.position = newest
                yield Gap(newest + 1)
            else:
                async with aclosing(_read_on(follower, newest)) as missed:
                    async for item in missed:
                        yield item
            async with aclosing(_go_on(shared, follower)) as items:
                async for item in items:
                    yield item
        finally:
            await self._leave(shared, follower)

    def _join(self, name: str, follower: Follower, head: Head) -> Topic:
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = Topic(name, self._listen, head)
        topic.followers.add(follower)
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll())
        return topic

    async def _leave(self, topic: Topic, follower: Follower) -> None:
        topic.followers.discard(follower)
        if topic.followers or self._topics.get(topic.name) is not topic:
            return
        del self._topics[topic.name]
        if not self._topics and self._polling is not None:
            self._polling.cancel()
            self._polling = None
        await topic.close()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            logs: dict[Head, list[Topic]] = {}
            for topic in self._topics.values():
                logs.setdefault(topic.head, []).append(topic)
            for head, topics in logs.items():
                try:
                    newest = await head([topic.name for topic in topics])
                except Exception as error:  # noqa: BLE001 -- it is asked again in a second
                    log.warning("The heads of %d topics cannot be read (%s).", len(topics), type(error).__name__)
                    continue
                for topic in topics:
                    await topic.reach(newest.get(topic.name, 0))


async def _go_on(topic: Topic, follower: Follower) -> AsyncGenerator[Event | Gap, None]:
    while True:
        event = await follower.next()
        if event is not None and event.sequence <= follower.position:
            continue
        if event is not None and event.sequence == follower.position + 1:
            follower.position = event.sequence
            yield event
            continue
        newest = event.sequence if event is not None else topic.position or 0
        async with aclosing(_read_on(follower, newest)) as missed:
            async for item in missed:
                yield item


async def _read_on(follower: Follower, newest: int) -> AsyncGenerator[Event | Gap, None]:
    """Give what the log has after a follower's position, and bring them at least to the newest that is known."""
    more = True
    while more:
        events = await _read(follower)
        for event in events:
            if event.sequence > follower.position + 1:
                yield Gap(event.sequence)
            follower.position = event.sequence
            yield event
        more = len(events) == PAGE
    if follower.position < newest:
        follower.position = newest
        yield Gap(newest + 1)


async def _read(follower: Follower) -> Sequence[Event]:
    return await _patiently(lambda: follower.read(follower.position, PAGE), "log")


async def _patiently(ask: Callable[[], Awaitable[T]], what: str) -> T:
    for pause in PAUSES:
        try:
            return await ask()
        except Exception as error:  # noqa: BLE001 -- a database that restarts is back before the last attempt
            log.warning("A %s cannot be read (%s); again in %g s.", what, type(error).__name__, pause)
            await asyncio.sleep(pause)
    return await ask()
