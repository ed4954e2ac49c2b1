"""The worker's process: arq hears the bell, the sweeps find what it did not hear."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from arq.worker import Worker, func
from redis.exceptions import RedisError

import bootstrap
from db.session import Database, connect
from domain.jobs import Queue
from domain.ports import Services
from integrations import arq_bell
from jobs.run import run_job
from jobs.sweeps import run_sweeps
from opening import addressed, begin_log, told_to_stop
from settings import Settings, SettingsRefused

log = logging.getLogger(__name__)

AT_ONCE: Final = {Queue.URGENT: 5, Queue.NORMAL: 5, Queue.PLAYERS: 20}
"""How many jobs of each queue one process does at a time; what is urgent never waits behind what is not."""

POLL_SECONDS: Final = 0.1
ASKED_TO_END: Final = 5
PAUSE_SECONDS: Final = 1.0


def main() -> int:
    """Be a worker; what is wrong with the settings is one sentence, not a traceback."""
    begin_log()
    try:
        settings = Settings.from_environment(os.environ, Path(".env"), secrets_needed=True)
    except SettingsRefused as fault:
        sys.stderr.write(f"worker: {fault}\n")
        return 1
    with addressed(settings) as ready:
        return run(ready)


def run(settings: Settings) -> int:
    """Work until a signal says that it is enough."""

    async def working() -> None:
        await work(settings, told_to_stop())

    asyncio.run(working())
    return 0


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Work until told to stop; what is under way then is given up and found again by its lease."""
    assert settings.database_url
    assert settings.queue_url
    engine = connect(settings.database_url, pool_size=settings.pool_size, application="backline worker")
    async with bootstrap.build(settings) as services:
        database = Database(engine, services.bell, services.bus)
        tasks = [asyncio.create_task(run_sweeps(database, services))]
        tasks += [asyncio.create_task(_hear(settings.queue_url, queue, database, services)) for queue in Queue]
        log.info("Working.")
        await stop.wait()
        await _end(tasks)
        await database.close()


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """End tasks, asking again those that did not hear: a line that breaks in the same moment hides the first asking."""
    left = set(tasks)
    for _ in range(ASKED_TO_END):
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=PAUSE_SECONDS)
        if not left:
            return
    log.warning("%d tasks did not end.", len(left))


async def _hear(url: str, queue: Queue, database: Database, services: Services) -> None:
    """Hear one queue's bell for as long as the process lives. arq's worker ends when Valkey goes: a new one waits for it."""

    async def run(ctx: dict[Any, Any], job_id: str) -> None:
        await run_job(database, services, UUID(job_id))

    while True:
        worker = Worker(
            functions=[func(run, name=arq_bell.FUNCTION, keep_result=0)],
            queue_name=arq_bell.queue_name(queue),
            redis_pool=arq_bell.connect(url),
            handle_signals=False,
            max_jobs=AT_ONCE[queue],
            job_timeout=arq_bell.WORKER_TIMEOUT_SECONDS,
            keep_result=0,
            poll_delay=POLL_SECONDS,
            job_serializer=arq_bell.serialize,
            job_deserializer=arq_bell.deserialize,
        )
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            log.warning("The bell of %s is silent (%s); the sweep goes on.", queue.value, type(error).__name__)
        finally:
            await _close(worker)
        await asyncio.sleep(PAUSE_SECONDS)


async def _close(worker: Worker) -> None:
    try:
        await worker.close()
    except (RedisError, OSError, asyncio.CancelledError):
        log.debug("The bell was gone before it was put down.")
