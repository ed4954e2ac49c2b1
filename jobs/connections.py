"""Later work of accounts elsewhere."""

from __future__ import annotations

from jobs.work import Work
from resolvers.connections.disconnect import revoke_access as revoke


async def revoke_access(work: Work) -> None:
    """Tell a provider that our access is over; one that does not answer is told again later."""
    seconds = await revoke(work.database, work.services, work.payload)
    if seconds is not None:
        async with work.finish() as tx:
            await work.again(tx, seconds)
