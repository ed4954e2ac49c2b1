"""The bell with real arq workers in processes of their own."""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from arq.constants import in_progress_key_prefix
from arq.worker import Worker, func

from domain.jobs import Queue
from integrations import arq_bell, valkey
from integrations.arq_bell import ArqBell, deserialize, queue_name, serialize
from tests.integrations.conftest import python

WORKER = """
import asyncio, sys
from arq.worker import Worker, func
from integrations import arq_bell

async def run_job(ctx, job_id):
    print("began", job_id, flush=True)
    await asyncio.sleep(60)

Worker(
    [func(run_job, name=arq_bell.FUNCTION)], redis_pool=arq_bell.connect(sys.argv[1]), queue_name=sys.argv[2],
    job_timeout=arq_bell.WORKER_TIMEOUT_SECONDS, keep_result=0, poll_delay=0.05,
    job_serializer=arq_bell.serialize, job_deserializer=arq_bell.deserialize,
).run()
"""


@pytest.fixture
async def arq(mortal):
    arq = arq_bell.connect(mortal.url)
    yield arq
    await arq.aclose()


async def work(arq, queue, *, broken=False):
    """Let a worker do what is queued now, and say which ids it was given."""
    done = []

    async def run_job(ctx, job_id):
        done.append(job_id)
        if broken:
            raise RuntimeError(job_id)
        return object()

    worker = Worker(
        [func(run_job, name=arq_bell.FUNCTION)],
        redis_pool=arq,
        queue_name=queue_name(queue),
        burst=True,
        poll_delay=0.01,
        keep_result=0,
        job_timeout=arq_bell.WORKER_TIMEOUT_SECONDS,
        handle_signals=False,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    await worker.async_run()
    return done


async def test_a_worker_gets_the_id_and_nothing_stays(arq):
    bell, job_id = ArqBell(arq), uuid4()
    await bell.ring(Queue.URGENT, job_id)
    kept = await arq.get(f"arq:job:{job_id}")
    assert deserialize(kept)["f"] == "run_job"
    assert deserialize(kept)["a"] == [str(job_id)]
    assert await work(arq, Queue.NORMAL) == []
    assert await work(arq, Queue.URGENT) == [str(job_id)]
    assert [name for name in await arq.keys("*") if b"health-check" not in name] == []


async def test_rung_twice_it_is_run_once_and_later_again(arq):
    bell, job_id = ArqBell(arq), uuid4()
    for _ in range(5):
        await bell.ring(Queue.NORMAL, job_id)
    assert await work(arq, Queue.NORMAL) == [str(job_id)]
    await bell.ring(Queue.NORMAL, job_id)
    assert await work(arq, Queue.NORMAL) == [str(job_id)]


async def test_a_job_that_raises_leaves_no_pickle_and_can_be_rung_again(arq):
    bell, job_id = ArqBell(arq), uuid4()
    await bell.ring(Queue.NORMAL, job_id)
    assert await work(arq, Queue.NORMAL, broken=True) == [str(job_id)]
    assert [name for name in await arq.keys("*") if b"health-check" not in name] == []
    await bell.ring(Queue.NORMAL, job_id)
    assert await work(arq, Queue.NORMAL) == [str(job_id)]


async def test_a_ring_for_later_is_heard_then_and_not_before(arq):
    bell, job_id = ArqBell(arq), uuid4()
    at = datetime.now(UTC) + timedelta(seconds=0.5)
    await bell.ring(Queue.NORMAL, job_id, at)
    heard = []
    worker = waiting(arq, heard)
    await asyncio.sleep(0.4)
    assert heard == []
    await asyncio.sleep(0.4)
    assert [name for name, _ in heard] == [str(job_id)]
    assert 0 <= heard[0][1] - at.timestamp() < 0.2
    await end(worker)
    assert [name for name in await arq.keys("*") if b"health-check" not in name] == []


async def test_a_running_job_rings_for_its_own_next_turn(arq):
    """arq refuses an entry under the id of one that runs; ours are told apart by their moments."""
    bell, job_id, turns = ArqBell(arq), uuid4(), []

    async def again():
        if len(turns) < 4:
            turns.append(datetime.now(UTC) + timedelta(seconds=0.3))
            await bell.ring(Queue.NORMAL, job_id, turns[-1])

    heard = []
    worker = waiting(arq, heard, again)
    await bell.ring(Queue.NORMAL, job_id)
    await asyncio.sleep(3.5)
    await end(worker)
    assert [name for name, _ in heard] == [str(job_id)] * 5
    assert all(0 <= heard[n + 1][1] - turns[n].timestamp() < 0.5 for n in range(4))


async def test_rung_twice_for_one_moment_it_is_run_once(arq):
    bell, job_id, heard = ArqBell(arq), uuid4(), []
    at = datetime.now(UTC) + timedelta(seconds=0.2)
    for _ in range(3):
        await bell.ring(Queue.NORMAL, job_id, at)
    worker = waiting(arq, heard)
    await asyncio.sleep(0.6)
    await end(worker)
    assert len(heard) == 1


def waiting(arq, heard, then=None):
    """Let a worker wait for rings and note what it hears, and when."""

    async def run_job(ctx, job_id):
        heard.append((job_id, time.time()))
        if then is not None:
            await then()

    worker = Worker(
        [func(run_job, name=arq_bell.FUNCTION)],
        redis_pool=arq,
        queue_name=queue_name(Queue.NORMAL),
        poll_delay=0.1,
        keep_result=0,
        job_timeout=arq_bell.WORKER_TIMEOUT_SECONDS,
        handle_signals=False,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    return asyncio.create_task(worker.async_run())


async def end(worker):
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


def test_what_is_kept_is_json():
    assert serialize({"a": (1, "x")}) == b'{"a":[1,"x"]}'
    with pytest.raises(ValueError, match="str is not valid UTF-8"):
        deserialize(pickle.dumps({"a": 1}))


async def test_a_killed_worker_does_not_keep_the_job_for_longer_than_its_lease(arq, mortal):
    bell, job_id = ArqBell(arq), uuid4()
    await bell.ring(Queue.NORMAL, job_id)
    worker = python(WORKER, mortal.url, queue_name(Queue.NORMAL))
    assert worker.stdout.readline() == f"began {job_id}\n"
    worker.kill()
    worker.communicate()

    mark = in_progress_key_prefix + str(job_id)
    await bell.ring(Queue.NORMAL, job_id)
    assert await arq.exists(mark), "within the lease it may still be at work"
    # Fifteen seconds pass.
    await arq.pexpire(mark, int((arq_bell.IN_PROGRESS_SECONDS - arq_bell.LEASE_SECONDS - 0.1) * 1000))
    await bell.ring(Queue.NORMAL, job_id)
    assert not await arq.exists(mark)
    assert await work(arq, Queue.NORMAL) == [str(job_id)]


async def test_arq_marks_a_running_job_for_as_long_as_we_think(arq, mortal):
    bell, job_id = ArqBell(arq), uuid4()
    await bell.ring(Queue.NORMAL, job_id)
    worker = python(WORKER, mortal.url, queue_name(Queue.NORMAL))
    worker.stdout.readline()
    left = await arq.pttl(in_progress_key_prefix + str(job_id))
    worker.kill()
    worker.communicate()
    assert arq_bell.IN_PROGRESS_SECONDS - 5 < left / 1000 <= arq_bell.IN_PROGRESS_SECONDS


async def test_ringing_never_raises_and_costs_nothing_while_valkey_is_gone(arq, mortal, caplog):
    bell = ArqBell(arq)
    await bell.ring(Queue.NORMAL, uuid4())
    mortal.kill()
    with caplog.at_level(logging.INFO):
        started = time.monotonic()
        for _ in range(1000):
            await bell.ring(Queue.NORMAL, uuid4())
        assert time.monotonic() - started < valkey.ANSWER_SECONDS + 0.5
    assert sum("does not answer" in record.message for record in caplog.records) == 1
