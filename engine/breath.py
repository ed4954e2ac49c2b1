"""Reading a long text in short turns: whoever else is to be answered comes between.

To parse and validate a document is work without any waiting in it, which would hold up everybody for as long as it lasts. So it
runs where it can be interrupted, and says again and again that this would be a good moment.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from graphql import Node
from graphql.language.parser import Parser
from graphql.validation import ASTValidationRule
from sqlalchemy.util import await_only, greenlet_spawn

T = TypeVar("T")

REFUSALS: Final = 30
"""So many refusals come at once, and then one each `REFUSAL_SECONDS`."""
REFUSAL_SECONDS: Final = 0.02
LONGEST_SECONDS: Final = 2.0
"""Who is refused waits no longer than that: their connection is worth something as well."""

TURN_SECONDS: Final = 0.001
"""How long one turn lasts, and then the pause for everybody else."""


class _Breath:
    def __init__(self) -> None:
        self.until = time.perf_counter() + TURN_SECONDS

    async def pause(self) -> None:
        await asyncio.sleep(TURN_SECONDS)
        self.until = time.perf_counter() + TURN_SECONDS


_BREATH: Final[ContextVar[_Breath | None]] = ContextVar("breath", default=None)


async def in_turns(work: Callable[[], T]) -> T:
    """Do something that calls `breathe` often, with pauses in between.

    Args:
        work: What is to be done. What it raises is raised.
    """
    token = _BREATH.set(_Breath())
    try:
        return await greenlet_spawn(work)
    finally:
        _BREATH.reset(token)


def breathe() -> None:
    """Let others go on, where this was begun by `in_turns` and its turn is over; else do nothing."""
    breath = _BREATH.get()
    if breath is not None and time.perf_counter() >= breath.until:
        await_only(breath.pause())


class BreathingParser(Parser):
    """Parses a text with a breath at each token."""

    def advance_lexer(self) -> None:
        """Go on to the next token."""
        super().advance_lexer()
        breathe()


class BreathingRule(ASTValidationRule):
    """Finds nothing wrong; among the rules of a validation it lets others go on at each node."""

    def enter(self, _node: Node, *_rest: Any) -> None:
        """Take a breath."""
        breathe()


class Queue:
    """One at a time, and between two a pause; who waits with much lets those go before who wait with little."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, who: Hashable) -> AsyncIterator[None]:
        """Wait for a turn and have it; after each turn of theirs come those of all others who wait.

        Args:
            who: Those who share one line.
        """
        await self._wait(who)
        try:
            yield
        finally:
            asyncio.get_running_loop().call_later(TURN_SECONDS, self._pass_on)

    async def _wait(self, who: Hashable) -> None:
        if not self._busy:
            self._busy = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                # It had just become ours.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            who, line = self._waiting.popitem(last=False)
            turn = line.popleft()
            if line:
                self._waiting[who] = line
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False


class Pace:
    """Refusals come no faster than somebody may be refused: who sends bombs without end waits, and nobody else does."""

    def __init__(self) -> None:
        self._next: OrderedDict[Hashable, float] = OrderedDict()

    async def keep(self, who: Hashable) -> None:
        """Wait until somebody may be refused once more.

        Args:
            who: Those who share one pace.
        """
        now = asyncio.get_running_loop().time()
        while self._next and next(iter(self._next.values())) < now:
            self._next.popitem(last=False)
        due = max(self._next.get(who, now), now) + REFUSAL_SECONDS
        self._next[who] = due
        self._next.move_to_end(who)
        await asyncio.sleep(min(max(0.0, due - now - REFUSALS * REFUSAL_SECONDS), LONGEST_SECONDS))
