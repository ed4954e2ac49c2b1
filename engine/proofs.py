"""Who asks must still be allowed to: streams end with the proof that opened them, or when it is taken back.

One task looks after all streams of a process. A context may have `revoked_among(contexts)` beside `revoked()`: it answers for
many at once, so that the question costs the same however many are listening.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from typing import Final

from engine.context import Context
from engine.deadline import within
from engine.masking import record
from engine.viewers import identity_of

CHECK_SECONDS: Final = 3.0
"""How often it is asked whether proofs still hold; that a stream ends within five seconds is promised."""

LONGEST_TIMER: Final = 86_400.0

EXPIRED: Final = "Token expired"
REVOKED: Final = "Access revoked"


class Watching:
    """One stream that is looked after, until `stop`.

    Attributes:
        context: Who opened it.
    """

    __slots__ = ("_end", "_is_busy", "_proofs", "_timer", "context")

    def __init__(
        self, proofs: Proofs, context: Context, end: Callable[[str], None], is_busy: Callable[[], bool]
    ) -> None:
        self.context = context
        self._proofs = proofs
        self._end = end
        self._is_busy = is_busy
        self._timer: asyncio.TimerHandle | None = None
        self.look()

    def look(self) -> None:
        """End what has expired, or look again when it will have."""
        expires_at = self.context.expires_at
        if expires_at is None:
            return
        left = (expires_at - datetime.now(UTC)).total_seconds()
        if left <= 0:
            self.end(EXPIRED)
        else:
            self._timer = asyncio.get_running_loop().call_later(min(left, LONGEST_TIMER), self.look)

    def is_busy(self) -> bool:
        """Whether anything is told here, so that it matters who listens."""
        return self._is_busy()

    def end(self, reason: str) -> None:
        """End the stream."""
        self.stop()
        self._end(reason)

    def stop(self) -> None:
        """Look after it no longer."""
        if self._timer is not None:
            self._timer.cancel()
        self._proofs.forget(self)


class Proofs:
    """The streams of a process, with who opened them."""

    def __init__(self) -> None:
        self._watched: dict[Watching, None] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(
        self, context: Context, end: Callable[[str], None], is_busy: Callable[[], bool] = lambda: True
    ) -> Watching:
        """Begin to look after a stream.

        Args:
            context: Who opened it.
            end: Ends it, with a sentence that says why.
            is_busy: Whether anything is told there at the moment.
        """
        watching = Watching(self, context, end, is_busy)
        self._watched[watching] = None
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        return watching

    def forget(self, watching: Watching) -> None:
        """Look after a stream no longer; the last one ends the task."""
        self._watched.pop(watching, None)
        if not self._watched and self._task is not None:
            if self._task is not asyncio.current_task():
                self._task.cancel()
            self._task = None

    async def _watch(self) -> None:
        mine = asyncio.current_task()
        while self._task is mine:
            await asyncio.sleep(CHECK_SECONDS)
            alike: dict[Hashable, list[Watching]] = {}
            for watching in self._watched:
                if watching.is_busy():
                    alike.setdefault(identity_of(watching.context), []).append(watching)
            groups = list(alike.values())
            for group, revoked in zip(groups, await _ask([group[0].context for group in groups]), strict=True):
                for watching in group if revoked else ():
                    if watching in self._watched:
                        watching.end(REVOKED)


async def _ask(contexts: Sequence[Context]) -> Sequence[bool]:
    if not contexts:
        return ()
    together = getattr(contexts[0], "revoked_among", None)
    try:
        if together is not None:
            found: Sequence[bool] = await within(CHECK_SECONDS / 2, together(contexts))
            return found
    except Exception as error:  # noqa: BLE001 -- not knowing is no reason to throw everybody out; the token still ends
        record(error)
        return [False] * len(contexts)
    return await asyncio.gather(*(_is_revoked(context) for context in contexts))


async def _is_revoked(context: Context) -> bool:
    try:
        return await within(CHECK_SECONDS / 2, context.revoked())
    except Exception as error:  # noqa: BLE001 -- as above
        record(error)
        return False
