"""`python -m benchmarks`: the reads of Backline beside the limit and beside idiomatic Strawberry, as a table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvloop

from benchmarks import data
from benchmarks.operations import OPERATIONS, Operation
from benchmarks.report import explanation, table
from benchmarks.rounds import alternate, answers_of, difference
from benchmarks.servers import FACTORIES, Cores, DidNotStart, Server, all_serving, environment, take_cores
from integrations.embedded import EmbeddedError, hold


@contextmanager
def addresses(folder: Path) -> Iterator[tuple[str, str]]:
    """Where PostgreSQL and Valkey are: those of the environment, or real ones of our own for as long as this takes."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        yield database_url, redis_url
        return
    with hold(folder / "data") as own:
        yield database_url or own.database_url, redis_url or own.redis_url


@contextmanager
def prepared(names: Sequence[str], cores: Cores) -> Iterator[list[Server]]:
    """Make the data and run the servers over it.

    Raises:
        DidNotStart: A server does not come up.
        EmbeddedError: There are no databases.
    """
    with tempfile.TemporaryDirectory(prefix="backline-bench-") as made:
        folder = Path(made)
        with addresses(folder) as (server_url, redis_url), data.database(server_url) as url:
            settings = environment(url, redis_url, folder)
            with all_serving(names, settings, folder, cores.server) as servers:
                yield servers


async def examine(servers: Sequence[Server], operation: Operation, rounds: int, seconds: float) -> str:
    """Compare the servers' answers to one operation, then measure them; a section of the report."""
    found = await answers_of(servers, operation)
    unlike = difference(found)
    if unlike:
        return f"{operation.name}: not measured, because the answers differ.\n{unlike}\n"
    size = len(next(iter(found.values())))
    return table(operation, size, await alternate(servers, operation, rounds, seconds))


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    found = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    found.add_argument("--rounds", type=int, default=5, help="turns of each server (5)")
    found.add_argument("--seconds", type=float, default=2.0, help="how long a turn lasts, roughly (2)")
    found.add_argument("--operations", nargs="*", default=[operation.name for operation in OPERATIONS])
    found.add_argument("--servers", nargs="*", default=list(FACTORIES), choices=list(FACTORIES))
    return found


def main() -> int:
    """Measure and print. Always 0: figures are for people to read, and a busy machine is nobody's fault."""
    arguments = parser().parse_args()
    cores = take_cores()
    try:
        with prepared(arguments.servers, cores) as servers:
            print(explanation(cores, own_databases=not os.environ.get("DATABASE_URL")))
            for operation in OPERATIONS:
                if operation.name in arguments.operations:
                    print(uvloop.run(examine(servers, operation, arguments.rounds, arguments.seconds)), flush=True)
    except (DidNotStart, EmbeddedError, OSError) as fault:
        print(f"Nothing was measured: {fault}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
