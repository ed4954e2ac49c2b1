"""Ticks of schedules: each is run once, however many look at the clock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import ScheduleRow, ScheduleTick
from domain.schedules import ScheduleName


async def read(session: AsyncSession, name: ScheduleName) -> datetime | None:
    """Up to which moment a schedule's ticks are behind us; None for one that nobody has seen yet."""
    return await session.scalar(select(ScheduleRow.looked_until).where(ScheduleRow.name == name))


async def add(session: AsyncSession, name: ScheduleName, now: datetime) -> None:
    """Write a schedule that is seen for the first time: it begins now."""
    await session.execute(upsert(ScheduleRow).values(name=name, looked_until=now).on_conflict_do_nothing())


async def lock(session: AsyncSession, name: ScheduleName) -> datetime:
    """Take a schedule until the commit, waiting for whoever has it; gives how far it was looked at."""
    statement = select(ScheduleRow.looked_until).where(ScheduleRow.name == name).with_for_update()
    return (await session.execute(statement)).scalar_one()


async def note(session: AsyncSession, name: ScheduleName, tick: datetime, *, skipped: int) -> bool:
    """Write a tick that is run now; False when it was run before."""
    statement = upsert(ScheduleTick).values(name=name, tick=tick, skipped=skipped).on_conflict_do_nothing()
    if (await session.execute(statement.returning(ScheduleTick.tick))).scalar_one_or_none() is None:
        return False
    reached = func.greatest(ScheduleRow.looked_until, tick)
    await session.execute(update(ScheduleRow).where(ScheduleRow.name == name).values(looked_until=reached))
    return True
