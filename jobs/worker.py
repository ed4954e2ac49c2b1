"""The worker's process: arq hears the bell, the sweeps find what it did not hear."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import uvicorn
from arq.worker import Worker, func
from redis.exceptions import RedisError
from starlette.applications import Starlette

import bootstrap
from db.session import Database, connect
from domain.jobs import Queue
from domain.ports import Services
from engine import logs, tuning
from integrations import arq_bell
from jobs.run import run_job
from jobs.sweeps import run_sweeps
from opening import addressed, begin_log, told_to_stop
from settings import Settings, SettingsRefused
from web import metrics
from web.callers import caller_of

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
    logs.set_up(settings.log_format)
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
        tuning.settle()
        tasks = [asyncio.create_task(run_sweeps(database, services)), asyncio.create_task(tuning.settle_again())]
        tasks += [asyncio.create_task(_hear(settings.queue_url, queue, database, services)) for queue in Queue]
        if settings.worker_metrics_port:
            tasks.append(asyncio.create_task(_show_metrics(settings, database, services)))
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


class Server(uvicorn.Server):
    """A server that leaves signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _show_metrics(settings: Settings, database: Database, services: Services) -> None:
    """Answer at /metrics. Where another worker has the port already, this one works without."""
    figures = metrics.Figures(database, services.watchers.counters)
    routes = metrics.routes(
        figures.page, settings.metrics_token, lambda request: caller_of(request, settings.trusted_proxies)
    )
    try:
        door = socket.create_server((settings.host, settings.worker_metrics_port))
    except OSError as error:
        log.warning("No metrics: port %d cannot be listened on (%s).", settings.worker_metrics_port, error.strerror)
        return
    with door:
        config = uvicorn.Config(
            Starlette(routes=routes), ws="none", lifespan="off", log_config=None, log_level="warning", access_log=False
        )
        await Server(config).serve(sockets=[door])


async def _close(worker: Worker) -> None:
    try:
        await worker.close()
    except (RedisError, OSError, asyncio.CancelledError):
        log.debug("The bell was gone before it was put down.")
