"""`python -m benchmarks.jobs`: a job that does nothing, as a row with a doorbell and as stock arq has it, side by side."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import uvloop
from arq import create_pool
from arq.connections import RedisSettings
from sqlalchemy import func, select

from benchmarks.__main__ import found
from benchmarks.ledger import emptied, spread
from benchmarks.servers import ROOT, DidNotStart, cpu_seconds, environment, stop
from db.session import Database, connect
from db.tables import JobRow
from domain.ids import new_id
from domain.jobs import Job, JobKind, JobStatus
from integrations import arq_bell
from integrations.valkey import ValkeyBus
from integrations.valkey import connect as connect_valkey

OURS: Final = "row and doorbell"
STOCK: Final = "arq as it comes"
TUNED: Final = "arq, our numbers"
QUEUES: Final = {STOCK: "stock", TUNED: "tuned"}
LOOKS_EVERY: Final = 0.05
STARTING_SECONDS: Final = 60.0
SERVER: Final = "BENCHMARK_REDIS_URL"


async def nothing(ctx: dict[Any, Any]) -> None:
    """Do nothing, and say that it is done."""
    await ctx["redis"].incr("done")


class Stock:
    """A worker of arq with everything as it comes."""

    functions = (nothing,)
    queue_name = QUEUES[STOCK]
    redis_settings = RedisSettings.from_dsn(os.environ.get(SERVER, "redis://localhost"))


class Tuned:
    """The same with our numbers: it looks five times as often, does half as many at once, and keeps no results."""

    functions = Stock.functions
    queue_name = QUEUES[TUNED]
    redis_settings = Stock.redis_settings
    poll_delay = 0.1
    max_jobs = 5
    keep_result = 0


@dataclass(frozen=True)
class Way:
    """How jobs are promised and how many of them are done."""

    promise: Callable[[], Awaitable[object]]
    done: Callable[[], Awaitable[int]]


@contextmanager
def working(settings: Mapping[str, str], redis_url: str, folder: Path) -> Iterator[dict[str, int]]:
    """Run one worker of each kind; they are idle when it is not their turn. Gives their processes.

    Raises:
        DidNotStart: One did nothing in time; the text is what they said.
    """
    commands = {
        OURS: ("cli", "worker"),
        STOCK: ("arq", "benchmarks.jobs.Stock"),
        TUNED: ("arq", "benchmarks.jobs.Tuned"),
    }
    names = {**settings, SERVER: redis_url, "PYTHONPATH": str(ROOT)}
    running: dict[str, subprocess.Popen[bytes]] = {}
    with (folder / "workers.log").open("w+b") as words:
        try:
            for name, command in commands.items():
                # arq's own command logs each job twice; ours says nothing of what goes well.
                quiet = ("--custom-log-dict", "benchmarks.jobs.QUIET") if command[0] == "arq" else ()
                whole = (sys.executable, "-m", *command, *quiet)
                running[name] = subprocess.Popen(whole, env=names, cwd=folder, stdout=words, stderr=words)
            yield {name: process.pid for name, process in running.items()}
        except TimeoutError:
            words.seek(0)
            raise DidNotStart(words.read().decode(errors="replace")) from None
        finally:
            for process in running.values():
                stop(process)


QUIET: Final = {"version": 1, "disable_existing_loggers": False}


@asynccontextmanager
async def ways(url: str, redis_url: str, clients: int) -> AsyncIterator[dict[str, Way]]:
    """What is compared."""
    valkey, bell = connect_valkey(redis_url), arq_bell.connect(redis_url)
    database = Database(
        connect(url, pool_size=clients + 1, application="backline bench"), arq_bell.ArqBell(bell), ValkeyBus(valkey)
    )
    pool = await create_pool(RedisSettings.from_dsn(redis_url))

    async def ours() -> None:
        async with database.transaction() as tx:
            await tx.later(Job(JobKind.DELETE_FILES, new_id().hex, {"keys": []}))

    async def ours_done() -> int:
        async with database.session() as session:
            ended = select(func.count()).where(JobRow.status == JobStatus.DONE)
            return int((await session.execute(ended)).scalar_one())

    def stock(queue: str) -> Way:
        return Way(lambda: pool.enqueue_job("nothing", _queue_name=queue), stock_done)

    async def stock_done() -> int:
        return int(await pool.get("done") or 0)

    yield {OURS: Way(ours, ours_done)} | {name: stock(queue) for name, queue in QUEUES.items()}
    await pool.aclose()
    await bell.aclose()
    await valkey.aclose()
    await database.close()


async def turn(way: Way, pid: int, clients: int, jobs: int) -> tuple[float, float]:
    """Promise so many jobs by so many clients at a time, and wait until the last is done.

    Returns:
        How many a second, and the milliseconds of processor time that who promises and who works had for each.
    """
    before, numbers, began, cpu = await way.done(), iter(range(jobs)), time.perf_counter(), busy(pid)

    async def client() -> None:
        for _ in numbers:
            await way.promise()

    await asyncio.gather(*(client() for _ in range(clients)))
    while await way.done() < before + jobs:  # noqa: ASYNC110 -- it is another process that does them
        await asyncio.sleep(LOOKS_EVERY)
    return jobs / (time.perf_counter() - began), (busy(pid) - cpu) / jobs * 1000


def busy(pid: int) -> float:
    """The processor time of this process and another."""
    return (cpu_seconds(os.getpid()) or 0.0) + (cpu_seconds(pid) or 0.0)


async def measure(
    url: str, redis_url: str, pids: Mapping[str, int], clients: int, rounds: int, jobs: int
) -> dict[str, list[tuple[float, float]]]:
    """Take turns, so that whatever else the machine does meets all of them alike; the first turns warm up."""
    async with ways(url, redis_url, clients) as compared:
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in compared}
        async with asyncio.timeout(STARTING_SECONDS):
            for name, way in compared.items():
                await turn(way, pids[name], clients, 1)
        for number, (name, way) in itertools.product(range(rounds + 1), compared.items()):
            measured = await turn(way, pids[name], clients, jobs)
            if number:
                figures[name].append(measured)
    return figures


def report(figures: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """A line for each: how many a second, the processor time of each, and what ours is to it in the same round."""
    lines = []
    for name, measured in figures.items():
        rates, costs = zip(*measured, strict=True)
        lines.append(f"  {name:<18}{median(rates):>7,.0f} jobs/s {spread(rates, 0)}, CPU {median(costs):.2f} ms each")
        if name != OURS:
            pairs = list(zip(figures[OURS], measured, strict=True))
            ratios = [ours / theirs for (ours, _), (theirs, _) in pairs]
            dearer = [ours / theirs for (_, ours), (_, theirs) in pairs]
            lines.append(f"    ours x {median(ratios):.2f} {spread(ratios, 2)}, CPU x {median(dearer):.1f}")
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.jobs", description=__doc__)
    made.add_argument("--rounds", type=int, default=11, help="turns of each (11)")
    made.add_argument("--jobs", type=int, default=500, help="jobs in a turn (500)")
    made.add_argument("--clients", type=int, default=8, help="how many promise at the same time (8)")
    asked = made.parse_args()
    with tempfile.TemporaryDirectory(prefix="backline-bench-") as name, found(Path(name)) as addresses:
        folder = Path(name)
        with emptied(addresses.database_url) as url:
            settings = environment(url, addresses.redis_url, folder)
            with working(settings, addresses.redis_url, folder) as pids:
                facts = (url, addresses.redis_url, pids, asked.clients, asked.rounds, asked.jobs)
                figures = uvloop.run(measure(*facts))
        print(f"Alternating turns of {asked.jobs} jobs, from the first promise to the last one done; one worker each,")
        print(f"{asked.clients} clients, {os.cpu_count()} cores for all, PostgreSQL and Valkey.")
        print(report(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
