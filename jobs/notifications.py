"""Later work of notifications."""

from __future__ import annotations

from jobs.work import Work
from resolvers import notifications


async def notify_followers(work: Work) -> None:
    """Tell everybody who follows a curator that their room is on air."""
    if not await notifications.notify_followers(work.database, work.payload):
        # There are more than one job's time allows: the next worker goes on where this one stopped.
        async with work.finish() as tx:
            await work.again(tx, 0)
