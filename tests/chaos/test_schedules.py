"""Five schedulers look at the clock, each at its own: every tick is run once, over both changes of the clock."""

import asyncio
import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from db.tables import JobRow, ScheduleTick
from domain.jobs import Job, JobKind
from domain.schedules import Schedule, ScheduleName, daily, every, ticks, weekly
from resolvers.schedules import run_due

BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = (datetime(2026, 3, 28, 18, 3, tzinfo=UTC), datetime(2026, 10, 24, 18, 3, tzinfo=UTC))
OFTEN, SELDOM = timedelta(minutes=10), timedelta(minutes=45)
"""Between two looks: never two ticks, which would be made up for by one run."""

RULES = (
    (daily(time(2, 30)), SELDOM),
    (daily(time(10)), SELDOM),
    (every(15, time(8), time(20)), OFTEN),
    (every(15, time(0), time(23, 45)), OFTEN),
    (weekly(6, time(2, 30)), SELDOM),
    (weekly(0, time(3)), SELDOM),
)
FIVE = 5


@pytest.mark.parametrize("begins", CHANGES, ids=["forward", "back"])
@pytest.mark.parametrize(("rule", "step"), RULES)
async def test_five_schedulers_run_each_tick_once(database, begins, rule, step):
    until, done, dice = begins + timedelta(hours=34), [], random.Random(3)
    schedule = Schedule(ScheduleName.DAILY_PAYOUTS, rule)

    async def deed(tx, tick):
        await tx.later(Job(JobKind.RUN_PAYOUTS, tick.isoformat(), {"runId": tick.isoformat()}))
        await asyncio.sleep(0)
        done.append(tick)

    async def scheduler(slow):
        now = begins
        while now < until:
            await run_due(database, schedule, BERLIN, now, deed)
            now += step + timedelta(seconds=dice.randint(0, 60)) * slow
        await run_due(database, schedule, BERLIN, until, deed)

    await run_due(database, schedule, BERLIN, begins, deed)
    await asyncio.gather(*(scheduler(slow) for slow in range(FIVE)))
    expected = list(ticks(rule, BERLIN, begins, until))
    assert done == expected
    async with database.session() as session:
        noted = (
            await session.execute(select(ScheduleTick.tick, ScheduleTick.skipped).order_by(ScheduleTick.tick))
        ).all()
        promised = (await session.scalars(select(JobRow.key))).all()
    assert [tuple(row) for row in noted] == [(tick, 0) for tick in expected]
    assert sorted(promised) == sorted(tick.isoformat() for tick in expected)
