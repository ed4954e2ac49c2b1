"""Nothing runs for longer than its deadline, and nothing runs on for a client that has left.

Ending works by cancelling the task: asyncpg answers a cancelled await with a cancel request to PostgreSQL, so the statement
under way ends too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.05
"""Most operations are over before it is worth watching whether their client is still there."""


class DeadlineExceeded(Exception):
    """An operation took too long and was stopped.

    Attributes:
        code: The word that clients switch on.
        message: One sentence for people.
        field: Always empty.
    """

    code = "DEADLINE_EXCEEDED"
    field: tuple[str, ...] = ()

    def __init__(self, seconds: float) -> None:
        self.message = f"This took longer than {seconds:g} s and was stopped."
        super().__init__(self.message)


class ClientGone(Exception):
    """Whoever asked has left; there is nobody to answer."""


async def within(seconds: float, work: Awaitable[T], gone: Callable[[], Awaitable[None]] | None = None) -> T:
    """Await ``work``, but not for ever.

    Args:
        seconds: How long it may take.
        work: What is to be done. It is cancelled when the time is over or the client gone.
        gone: Returns when the client has left.

    Returns:
        What ``work`` returns.

    Raises:
        DeadlineExceeded: The time is over.
        ClientGone: The client has left.
    """
    watch = _Watch()
    try:
        async with asyncio.timeout(seconds) as limit:
            if gone is not None:
                watch.start(gone, limit)
            return await work
    except TimeoutError:
        if watch.left:
            raise ClientGone from None
        if limit.expired():
            raise DeadlineExceeded(seconds) from None
        raise
    finally:
        watch.stop()


class _Watch:
    """Ends a timeout early when the client leaves; begins only when the work has lasted a moment."""

    def __init__(self) -> None:
        self.left = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, gone: Callable[[], Awaitable[None]], limit: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()

        async def look() -> None:
            await gone()
            self.left = True
            limit.reschedule(loop.time())

        def begin() -> None:
            self._task = loop.create_task(look())

        self._timer = loop.call_later(PATIENCE_SECONDS, begin)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
