"""A value that is fetched once for everybody who asks, and kept for as long as it holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps what `fetch` gave: a value, and for how many seconds it holds. Of those who miss it one fetches, all wait."""

    def __init__(self, fetch: Callable[[], Awaitable[tuple[T, float]]]) -> None:
        self._fetch = fetch
        self._value: T | None = None
        self._until = 0.0
        self._tried = 0.0
        self._running: asyncio.Task[T] | None = None

    async def get(self, *, tried_within: float | None = None) -> T:
        """Give the value, fetched if need be; raises what the fetch raises, to all who waited for it.

        Args:
            tried_within: Fetch even a value that holds, if nobody has tried to for so many seconds.
        """
        now = time.monotonic()
        lately = tried_within is None or now < self._tried + tried_within
        if self._value is not None and now < self._until and lately:
            return self._value
        if self._running is None:
            self._tried = now
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(_look)
        # Who stops waiting does not stop the fetch for the others.
        return await asyncio.shield(self._running)

    def forget(self) -> None:
        """Fetch it anew the next time."""
        self._until = 0.0

    async def aclose(self) -> None:
        """Stop a fetch that still runs."""
        if self._running is not None:
            self._running.cancel()

    async def _run(self) -> T:
        try:
            value, seconds = await self._fetch()
        finally:
            self._running = None
        self._value, self._until = value, time.monotonic() + seconds
        return value


def _look(task: asyncio.Task[T]) -> None:
    """Look at how a fetch ended, so that asyncio does not complain when all who waited for it have gone."""
    if not task.cancelled():
        task.exception()
