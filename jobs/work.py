"""One claimed job in the hands of a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.queries import jobs
from db.session import Database, Tx
from domain.jobs import JobStatus
from domain.ports import Services


class LeaseLost(Exception):
    """Somebody else has the job now: whatever this worker was about to record must not be."""


@dataclass
class Work:
    """A job while it is done.

    Attributes:
        database: Where it is recorded.
        services: The outside world.
        id: The job's row.
        fence: The number of this claim; a later claim makes it void.
        payload: What the work needs to know.
        settled: Whether its outcome was written together with its effects.
    """

    database: Database
    services: Services
    id: UUID
    fence: int
    payload: dict[str, Any]
    settled: bool = False

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[Tx]:
        """Open a transaction that writes the effects and the end of the job together, or neither.

        Raises:
            LeaseLost: The claim is void; everything is undone.
        """
        async with self.database.transaction() as tx:
            yield tx
            if not self.settled and not await jobs.settle(tx.session, self.id, self.fence, JobStatus.DONE):
                raise LeaseLost
        self.settled = True

    async def again(self, tx: Tx, seconds: float) -> None:
        """Inside `finish`: do not end the job but look at it again after so many seconds, when the bell rings for it.

        Raises:
            LeaseLost: The claim is void.
        """
        postponed = await jobs.postpone(tx.session, self.id, self.fence, seconds=seconds, failed=False)
        if postponed is None:
            raise LeaseLost
        tx.ring(postponed.queue, self.id, postponed.run_at)
        self.settled = True


Handler = Callable[[Work], Awaitable[None]]
