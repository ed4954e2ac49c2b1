"""What processes and commands begin with: their addresses, their connections, their log, and hearing that they are to end."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import bootstrap
from db.session import Database, connect
from domain.ports import Services
from engine import logs
from integrations.embedded import hold
from settings import Settings

LAST_SECONDS: Final = 8.0
"""How long a worker or the sandbox may take to end after it was told to."""


def begin_log() -> None:
    """Write what happens to the standard error stream, without what others' libraries say of each request and job."""
    logs.set_up("text")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("arq").setLevel(logging.WARNING)
    # A line for each request to a vendor, with its whole address.
    logging.getLogger("httpx").setLevel(logging.WARNING)


@contextmanager
def addressed(settings: Settings) -> Iterator[Settings]:
    """Fill in the addresses of the embedded databases where none are given, and keep them running meanwhile."""
    if settings.database_url and settings.redis_url:
        yield settings
        return
    with hold(settings.data_dir) as addresses:
        yield dataclasses.replace(
            settings,
            database_url=settings.database_url or addresses.database_url,
            redis_url=settings.redis_url or addresses.redis_url,
            queue_url=settings.queue_url or settings.redis_url or addresses.redis_url,
        )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Database, Services]]:
    """Open the database and everything outside for one command."""
    assert settings.database_url
    async with bootstrap.build(settings) as services:
        database = Database(
            connect(settings.database_url, pool_size=2, application="backline command"), services.bell, services.bus
        )
        try:
            yield database, services
        finally:
            await database.close()


def told_to_stop() -> asyncio.Event:
    """What is set when this process is told to end; some seconds later it ends whatever it does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def leave() -> None:
        stop.set()
        # Where the databases went first, something may wait for them for ever. Whatever is under way is found again by its
        # lease, so nothing is lost by not waiting with it.
        loop.call_later(LAST_SECONDS, os._exit, 1)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, leave)
    return stop
