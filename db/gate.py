"""The line before the pool: whoever waits longest for a connection gets the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.errors import Unavailable


class Gate:
    """Lets in as many as there are connections, in the order in which they came.

    SQLAlchemy's pool wakes one of those who wait, and then gives the connection to whoever asks first: under load somebody
    is overtaken again and again, until their patience is over.
    """

    def __init__(self, places: int, patience_seconds: float) -> None:
        """Open it.

        Args:
            places: How many may be inside.
            patience_seconds: How long somebody waits.
        """
        self._free = places
        self._patience = patience_seconds
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Go in.

        Raises:
            Unavailable: Nobody came out for long. It is no fault, and it passes.
        """
        if self._free and not self._waiting:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()  # It had just become ours.
            else:
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise Unavailable("The server is busy. Try again in a moment.") from error
            raise

    def leave(self) -> None:
        """Come out; who waits longest goes in."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    @asynccontextmanager
    async def inside(self) -> AsyncIterator[None]:
        """Be inside for the length of a block.

        Raises:
            Unavailable: As `enter`.
        """
        await self.enter()
        try:
            yield
        finally:
            self.leave()
