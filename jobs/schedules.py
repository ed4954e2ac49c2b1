"""What happens by the clock: the timetable, and the look at the clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time
from functools import partial
from typing import Final

from db.session import Database, Tx
from domain.ports import Services
from domain.schedules import Schedule, ScheduleName, daily
from resolvers.payouts.run import start_daily
from resolvers.reconciliation.start import start_daily as start_reconciliation
from resolvers.schedules import run_due

Deed = Callable[[Tx, Services, datetime], Awaitable[None]]

SCHEDULES: Final[dict[Schedule, Deed]] = {
    Schedule(ScheduleName.DAILY_PAYOUTS, daily(time(10, 0))): start_daily,
    Schedule(ScheduleName.DAILY_RECONCILIATION, daily(time(4, 0))): start_reconciliation,
}
"""What happens when, by the clock of the platform's time zone."""


async def look_at_the_clock(database: Database, services: Services, now: datetime | None = None) -> None:
    """Do what the clock asks for; any number of processes may look at once."""
    moment = now or datetime.now(UTC)
    for schedule, deed in SCHEDULES.items():
        await run_due(database, schedule, services.time_zone, moment, partial(_do, deed, services))


async def _do(deed: Deed, services: Services, tx: Tx, tick: datetime) -> None:
    await deed(tx, services, tick)
