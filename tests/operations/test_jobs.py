"""Work that was given up, and who takes it up again."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from arq.worker import Worker, func
from sqlalchemy import select, update

from db import tables
from domain.ids import new_id, to_wire
from domain.jobs import Job, JobKind, JobStatus, Queue
from integrations import arq_bell
from jobs.run import run_job
from tests.client import operation

JOBS, RETRY, AUDIT = map(operation, ("JobMonitor", "RetryJob", "AuditLog"))


@pytest.fixture
async def parked(make, database):
    """A job that cannot be done: its code is not there. Gives its id."""
    async with database.transaction() as tx:
        job_id = await tx.later(Job(JobKind.SEND_SIGN_IN_CODE, "one", {"codeId": "nonsense"}, queue=Queue.URGENT))
    for _ in range(3):
        async with database.transaction() as tx:
            again = update(tables.JobRow).where(tables.JobRow.id == job_id).values(run_at=datetime.now(UTC))
            await tx.session.execute(again)
        await make.run_jobs()
    return job_id


async def listed(api, person, **filter):
    found = await api(person)(JOBS, first=50, filter=filter or None)
    return found["jobs"]["nodes"]


async def test_what_operators_see(api, make, parked, operator):
    room = await make.room()
    shown = {job["name"]: job for job in await listed(api, operator)}
    failed, silent = shown["SEND_SIGN_IN_CODE"], shown["END_SILENT_BROADCAST"]
    assert (failed["status"], failed["queue"], failed["attempts"], failed["maxAttempts"]) == ("PARKED", "URGENT", 3, 3)
    assert (failed["lastError"], failed["nextAttemptAt"], failed["subject"]) == ("ValueError", None, None)
    assert failed["startedAt"] < failed["finishedAt"]
    assert (silent["status"], silent["attempts"], silent["startedAt"]) == ("PENDING", 0, None)
    assert silent["subject"] == {"__typename": "Broadcast", "id": room.wire}
    assert silent["nextAttemptAt"] > silent["enqueuedAt"]
    assert [job["id"] for job in await listed(api, operator, status="PARKED")] == [to_wire("job", parked)]
    assert await listed(api, operator, status="PARKED", queue="PLAYERS") == []
    assert [job["name"] for job in await listed(api, operator, kind="END_SILENT_BROADCAST")] == ["END_SILENT_BROADCAST"]
    assert await listed(api, operator, kind="NONSENSE") == []
    page = await api(operator)(JOBS, first=1)
    assert (page["jobs"]["totalCount"], page["jobs"]["pageInfo"]["hasNextPage"]) == (len(shown), True)


async def test_nobody_else_sees_or_retries_them(api, make, parked, database, mina, refusal):
    wire = to_wire("job", parked)
    for person in (None, mina):
        empty = await api(person)(JOBS, first=5)
        assert (empty["jobs"]["nodes"], empty["jobs"]["totalCount"]) == ([], 0)
        assert (await api(person)("query ($id: ID!) { node(id: $id) { id } }", id=wire))["node"] is None
    assert await refusal(mina, RETRY, jobId=wire) == "FORBIDDEN"
    assert await refusal(None, RETRY, jobId=wire) == "UNAUTHENTICATED"
    async with database.session() as session:
        assert (await session.get(tables.JobRow, parked)).status is JobStatus.PARKED


async def test_a_parked_job_is_tried_again_with_all_its_tries(api, make, parked, database, operator):
    wire = to_wire("job", parked)
    assert (await api(operator).do(RETRY, jobId=wire))["job"] == {"id": wire, "status": "PENDING"}
    async with database.session() as session:
        job = await session.get(tables.JobRow, parked)
        assert (job.failures, job.lost_leases, job.finished_at) == (0, 0, None)
        rung = await session.execute(select(tables.StatusChange).where(tables.StatusChange.subject_id == parked))
        (note,) = rung.scalars()
    assert (note.subject_type, note.from_status, note.to_status) == ("Job", "PARKED", "PENDING")
    assert note.changed_by_id == operator.id
    line = (await api(operator)(AUDIT, first=1, filter={"action": "JOB_RETRIED"}))["auditLog"]["nodes"][0]
    assert (line["subject"], line["actor"]["username"]) == ({"__typename": "Job", "id": wire}, "ines")
    assert "PARKED -> PENDING" in line["detail"]


@pytest.fixture
async def hear(settings, database, services):
    """Do what the bell rang for since it was heard last, as a worker without a sweep would; gives the job's id, if any."""
    arq = arq_bell.connect(settings.queue_url)

    async def listen():
        heard = []

        async def run(ctx, job_id):
            heard.append(UUID(job_id))
            await run_job(database, services, UUID(job_id))

        worker = Worker(
            [func(run, name=arq_bell.FUNCTION, keep_result=0)],
            redis_pool=arq,
            queue_name=arq_bell.queue_name(Queue.URGENT),
            burst=True,
            max_burst_jobs=1,
            poll_delay=0.01,
            keep_result=0,
            handle_signals=False,
            job_serializer=arq_bell.serialize,
            job_deserializer=arq_bell.deserialize,
        )
        await worker.async_run()
        # What failed has rung for its next turn, in some seconds.
        await arq.flushdb()
        return heard

    await arq.flushdb()
    yield listen
    await arq.aclose()


async def test_the_bell_is_rung(api, parked, hear, operator, mina, refusal, database):
    wire = to_wire("job", parked)
    assert await refusal(mina, RETRY, jobId=wire) == "FORBIDDEN"
    assert await hear() == [], "it is silent before"
    await api(operator).do(RETRY, jobId=wire)
    # Nothing sweeps here: who takes the job has heard the bell.
    assert await hear() == [parked]
    async with database.session() as session:
        job = await session.get(tables.JobRow, parked)
    assert (job.status, job.failures) == (JobStatus.PENDING, 1)
    assert await refusal(operator, RETRY, jobId=wire) == "CONFLICT"
    assert await hear() == [], "a refusal rings for nothing"


async def test_only_what_is_parked_and_once(api, make, parked, operator, refusal):
    room = await make.room()
    wire = to_wire("job", parked)
    answers = await asyncio.gather(*(api(operator)(RETRY, input={"jobId": wire}) for _ in range(5)))
    codes = sorted(str([error["code"] for error in each["retryJob"]["userErrors"]]) for each in answers)
    assert codes == ["['CONFLICT']"] * 4 + ["[]"]
    assert await make.count(tables.StatusChange, tables.StatusChange.subject_id == parked) == 1
    waiting = next(job for job in await listed(api, operator) if job["subject"] and job["subject"]["id"] == room.wire)
    assert await refusal(operator, RETRY, jobId=waiting["id"]) == "CONFLICT"
    assert await refusal(operator, RETRY, jobId=to_wire("job", new_id())) == "NOT_FOUND"
