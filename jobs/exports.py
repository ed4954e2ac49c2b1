"""Later work of exports."""

from __future__ import annotations

from uuid import UUID

from jobs.work import Work
from resolvers.exports import make


async def make_export(work: Work) -> None:
    """Make the file. That it would be too large is no failure of the job."""
    made = await make.make(work.database, work.services, UUID(work.payload["exportId"]))
    if made is not None:
        async with work.finish() as tx:
            await make.record(tx, made)
