"""Later work of reconciliation."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.errors import RateLimited, Unavailable
from jobs.work import Work
from resolvers.reconciliation.compare import compare
from resolvers.reconciliation.costs import book_journal_costs
from resolvers.reconciliation.read import read

SILENT_SECONDS = 600.0
"""When a vendor is asked again that did not answer: that is no failure of the job."""


async def reconcile(work: Work) -> None:
    """Compare the processor's journal with ours; what is too much for one turn goes on at once."""
    now = datetime.now(UTC)
    try:
        done = await read(work.database, work.services, now)
        await book_journal_costs(work.database)
    except (Unavailable, RateLimited) as fault:
        async with work.finish() as tx:
            await work.again(tx, max(SILENT_SECONDS, fault.retry_after_seconds or 0.0))
        return
    async with work.finish() as tx:
        if done:
            await compare(tx, now)
        else:
            await work.again(tx, 0)
