"""`python -m benchmarks`: the reads of Backline beside the limit and beside idiomatic Strawberry, as a table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvloop

from benchmarks import data
from benchmarks.client import WrongAnswer
from benchmarks.operations import OPERATIONS, Operation
from benchmarks.report import explanation, table
from benchmarks.rounds import alternate, answers_of, difference
from benchmarks.servers import FACTORIES, Cores, DidNotStart, Server, all_serving, environment, take_cores
from integrations.embedded import Addresses, EmbeddedError, hold


@contextmanager
def found(folder: Path) -> Iterator[Addresses]:
    """Where PostgreSQL and Valkey are: those of the environment, or real ones of our own for as long as this takes."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        yield Addresses(database_url, redis_url)
        return
    with hold(folder / "data") as own:
        yield Addresses(database_url or own.database_url, redis_url or own.redis_url)


@contextmanager
def prepared(names: Sequence[str], addresses: Addresses, folder: Path, cores: Cores) -> Iterator[list[Server]]:
    """Make the data in a database of its own and run the servers over it.

    Args:
        names: Which servers, of `FACTORIES`.
        addresses: Where PostgreSQL and Valkey are.
        folder: Where the servers keep their logs and files.
        cores: Which core is whose.

    Raises:
        DidNotStart: A server does not come up.
    """
    with data.database(addresses.database_url) as url:
        settings = environment(url, addresses.redis_url, folder)
        with all_serving(names, settings, folder, cores.server) as servers:
            yield servers


async def examine(servers: Sequence[Server], operation: Operation, rounds: int, seconds: float) -> str:
    """Compare the servers' answers to one operation, then measure them; a section of the report."""
    answers = await answers_of(servers, operation)
    unlike = difference(answers)
    if unlike:
        return f"{operation.name}: not measured, because the answers differ.\n{unlike}\n"
    size = len(next(iter(answers.values())))
    return table(operation, size, await alternate(servers, operation, rounds, seconds))


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    names = [operation.name for operation in OPERATIONS]
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--rounds", type=int, default=15, help="turns of each server (15)")
    made.add_argument("--seconds", type=float, default=0.5, help="how long a turn lasts, roughly (0.5)")
    made.add_argument("--operations", nargs="+", default=names, choices=names, help="what is asked for (everything)")
    made.add_argument(
        "--servers", nargs="+", default=list(FACTORIES), choices=list(FACTORIES), help="who is asked (all)"
    )
    return made


def main() -> int:
    """Measure and print. Always 0: figures are for people to read, and a busy machine is nobody's fault."""
    arguments = parser().parse_args()
    cores = take_cores()
    own = not os.environ.get("DATABASE_URL")
    asked = [operation for operation in OPERATIONS if operation.name in arguments.operations]
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="backline-bench-")))
            addresses = stack.enter_context(found(folder))
            servers = stack.enter_context(prepared(arguments.servers, addresses, folder, cores))
            print(explanation(cores, own_databases=own))
            for operation in asked:
                print(uvloop.run(examine(servers, operation, arguments.rounds, arguments.seconds)), flush=True)
    except (DidNotStart, EmbeddedError, WrongAnswer, OSError) as fault:
        print(f"Measuring ended early: {fault}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
