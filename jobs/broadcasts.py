"""Later work of live rooms."""

from __future__ import annotations

from uuid import UUID

from jobs.work import Work
from resolvers.broadcasts.stop import end_if_silent


async def end_silent(work: Work) -> None:
    """End a room whose curator fell silent, or look again when its time is over."""
    async with work.finish() as tx:
        seconds = await end_if_silent(tx, UUID(work.payload["broadcastId"]))
        if seconds is not None:
            await work.again(tx, max(seconds, 0) + 0.05)
