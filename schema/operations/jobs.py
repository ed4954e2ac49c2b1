"""Work that happens later, for those who look after it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from db import tables
from db.access import operations as access
from db.access.viewer import Viewer
from db.expressions import operations as expressions
from domain.ids import Prefix, from_wire
from domain.jobs import MAX_FAILURES, JobStatus, Queue
from engine.declare import SQL, Connection, Node, Where, column, computed, entity, finished, many, one_of, reads
from engine.executor import ref
from resolvers.operations import jobs
from schema.context import Info
from schema.deeds import Payload, deed
from schema.words import describe

describe(
    JobStatus,
    "Where a job stands.",
    PENDING="It waits for its time.",
    RUNNING="A worker is at it.",
    DONE="It was done.",
    PARKED="It was given up: it is tried again when an operator says so.",
)
describe(
    Queue,
    "How urgent a job is; each queue has workers' places of its own.",
    name="JobQueue",
    URGENT="Somebody waits for it.",
    NORMAL="Everything else.",
    PLAYERS="Looking at what plays.",
)


@entity(tables.JobRow, id=Prefix.JOB, visible=access.job)
class Job(Node):
    """A piece of work that the platform promised itself. Only operators see it."""

    name: str = column("What is to be done.", tables.JobRow.kind)
    status: JobStatus = column("Where it stands.")
    enqueued_at: datetime = column("When it was promised.", tables.JobRow.created_at)
    started_at: datetime | None = column("When it was last begun; null before the first time.")
    finished_at: datetime | None = column("When it was done or given up; null as long as it is neither.")
    last_error: str | None = column("What kind of fault there was the last time; null when there was none.")
    subject: Node | None = one_of(
        "What it is about, if it names that; null where it is nothing that you may see.",
        tables.JobRow.subject_type,
        tables.JobRow.subject_id,
    )

    @computed
    def queue(job: type[tables.JobRow], viewer: Viewer) -> SQL[Queue]:
        """How urgent it is."""
        return expressions.queue(job, viewer)

    @computed
    def attempts(job: type[tables.JobRow], viewer: Viewer) -> SQL[int]:
        """How often it was tried since it last went well: failures, and the try that is under way or was the last."""
        return expressions.attempts(job, viewer)

    @computed
    def next_attempt_at(job: type[tables.JobRow], viewer: Viewer) -> SQL[datetime | None]:
        """When it is tried next; null when it does not wait."""
        return expressions.next_attempt_at(job, viewer)

    @finished()
    def max_attempts(context: object) -> int:
        """How often it may fail before it is parked."""
        return MAX_FAILURES


@strawberry.input(description="Which jobs to show; all conditions must hold.")
class JobFilter:
    """The filter of `jobs`."""

    status: JobStatus | None = strawberry.field(default=None, description="Only those that stand so.")
    queue: Queue | None = strawberry.field(default=None, description="Only those of this queue.")
    kind: str | None = strawberry.field(default=None, description="Only those of this name.")


def chosen(
    job: type[tables.JobRow],
    viewer: Viewer,
    filter: Annotated[JobFilter | None, strawberry.argument(description="Which jobs.")] = None,
) -> Where:
    """What the filter says."""
    if filter is None:
        return
    if filter.status is not None:
        yield job.status == filter.status
    if filter.queue is not None:
        yield job.queue == filter.queue
    if filter.kind is not None:
        yield expressions.is_called(job.kind, filter.kind)


@reads
class JobReads:
    """Reads about jobs."""

    jobs: Connection[Job] = many(
        "Work that happens later, the latest promised first. Only operators see any.",
        tables.JobRow,
        order=tables.JobRow.created_at.desc(),
        where=chosen,
    )


@strawberry.input(description="Which job to try again.")
class RetryJobInput:
    """The input of `retryJob`."""

    job_id: strawberry.ID = strawberry.field(description="The job.")


@strawberry.type(description="The answer to `retryJob`.")
class RetryJobPayload(Payload):
    """The job."""

    job: Job | None = strawberry.field(default=None, description="The job, as it is now.")


@strawberry.type
class JobMutations:
    """Deeds about jobs."""

    @deed("Let a parked job be tried again, as often as a new one. For operators.")
    async def retry_job(self, info: Info, input: RetryJobInput) -> RetryJobPayload:
        """Retry."""
        actor = info.context.signed_in
        job_id = from_wire(Prefix.JOB, input.job_id, "jobId")
        async with info.context.transaction() as tx:
            await jobs.retry(tx, actor, job_id)
        return RetryJobPayload(job=ref(Job, job_id))
