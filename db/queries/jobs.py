"""Job rows: promising, claiming with a lease and a fence, and recording what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Row, and_, cast, delete, func, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import JobRow
from domain.ids import new_id
from domain.jobs import LEASE_SECONDS, MAX_LOST_LEASES, Job, JobKind, JobStatus, Queue
from domain.sight import Backlog

LEASE = timedelta(seconds=LEASE_SECONDS)


async def promise(session: AsyncSession, job: Job) -> UUID | None:
    """Write the row of a job.

    Returns:
        Its id, or None when the same work was promised before.
    """
    statement = (
        upsert(JobRow)
        .values(
            id=new_id(),
            kind=job.kind,
            key=job.key,
            queue=job.queue,
            payload=dict(job.payload),
            run_at=job.run_at or func.now(),
        )
        .on_conflict_do_nothing(index_elements=[JobRow.kind, JobRow.key])
        .returning(JobRow.id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


def _due() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    # The time of the statement, not the clock's: an index is of use only for what stays the same in one statement.
    now = func.statement_timestamp()
    waiting = and_(JobRow.status == JobStatus.PENDING, JobRow.run_at <= now)
    abandoned = and_(JobRow.status == JobStatus.RUNNING, JobRow.lease_until <= now)
    return waiting, abandoned


async def find_due(
    session: AsyncSession, limit: int, queue: Queue | None = None
) -> Sequence[Row[tuple[UUID, Queue, float]]]:
    """The jobs that nobody works on and whose time has come, of one queue or of all, the longest waiting first.

    Returns:
        Rows of `id`, `queue` and `seconds_due`.
    """
    waiting, abandoned = _due()
    since = func.greatest(JobRow.run_at, JobRow.lease_until)
    seconds = cast(func.extract("epoch", func.clock_timestamp() - since), Float).label("seconds_due")
    statement = select(JobRow.id, JobRow.queue, seconds).where(or_(waiting, abandoned)).order_by(JobRow.run_at)
    if queue is not None:
        statement = statement.where(JobRow.queue == queue)
    return (await session.execute(statement.limit(limit))).all()


async def claim(session: AsyncSession, job_id: UUID) -> JobRow | None:
    """Take a due job for 15 seconds. Two workers that ask at once: one gets it.

    Returns:
        The job with its new fence; None when somebody else has it or it is not due. A job that lost ten leases in a
        row is parked instead.
    """
    waiting, abandoned = _due()
    lost = JobRow.lost_leases + (JobRow.status == JobStatus.RUNNING).cast(JobRow.lost_leases.type)
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, or_(waiting, abandoned))
        .values(
            status=JobStatus.RUNNING,
            lease_until=func.clock_timestamp() + LEASE,
            fence=JobRow.fence + 1,
            lost_leases=lost,
            started_at=func.clock_timestamp(),
        )
        .returning(JobRow)
    )
    job = (await session.execute(statement)).scalar_one_or_none()
    if job is None or job.lost_leases < MAX_LOST_LEASES:
        return job
    await settle(session, job.id, job.fence, JobStatus.PARKED, error="Ten workers in a row were lost while doing this.")
    return None


async def renew(session: AsyncSession, job_id: UUID, fence: int) -> bool:
    """Keep a lease for another 15 seconds; False when it is no longer ours."""
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.fence == fence, JobRow.status == JobStatus.RUNNING)
        .values(lease_until=func.clock_timestamp() + LEASE)
        .returning(JobRow.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def settle(session: AsyncSession, job_id: UUID, fence: int, to: JobStatus, *, error: str | None = None) -> bool:
    """Record how a job ended (DONE or PARKED); False when the lease was lost and somebody else has it."""
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.fence == fence, JobRow.status == JobStatus.RUNNING)
        .values(status=to, lease_until=None, finished_at=func.clock_timestamp(), last_error=error)
        .returning(JobRow.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def postpone(
    session: AsyncSession, job_id: UUID, fence: int, *, seconds: float, failed: bool, error: str | None = None
) -> Row[Queue, datetime] | None:
    """Give a job back, to be done later. One that did not fail has its failures behind it.

    Returns:
        A row of `queue` and `run_at`, to ring for; None when the lease was lost.
    """
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.fence == fence, JobRow.status == JobStatus.RUNNING)
        .values(
            status=JobStatus.PENDING,
            lease_until=None,
            run_at=func.clock_timestamp() + timedelta(seconds=seconds),
            failures=JobRow.failures + 1 if failed else 0,
            lost_leases=0,
            last_error=error,
        )
        .returning(JobRow.queue, JobRow.run_at)
    )
    return (await session.execute(statement)).one_or_none()


async def hasten(session: AsyncSession, job_id: UUID, *, unless_within: float) -> Queue | None:
    """Let a waiting job be due now, unless it is due within so many seconds anyway.

    Returns:
        Its queue, to ring for; None when nothing was changed.
    """
    soon = func.clock_timestamp() + timedelta(seconds=unless_within)
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.status == JobStatus.PENDING, JobRow.run_at > soon)
        .values(run_at=func.clock_timestamp())
        .returning(JobRow.queue)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def hasten_named(session: AsyncSession, kind: JobKind, key: str) -> Row[UUID, Queue] | None:
    """Let a waiting job be due now, by its name.

    Returns:
        A row of `id` and `queue`, to ring for; None when there is none that waits.
    """
    statement = (
        update(JobRow)
        .where(JobRow.kind == kind, JobRow.key == key, JobRow.status == JobStatus.PENDING)
        .values(run_at=func.least(JobRow.run_at, func.clock_timestamp()))
        .returning(JobRow.id, JobRow.queue)
    )
    return (await session.execute(statement)).one_or_none()


async def read_backlogs(session: AsyncSession) -> dict[Queue, Backlog]:
    """Count what waits, by queue; queues without jobs are there as well."""
    waiting, abandoned = _due()
    due = or_(waiting, abandoned)
    since = func.greatest(JobRow.run_at, JobRow.lease_until)
    oldest = func.extract("epoch", func.clock_timestamp() - func.min(since).filter(due))
    # One condition for each partial index, so that years of finished jobs are not walked through.
    unfinished = or_(*(JobRow.status == status for status in JobStatus if status is not JobStatus.DONE))
    statement = (
        select(
            JobRow.queue,
            func.count().filter(due),
            func.count().filter(JobRow.status == JobStatus.PENDING, not_(waiting)),
            func.count().filter(JobRow.status == JobStatus.RUNNING, not_(abandoned)),
            func.count().filter(JobRow.status == JobStatus.PARKED),
            cast(func.coalesce(func.greatest(oldest, 0), 0), Float),
        )
        .where(unfinished)
        .group_by(JobRow.queue)
    )
    rows = (await session.execute(statement)).all()
    return dict.fromkeys(Queue, Backlog()) | {queue: Backlog(*counts) for queue, *counts in rows}


async def forget_done(session: AsyncSession, *, days: int) -> int:
    """Remove jobs that were done long ago; parked ones stay for people to see."""
    statement = delete(JobRow).where(
        JobRow.status == JobStatus.DONE, JobRow.finished_at < func.now() - timedelta(days=days)
    )
    return len((await session.execute(statement.returning(JobRow.id))).all())
