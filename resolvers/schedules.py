"""What happens by the clock: each tick once, whoever comes to it, and the latest one that was missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from db.queries import schedules
from db.session import Database, Tx
from domain.schedules import Schedule, ticks

Deed = Callable[[Tx, datetime], Awaitable[None]]
"""What is done at a tick, in the transaction that notes it."""


async def run_due(database: Database, schedule: Schedule, zone: ZoneInfo, now: datetime, deed: Deed) -> datetime | None:
    """Do what a schedule asks for, if its time has come and nobody has done it.

    What was missed while nobody was there is made up for by one run, that of the latest tick: each looks at all that is
    due. The tick says how many before it were left out. A schedule that is new begins now.

    Args:
        database: Where ticks are noted.
        schedule: What to look at.
        zone: By whose clock.
        now: The moment; a clock that is behind the others' finds nothing to do.
        deed: What is done. What it promises is done for the tick once, or, if it fails, not at all and tried again.

    Returns:
        The tick that was run here.
    """
    async with database.session() as session:
        since = await schedules.read(session, schedule.name)
    if since is not None and not any(True for _ in ticks(schedule.rule, zone, since, now)):
        return None
    async with database.transaction() as tx:
        await schedules.add(tx.session, schedule.name, now)
        since = await schedules.lock(tx.session, schedule.name)
        due = list(ticks(schedule.rule, zone, since, now))
        if not due or not await schedules.note(tx.session, schedule.name, due[-1], skipped=len(due) - 1):
            return None
        await deed(tx, due[-1])
    return due[-1]
