"""Running one job: claim, keep the lease while working, record what became of it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from uuid import UUID

from db.queries import jobs
from db.session import Database
from db.tables import JobRow
from domain.jobs import LEASE_SECONDS, MAX_FAILURES, TIME_LIMIT_SECONDS, JobStatus, backoff_seconds
from domain.ports import Services
from domain.sight import JobOutcome
from jobs.handlers import HANDLERS
from jobs.work import LeaseLost, Work

log = logging.getLogger(__name__)


async def run_job(database: Database, services: Services, job_id: UUID) -> bool:
    """Do a job if it is due and nobody has it. Never raises for what the job itself does wrong.

    Returns:
        Whether this process worked on it.
    """
    async with database.transaction() as tx:
        job = await jobs.claim(tx.session, job_id)
    if job is None:
        return False
    work = Work(database, services, job.id, job.fence, dict(job.payload))
    began_at, began = time.time_ns(), time.perf_counter()
    outcome = JobOutcome.DONE
    try:
        await _do(job, work)
    except LeaseLost:
        log.warning("Lost the lease of %s %s; another worker has it.", job.kind, job.id)
        outcome = JobOutcome.LOST
    except Exception as error:
        log.exception("%s %s failed.", job.kind, job.id)
        outcome = await _record_failure(database, job, error)
    services.watchers.job(job.kind.value, job.queue.value, outcome, began_at, time.perf_counter() - began)
    return True


async def _do(job: JobRow, work: Work) -> None:
    # The handler runs beside the renewal: a lost lease stops the work at once instead of letting two do it.
    working = asyncio.ensure_future(HANDLERS[job.kind](work))
    renewing = asyncio.create_task(_keep_lease(work))
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            await asyncio.wait({working, renewing}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise LeaseLost
        await working
    finally:
        for task in (working, renewing):
            task.cancel()
        await asyncio.gather(working, renewing, return_exceptions=True)
    if not work.settled:
        async with work.finish():
            pass


async def _keep_lease(work: Work) -> None:
    while True:
        await asyncio.sleep(LEASE_SECONDS / 3)
        async with work.database.transaction() as tx:
            if not await jobs.renew(tx.session, work.id, work.fence):
                return


async def _record_failure(database: Database, job: JobRow, error: Exception) -> JobOutcome:
    """Try again later, or park the job for people to see after the third failure."""
    # The kind of fault only: its text may hold what people typed or what a vendor said about them.
    what = type(error).__name__
    failures = job.failures + 1
    async with database.transaction() as tx:
        if failures >= MAX_FAILURES:
            await jobs.settle(tx.session, job.id, job.fence, JobStatus.PARKED, error=what)
            return JobOutcome.PARKED
        wait = backoff_seconds(failures, random.random())  # noqa: S311 -- jitter is no secret
        postponed = await jobs.postpone(tx.session, job.id, job.fence, seconds=wait, failed=True, error=what)
        if postponed is not None:
            tx.ring(postponed.queue, job.id, postponed.run_at)
    return JobOutcome.FAILED
