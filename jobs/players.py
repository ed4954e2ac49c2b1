"""Later work of players: asking them what plays, bearing out what apps say, and linking tracks."""

from __future__ import annotations

from jobs.work import Work
from resolvers.players import cross_check, links, poll
from resolvers.players.follow import Following


async def poll_player(work: Work) -> None:
    """Ask once what plays, and promise the next turn. That a service is silent is no failure of the job."""
    if "trackId" in work.payload:
        await _bear_out(work)
        return
    following = Following.read(work.payload)
    answer = await poll.ask(work.database, work.services, following)
    async with work.finish() as tx:
        seconds = await poll.record(tx, work.services, following, answer)
        if seconds is not None:
            await work.again(tx, seconds)
    await poll.remember(work.services, following, answer)


async def _bear_out(work: Work) -> None:
    look = await cross_check.ask(work.database, work.services, work.payload)
    async with work.finish() as tx:
        seconds = await cross_check.record(tx, work.payload, look)
        if seconds is not None:
            await work.again(tx, seconds)


async def link_track(work: Work) -> None:
    """Find where a room's track is at the other services."""
    search = await links.search(work.database, work.services, work.payload)
    if search is None:
        return
    async with work.finish() as tx:
        seconds = await links.record(tx, work.payload, search)
        if seconds is not None:
            await work.again(tx, seconds)
