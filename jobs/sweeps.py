"""What is done every few seconds in each worker: any number of them may do it at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from db.queries import events, jobs, players, webhooks
from db.session import Database
from domain.events import KEPT_DAYS
from domain.jobs import Queue
from domain.ports import Services
from domain.webhooks import BODY_KEPT_DAYS
from jobs.run import run_job
from jobs.schedules import look_at_the_clock
from resolvers import uploads
from resolvers.accounts import codes, sessions
from resolvers.broadcasts.listen import expire_absent
from resolvers.connections import round_trips
from resolvers.exports import expire

log = logging.getLogger(__name__)

DUE_AT_ONCE: Final = 50
OVERDUE_AT_ONCE: Final = 5
OVERDUE_SECONDS: Final = {Queue.URGENT: 6.0, Queue.NORMAL: 6.0, Queue.PLAYERS: 3.0}
"""A job that is due for so long was rung for and not heard: the sweep does it itself. Players are looked at often."""

DONE_KEPT_DAYS: Final = 14
FORGOTTEN_AT_ONCE: Final = 5000

Sweep = Callable[[Database, Services], Awaitable[None]]


async def ring_urgent(database: Database, services: Services) -> None:
    """Ring for what is urgent: a sweep of its own, so that it does not wait behind what is not."""
    await ring_again(database, services, Queue.URGENT)


async def ring_normal(database: Database, services: Services) -> None:
    """Ring for everything else."""
    await ring_again(database, services, Queue.NORMAL)


async def ring_players(database: Database, services: Services) -> None:
    """Ring for players that are to be looked at: there may be many, and nothing else waits behind them."""
    await ring_again(database, services, Queue.PLAYERS)


async def ring_again(database: Database, services: Services, queue: Queue) -> None:
    """Ring for each job that is due and unleased; what nobody hears is done here, so that a lost Valkey costs seconds."""
    async with database.session() as session:
        due = await jobs.find_due(session, DUE_AT_ONCE, queue)
    for row in due:
        await services.bell.ring(row.queue, row.id)
    overdue = [row.id for row in due if row.seconds_due > OVERDUE_SECONDS[queue]]
    for start in range(0, len(overdue), OVERDUE_AT_ONCE):
        await asyncio.gather(
            *(run_job(database, services, job_id) for job_id in overdue[start : start + OVERDUE_AT_ONCE])
        )


async def let_absent_leave(database: Database, services: Services) -> None:
    """Take listeners out of rooms who were not seen for a minute."""
    await expire_absent(database)


async def forget_old(database: Database, services: Services) -> None:
    """Remove what is over: events older than a week, jobs done two weeks ago, what webhooks said, codes, sessions and so on."""
    gone = FORGOTTEN_AT_ONCE
    while gone == FORGOTTEN_AT_ONCE:
        async with database.transaction() as tx:
            gone = await events.forget(tx.session, KEPT_DAYS, FORGOTTEN_AT_ONCE)
    gone = FORGOTTEN_AT_ONCE
    while gone == FORGOTTEN_AT_ONCE:
        async with database.transaction() as tx:
            gone = await webhooks.forget_bodies(tx.session, BODY_KEPT_DAYS, FORGOTTEN_AT_ONCE)
    async with database.transaction() as tx:
        await jobs.forget_done(tx.session, days=DONE_KEPT_DAYS)
        await players.forget_links(tx.session)
    await codes.forget_old(database)
    await sessions.forget_old(database)
    gone = round_trips.FORGOTTEN_AT_ONCE
    while gone == round_trips.FORGOTTEN_AT_ONCE:
        gone = await round_trips.forget_old(database)
    gone = uploads.EXPIRED_AT_ONCE
    while gone == uploads.EXPIRED_AT_ONCE:
        gone = await uploads.expire(database)
    gone = expire.EXPIRED_AT_ONCE
    while gone == expire.EXPIRED_AT_ONCE:
        gone = await expire.expire(database)


TIMETABLE: Final[dict[Sweep, float]] = {
    ring_urgent: 2.0,
    ring_normal: 2.0,
    ring_players: 2.0,
    let_absent_leave: 5.0,
    look_at_the_clock: 5.0,
    forget_old: 600.0,
}
"""Each sweep and its pause in seconds."""


async def run_sweeps(database: Database, services: Services) -> None:
    """Do all sweeps for as long as the process lives; one that fails is done again at its next turn."""
    await asyncio.gather(*(_repeat(sweep, pause, database, services) for sweep, pause in TIMETABLE.items()))


async def _repeat(sweep: Sweep, pause: float, database: Database, services: Services) -> None:
    while True:
        try:
            await sweep(database, services)
        except (SQLAlchemyError, OSError) as error:
            # PostgreSQL may be restarting: wait for it, as everybody does.
            log.warning("%s has to wait: %s", getattr(sweep, "__name__", "a sweep"), type(error).__name__)
        except Exception:
            log.exception("%s failed.", getattr(sweep, "__name__", "a sweep"))
        await asyncio.sleep(pause)
