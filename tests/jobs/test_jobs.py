"""Job rows: the promise is kept once, whatever happens to workers and to the bell."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from db.queries import jobs
from db.tables import EventRow, JobRow
from domain.broadcasts import BroadcastStatus
from domain.ids import new_id
from domain.jobs import MAX_FAILURES, MAX_LOST_LEASES, Job, JobKind, JobStatus, Queue, backoff_seconds
from jobs.run import run_job
from jobs.sweeps import DUE_AT_ONCE, forget_old, ring_again, ring_normal, ring_players
from jobs.work import LeaseLost, Work

BROKEN = {"broadcastId": "no id"}


async def promise(database, payload=BROKEN, key=None, **facts):
    async with database.transaction() as tx:
        return await tx.later(Job(JobKind.END_SILENT_BROADCAST, key or str(new_id()), payload, **facts))


async def row(database, job_id):
    async with database.session() as session:
        return (await session.execute(select(JobRow).where(JobRow.id == job_id))).scalar_one()


async def change(database, job_id, **values):
    async with database.transaction() as tx:
        await tx.session.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


async def claim(database, job_id):
    async with database.transaction() as tx:
        return await jobs.claim(tx.session, job_id)


async def test_the_same_work_is_promised_once(database):
    assert await promise(database, key="a") is not None
    assert await promise(database, key="a") is None
    async with database.session() as session:
        assert (await session.execute(select(func.count()).select_from(JobRow))).scalar_one() == 1


async def test_a_deed_that_fails_promises_nothing(database):
    with pytest.raises(RuntimeError):
        async with database.transaction() as tx:
            await tx.later(Job(JobKind.END_SILENT_BROADCAST, "b", BROKEN))
            raise RuntimeError
    async with database.session() as session:
        assert await jobs.find_due(session, 10) == []


async def test_twenty_workers_claim_one_job_once(database):
    job_id = await promise(database)
    claims = await asyncio.gather(*(claim(database, job_id) for _ in range(20)))
    assert sum(found is not None for found in claims) == 1


async def test_a_job_is_not_done_before_its_time(database):
    job_id = await promise(database, run_at=datetime.now(UTC) + timedelta(hours=1))
    assert await claim(database, job_id) is None
    async with database.session() as session:
        assert await jobs.find_due(session, 10) == []


async def test_a_worker_that_lost_its_lease_records_nothing(database, services, make):
    room = await make.room()
    job_id = await promise(database, {"broadcastId": str(room.id)})
    first = await claim(database, job_id)
    await change(database, job_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    second = await claim(database, job_id)
    assert (first.fence, second.fence) == (1, 2)
    late = Work(database, services, job_id, first.fence, dict(first.payload))
    with pytest.raises(LeaseLost):
        async with late.finish() as tx:
            await tx.session.execute(
                update(JobRow).where(JobRow.id == job_id).values(last_error="written by the late one")
            )
    found = await row(database, job_id)
    assert (found.status, found.fence, found.last_error) == (JobStatus.RUNNING, 2, None)
    async with database.transaction() as tx:
        assert not await jobs.renew(tx.session, job_id, first.fence)
        assert await jobs.renew(tx.session, job_id, second.fence)


async def test_the_third_failure_parks_a_job(database, services):
    job_id = await promise(database)
    for failure in range(1, MAX_FAILURES + 1):
        assert await run_job(database, services, job_id)
        found = await row(database, job_id)
        assert found.last_error == "ValueError"
        if failure < MAX_FAILURES:
            wait = (found.run_at - datetime.now(UTC)).total_seconds()
            assert backoff_seconds(failure, 0) - 1 < wait < backoff_seconds(failure, 1)
            assert not await run_job(database, services, job_id)
            await change(database, job_id, run_at=datetime.now(UTC))
    assert found.status is JobStatus.PARKED
    assert not await run_job(database, services, job_id)


async def test_ten_lost_leases_park_a_job_and_nine_do_not(database, services):
    job_id = await promise(database)
    for _ in range(MAX_LOST_LEASES):
        assert await claim(database, job_id) is not None
        await change(database, job_id, lease_until=datetime.now(UTC) - timedelta(seconds=1))
    found = await row(database, job_id)
    assert (found.status, found.lost_leases) == (JobStatus.RUNNING, MAX_LOST_LEASES - 1)
    assert await claim(database, job_id) is None
    assert (await row(database, job_id)).status is JobStatus.PARKED
    assert (await row(database, job_id)).failures == 0


async def test_the_sweep_does_what_nobody_heard(database, services, make):
    room = await make.room()
    async with database.session() as session:
        (job,) = (await session.execute(select(JobRow).where(JobRow.kind == JobKind.END_SILENT_BROADCAST))).scalars()
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    await change(database, job.id, run_at=long_ago)
    await ring_again(database, services, Queue.NORMAL)
    # The room has had its heartbeat: the job looks again when the room's time is over.
    found = await row(database, job.id)
    assert found.status is JobStatus.PENDING
    assert found.run_at > datetime.now(UTC) + timedelta(minutes=5)
    assert room.id


async def test_a_job_just_due_is_left_to_those_who_hear_the_bell(database, services):
    job_id = await promise(database)
    await ring_again(database, services, Queue.NORMAL)
    assert (await row(database, job_id)).status is JobStatus.PENDING


async def test_failures_in_a_row_park_a_job_and_others_do_not(database, services, make):
    """A job that lives for hours may fail now and then."""
    room = await make.room()
    async with database.session() as session:
        (job,) = (await session.execute(select(JobRow).where(JobRow.kind == JobKind.END_SILENT_BROADCAST))).scalars()
    await change(database, job.id, run_at=datetime.now(UTC), failures=2, last_error="OSError")
    assert await run_job(database, services, job.id)
    found = await row(database, job.id)
    assert (found.status, found.failures, found.last_error) == (JobStatus.PENDING, 0, None)
    assert room.id


async def test_urgent_work_has_a_queue_of_its_own(database):
    urgent = await promise(database, queue=Queue.URGENT)
    normal = await promise(database)
    async with database.session() as session:
        due = {found.id: found.queue for found in await jobs.find_due(session, 10)}
    assert due == {urgent: Queue.URGENT, normal: Queue.NORMAL}


async def test_urgent_work_does_not_wait_behind_a_heap_of_other(database, services):
    """Nobody hears the bell, and more is overdue than one sweep looks at."""
    long_ago = datetime.now(UTC) - timedelta(minutes=1)
    heap = [await promise(database, run_at=long_ago) for _ in range(DUE_AT_ONCE + 1)]
    urgent = await promise(database, queue=Queue.URGENT)
    await change(database, urgent, run_at=datetime.now(UTC) - timedelta(seconds=10))
    await ring_again(database, services, Queue.URGENT)
    assert (await row(database, urgent)).failures == 1
    assert {(await row(database, job_id)).failures for job_id in heap} == {0}


async def test_players_that_nobody_was_woken_for_are_looked_at_by_a_sweep_of_their_own(database, services):
    late, lately = await promise(database, queue=Queue.PLAYERS), await promise(database, queue=Queue.PLAYERS)
    await change(database, late, run_at=datetime.now(UTC) - timedelta(seconds=4))
    await ring_normal(database, services)
    assert (await row(database, late)).failures == 0
    await ring_players(database, services)
    assert [(await row(database, job_id)).failures for job_id in (late, lately)] == [1, 0]


async def test_done_jobs_are_forgotten_and_parked_ones_kept(database):
    done, parked = await promise(database), await promise(database)
    old = datetime.now(UTC) - timedelta(days=15)
    await change(database, done, status=JobStatus.DONE, finished_at=old)
    await change(database, parked, status=JobStatus.PARKED, finished_at=old)
    async with database.transaction() as tx:
        assert await jobs.forget_done(tx.session, days=14) == 1
    assert (await row(database, parked)).status is JobStatus.PARKED


@pytest.mark.parametrize("minutes", [6, 1])
async def test_a_silent_room_ends_once_by_any_number_of_workers(database, services, make, minutes):
    room = await make.room()
    async with database.session() as session:
        (job,) = (await session.execute(select(JobRow).where(JobRow.kind == JobKind.END_SILENT_BROADCAST))).scalars()
    past = datetime.now(UTC) - timedelta(seconds=1)
    await change(database, job.id, run_at=past)
    async with database.transaction() as tx:
        await make.silence(tx, room, minutes)
    worked = await asyncio.gather(*(run_job(database, services, job.id) for _ in range(10)))
    assert sum(worked) >= 1
    ended = minutes > 5.5
    assert await make.status(room) is (BroadcastStatus.ENDED if ended else BroadcastStatus.LIVE)
    assert await make.count_events(room, "BROADCAST_ENDED") == int(ended)


async def test_everything_that_is_too_old_is_forgotten_in_one_sweep(database, services, make):
    rows = "INSERT INTO events (topic, sequence, kind, data, occurred_at) SELECT 'old', n, 'MESSAGE_SENT', '{}', "
    rows += "now() - CASE WHEN n <= 12000 THEN interval '8 days' ELSE interval '6 days' END "
    async with database.transaction() as tx:
        await tx.session.execute(text(rows + "FROM generate_series(1, 12005) n"))
    await forget_old(database, services)
    assert await make.count(EventRow) == 5
