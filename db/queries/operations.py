"""What operators do, written down; and jobs and access that they change."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import JobRow, OperatorDeed, User
from domain.ids import new_id
from domain.jobs import JobStatus, Queue
from domain.operations import AuditAction
from domain.states import JOB_MOVES, sources

AGAIN = frozenset(sources(JOB_MOVES, JobStatus.PENDING)) - {JobStatus.RUNNING}
"""From where people bring a job back; workers give back what they do themselves, and show the number of their claim."""


async def note(
    session: AsyncSession, action: AuditAction, *, by: UUID | None, subject: tuple[str, UUID], detail: str
) -> None:
    """Write a deed down, in the transaction that does it.

    Args:
        session: That transaction's.
        action: What was done.
        by: Who did it; None for who has the server's command line.
        subject: The type's name in the schema, and the row's id.
        detail: More about it.
    """
    await session.execute(
        insert(OperatorDeed).values(
            id=new_id(), action=action, actor_id=by, subject_type=subject[0], subject_id=subject[1], detail=detail
        )
    )


async def retry_job(session: AsyncSession, job_id: UUID) -> Queue | None:
    """Let a parked job be due now, with all its tries before it.

    Returns:
        Its queue, to ring for; None when it is not parked, or somebody else was faster.
    """
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.status.in_(AGAIN))
        .values(
            status=JobStatus.PENDING,
            run_at=func.clock_timestamp(),
            failures=0,
            lost_leases=0,
            finished_at=None,
        )
        .returning(JobRow.queue)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_job_status(session: AsyncSession, job_id: UUID) -> JobStatus | None:
    """Where a job stands; None when there is none."""
    found = await session.get(JobRow, job_id)
    return None if found is None else found.status


async def change_access(session: AsyncSession, user_id: UUID, **facts: object) -> None:
    """Write what is decided about somebody: roles, badge, suspension."""
    await session.execute(update(User).where(User.id == user_id).values(**facts))
