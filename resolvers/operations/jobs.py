"""Work that waits, and work that was given up, taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from db.queries import history, jobs, operations
from db.session import Database, Tx
from domain.actors import Actor
from domain.errors import Conflict, NotFound
from domain.jobs import JobStatus, Queue
from domain.sight import Backlog
from resolvers.operations.operators import require_operator

SUBJECT: Final = "Job"
ANSWER_SECONDS: Final = 2.0


async def read_backlogs(database: Database) -> Mapping[Queue, Backlog] | None:
    """Count what waits in each queue; None when the database does not say so within two seconds."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.session() as session:
            return await jobs.read_backlogs(session)
    except (SQLAlchemyError, OSError, TimeoutError):
        return None


async def retry(tx: Tx, actor: Actor, job_id: UUID) -> None:
    """Let a parked job be tried again at once, as often as a new one.

    Raises:
        Forbidden: The actor is no operator.
        NotFound: There is no such job.
        Conflict: It is not parked.
    """
    require_operator(actor)
    queue = await operations.retry_job(tx.session, job_id)
    if queue is None:
        status = await operations.find_job_status(tx.session, job_id)
        if status is None:
            raise NotFound("There is no such job.", "jobId")
        raise Conflict(f"Only a parked job can be retried: this one is {status.value}.", "jobId")
    await history.note(
        tx.session,
        (SUBJECT, job_id),
        before=JobStatus.PARKED,
        after=JobStatus.PENDING,
        by=actor.user_id,
        reason="Retried by an operator.",
    )
    tx.ring(queue, job_id)
