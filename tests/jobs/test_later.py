"""Work that is to be done at a moment is done then: the bell rings for it, in real workers."""

import asyncio
import statistics
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from db.tables import Broadcast, JobRow
from domain.broadcasts import BroadcastStatus
from domain.ids import new_id
from domain.jobs import Job, JobKind, JobStatus

WITHIN = 0.35
"""Seconds after its moment that most need; arq looks every tenth."""
AT_MOST = 1.2
"""Seconds that any may need on a busy machine. The sweep looks every 2: left to it, some would wait for 1.5."""

pytestmark = pytest.mark.alone


async def eventually(check, within=20.0):
    async with asyncio.timeout(within):
        while not await check():
            await asyncio.sleep(0.05)


async def working(fleet, database):
    """A worker that hears the bell already: a job for now is done."""
    await fleet.start("worker")
    async with database.transaction() as tx:
        job_id = await tx.later(Job(JobKind.END_SILENT_BROADCAST, "none", {"broadcastId": str(new_id())}))

    async def done():
        return (await read(database, job_id)).status is JobStatus.DONE

    await eventually(done, 40)


async def read(database, job_id):
    async with database.session() as session:
        return (await session.execute(select(JobRow).where(JobRow.id == job_id))).scalar_one()


async def test_a_job_for_a_moment_is_taken_at_that_moment(fleet, database):
    await working(fleet, database)
    now = datetime.now(UTC)
    # The sweep looks every 2 seconds: of these moments it could meet one by chance, not all.
    moments = [now + timedelta(seconds=1 + 0.37 * n) for n in range(8)]
    async with database.transaction() as tx:
        for n, at in enumerate(moments):
            payload = {"broadcastId": str(new_id())}
            await tx.later(Job(JobKind.END_SILENT_BROADCAST, f"later{n}", payload, run_at=at))
    await asyncio.sleep(5)
    async with database.session() as session:
        wanted = select(JobRow).where(JobRow.key.like("later%")).order_by(JobRow.run_at)
        jobs = (await session.execute(wanted)).scalars().all()
    assert [job.status for job in jobs] == [JobStatus.DONE] * 8
    late = [(job.started_at - at).total_seconds() for job, at in zip(jobs, moments, strict=True)]
    assert all(0 <= seconds < AT_MOST for seconds in late), late
    assert statistics.median(late) < WITHIN, late


async def test_a_job_that_postpones_itself_is_taken_at_its_next_moment(fleet, database, make):
    rooms = [await make.room() for _ in range(5)]
    await working(fleet, database)
    now = datetime.now(UTC)
    moments = {room.id: now + timedelta(seconds=1.5 + 0.45 * n) for n, room in enumerate(rooms)}
    async with database.transaction() as tx:
        for room_id, ends_at in moments.items():
            await tx.session.execute(
                update(Broadcast).where(Broadcast.id == room_id).values(ends_without_heartbeat_at=ends_at)
            )
            # Looks at the room now, finds it alive, and comes back when its time is over.
            await tx.later(Job(JobKind.END_SILENT_BROADCAST, f"soon{room_id}", {"broadcastId": str(room_id)}))

    async def ended():
        return all([await make.status(room) is BroadcastStatus.ENDED for room in rooms])

    await eventually(ended)
    async with database.session() as session:
        wanted = select(Broadcast.id, Broadcast.ended_at).where(Broadcast.id.in_(moments))
        found = (await session.execute(wanted)).all()
    late = [(ended_at - moments[room_id]).total_seconds() for room_id, ended_at in found]
    assert all(0 <= seconds < AT_MOST for seconds in late), late
    assert statistics.median(late) < WITHIN + 0.05, late
