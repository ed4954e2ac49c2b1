"""What many have missed is executed once for all who want it at the same time.

When a process has gone, its clients come back at once, from about the same place. Each is brought to its group at its own pace,
but what each would have executed alone is executed for all of them: otherwise they would take every connection to the database
from those who are served.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from engine.answers import Answer
from engine.onward import Delivery
from engine.viewers import Looking, by_class

L = TypeVar("L", bound=Looking)

Missed = Callable[[Any], Awaitable[Delivery | Answer]]


class Round(Generic[L]):
    """Those who want one answer, until it is begun to be made."""

    __slots__ = ("execute", "task", "waiting")

    def __init__(self, execute: Missed) -> None:
        self.execute = execute
        self.waiting: dict[L, asyncio.Future[Delivery | Answer]] = {}
        self.task: asyncio.Task[None] | None = None


class Returning(Generic[L]):
    """Those who are on their way back.

    There is one round for an answer at a time; who comes while it runs has a part in the next.
    """

    def __init__(self) -> None:
        self._gathering: dict[Hashable, Round[L]] = {}
        self._running: dict[Hashable, Round[L]] = {}

    async def answer(self, key: Hashable, member: L, execute: Missed) -> Delivery | Answer:
        """Give the answer to one of them.

        Args:
            key: What is to be executed; the same for the same.
            member: For whom.
            execute: Executes it in a context.

        Returns:
            The answer; the same object for all who see the same.

        Raises:
            Exception: What executing raised.
        """
        found = self._gathering.get(key)
        if found is None:
            found = self._gathering[key] = Round(execute)
            # In a context of its own: what is done for all is not done in the request of whoever came first.
            found.task = asyncio.create_task(self._run(key, found), context=contextvars.Context())
        future: asyncio.Future[Delivery | Answer] = asyncio.get_running_loop().create_future()
        found.waiting[member] = future
        return await future

    async def _run(self, key: Hashable, mine: Round[L]) -> None:
        before = self._running.get(key)
        if before is not None and before.task is not None:
            await asyncio.wait({before.task})
        del self._gathering[key]
        self._running[key] = mine
        # Those who have left meanwhile want nothing.
        members = [member for member, future in mine.waiting.items() if not future.done()]
        try:
            if members:
                async with aclosing(by_class(members, mine.execute)) as classes:
                    async for answer, some in classes:
                        for member in some:
                            if not mine.waiting[member].done():
                                mine.waiting[member].set_result(answer)
        except Exception as error:  # noqa: BLE001 -- it is theirs who wait
            for future in mine.waiting.values():
                if not future.done():
                    future.set_exception(error)
        finally:
            if self._running.get(key) is mine:
                del self._running[key]
