"""One question for all who ask at the same time, such as the many who come back at once when a process has gone."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Asks for many keys in one question.

    There is one question under way at a time; who asks meanwhile has a part in the next. An answer is never older than the
    call that it is given to.
    """

    def __init__(self, ask: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> None:
        """Begin.

        Args:
            ask: Answers for all keys that it knows something of.
        """
        self._ask = ask
        self._wanted: dict[K, None] = {}
        self._current: asyncio.Task[Mapping[K, V]] | None = None
        self._next: asyncio.Task[Mapping[K, V]] | None = None

    async def __call__(self, keys: Sequence[K]) -> dict[K, V]:
        """Ask.

        Args:
            keys: Of what.

        Returns:
            The answers; keys of which nothing is known are missing.

        Raises:
            Exception: What asking raised.
        """
        self._wanted.update(dict.fromkeys(keys))
        if self._next is None:
            # In a context of its own: what is asked for all is not asked in the request of whoever came first.
            self._next = asyncio.create_task(self._run(self._current), context=contextvars.Context())
            self._next.add_done_callback(_forget)
        # Who leaves does not take the question away from the others.
        found = await asyncio.shield(self._next)
        return {key: found[key] for key in keys if key in found}

    async def _run(self, before: asyncio.Task[Mapping[K, V]] | None) -> Mapping[K, V]:
        if before is not None:
            await asyncio.wait({before})
        wanted, self._wanted = list(self._wanted), {}
        self._current, self._next = self._next, None
        return await self._ask(wanted)


def _forget(task: asyncio.Task[Mapping[K, V]]) -> None:
    """Take note of a fault that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
