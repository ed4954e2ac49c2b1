"""The doorbell of the workers: arq carries nothing but the id of a job's row."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from domain.jobs import LEASE_SECONDS, TIME_LIMIT_SECONDS
from integrations.valkey import ANSWER_SECONDS, MAX_CONNECTIONS, Fuse

log = logging.getLogger(__name__)

FUNCTION: Final = "run_job"
"""The name of the one function that workers offer; its argument is the id of the row as text."""

WORKER_TIMEOUT_SECONDS: Final = TIME_LIMIT_SECONDS + 5
"""What a worker sets as arq's `job_timeout`: our own limit strikes first and records why."""

IN_PROGRESS_SECONDS: Final = WORKER_TIMEOUT_SECONDS + 10
"""How long arq takes a job for running: its worker adds ten seconds to the longest timeout."""

AFTER_ITS_MOMENT: Final = timedelta(milliseconds=20)
"""How much later a worker is woken than the row is due: the database's clock decides, and Valkey's machine has another."""


def queue_name(queue: str) -> str:
    """Name the list in Valkey behind a queue of `domain.jobs.Queue`."""
    return f"backline:{queue}"


def serialize(value: dict[str, Any]) -> bytes:
    """Write what arq keeps as JSON; never pickle, which runs what it reads."""
    return orjson.dumps(value, default=str)


def deserialize(content: bytes) -> dict[str, Any]:
    """Read what `serialize` wrote."""
    value: dict[str, Any] = orjson.loads(content)
    return value


def connect(url: str) -> ArqRedis:
    """Make arq's client for a single node; nothing is opened before the first command."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MAX_CONNECTIONS,
        timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
    )
    client = ArqRedis(pool_or_conn=pool, job_serializer=serialize, job_deserializer=deserialize)
    client.auto_close_connection_pool = True
    return client


class ArqBell:
    """The port `Bell`. A row that is rung for twice before a worker comes stands in the queue once."""

    def __init__(self, arq: ArqRedis) -> None:
        self._arq = arq
        self._fuse = Fuse()

    async def ring(self, queue: str, job_id: UUID, at: datetime | None = None) -> None:
        """Wake a worker for the row, now or at that moment. Never raises: a sweep finds what was not heard.

        arq takes no entry under an id that it has, and it has the id of a job that runs: one that rings for its own next
        turn would not be heard. So an entry for later is called by its moment as well. One that is no longer wanted
        wakes a worker who finds the row not due, and leaves it.
        """
        if not self._fuse.holds():
            return
        moment = None if at is None else at + AFTER_ITS_MOMENT
        name = str(job_id) if moment is None else f"{job_id}@{moment.timestamp():.3f}"
        try:
            fresh = await self._arq.enqueue_job(
                FUNCTION, str(job_id), _job_id=name, _queue_name=queue_name(queue), _defer_until=moment
            )
            if fresh is None:
                await self._free(name)
        except (RedisError, OSError) as error:
            self._fuse.blow(error, "workers find their jobs by the sweep")
        else:
            self._fuse.mend()

    async def _free(self, name: str) -> None:
        """Let the queued entry run again when its worker was killed.

        arq would keep it for a dead worker until its own timeout, 105 s. Whoever rings has seen the row due and
        unleased, so a mark older than a lease is a dead worker's; should it be alive after all, the fencing token of the
        row keeps it from recording anything.
        """
        key = in_progress_key_prefix + name
        left = await self._arq.pttl(key)
        if 0 < left < (IN_PROGRESS_SECONDS - LEASE_SECONDS) * 1000:
            await self._arq.delete(key)
            log.info("Job %s was left behind by a worker; it runs again.", name)
