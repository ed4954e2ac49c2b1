"""Later work of missions."""

from __future__ import annotations

from uuid import UUID

from jobs.work import Work
from resolvers.missions import pin, verify
from resolvers.missions.close import close


async def verify_mission(work: Work) -> None:
    """Look whether the track was played. That it was not is no failure of the job."""
    seen = await verify.see(work.database, work.services, work.payload)
    if seen is None:
        return
    async with work.finish() as tx:
        seconds = seen if isinstance(seen, float) else await verify.record(tx, work.services, seen)
        if seconds is not None:
            await work.again(tx, seconds)


async def close_mission(work: Work) -> None:
    """Do what a mission's clock asks for: nobody accepted, paid, decided or showed anything in time."""
    async with work.finish() as tx:
        seconds = await close(tx, work.services, UUID(work.payload["missionId"]))
        if seconds is not None:
            await work.again(tx, seconds)


async def pin_proof(work: Work) -> None:
    """Have a proof kept in IPFS."""
    seconds = await pin.pin(work.database, work.services, work.payload)
    if seconds is not None:
        async with work.finish() as tx:
            await work.again(tx, seconds)
