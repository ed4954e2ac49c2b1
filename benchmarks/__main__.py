"""`python -m benchmarks`: reads of Backline beside its peers and its limit, as a table, a file and a chart."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import chart, data, node, results
from benchmarks.client import Load, NoCompiler, WrongAnswer
from benchmarks.operations import OPERATIONS, Operation
from benchmarks.report import explanation, table
from benchmarks.rounds import alternate, answers_of, busy, difference
from benchmarks.servers import NAMES, SCRIPTS, Cores, DidNotStart, Server, all_serving, environment, take_cores
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
def prepared(
    names: Sequence[str], addresses: Addresses, folder: Path, cores: Cores
) -> Iterator[tuple[list[Server], str]]:
    """Make the data in a database of its own and run the servers over it.

    Args:
        names: Which servers, of `NAMES`.
        addresses: Where PostgreSQL and Valkey are.
        folder: Where the servers keep their logs and files.
        cores: Which core is whose.

    Yields:
        The servers, and which PostgreSQL it is.

    Raises:
        DidNotStart: A server does not come up.
    """
    with data.database(addresses.database_url) as url:
        settings = environment(url, addresses.redis_url, folder)
        with all_serving(names, settings, folder, cores.server) as servers:
            yield servers, data.version(url)


def present(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Which servers can run here, and why the others cannot; what they need is installed."""
    if not set(names) & set(SCRIPTS):
        return list(names), {}
    try:
        node.install()
    except node.NoPeers as fault:
        return [name for name in names if name not in SCRIPTS], {n: str(fault) for n in names if n in SCRIPTS}
    return list(names), {}


def examine(
    load: Load, servers: Sequence[Server], operation: Operation, rounds: int, seconds: float
) -> results.Results:
    """Compare the servers' answers to one operation, then measure them; a part of the results.

    Raises:
        WrongAnswer: A server fails, or answers something else than the first.
    """
    answers = answers_of(servers, operation)
    unlike = difference(answers)
    if unlike:
        raise WrongAnswer(f"{operation.name} is answered differently.\n{unlike}")
    size = len(next(iter(answers.values())))
    figures = alternate(load, servers, operation, rounds, seconds)
    return results.examined(operation, size, busy(), figures)


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    names = [operation.name for operation in OPERATIONS]
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--rounds", type=int, default=15, help="turns of each server (15)")
    made.add_argument("--seconds", type=float, default=0.5, help="how long a turn lasts (0.5)")
    made.add_argument("--operations", nargs="+", default=names, choices=names, help="what is asked for (everything)")
    made.add_argument("--servers", nargs="+", default=list(NAMES), choices=NAMES, help="who is asked (all)")
    made.add_argument(
        "--results",
        type=Path,
        help=f"where the results go; the chart too, when it is {results.FILE.name} of this folder",
    )
    return made


def run(arguments: argparse.Namespace, stack: ExitStack) -> results.Results:
    """Measure what was typed, and print as it comes."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="backline-bench-")))
    load = Load(folder)
    names, absent = present(arguments.servers)
    cores = take_cores()
    addresses = stack.enter_context(found(folder))
    servers, postgresql = stack.enter_context(prepared(names, addresses, folder, cores))
    measured = results.begin(results.facts(cores, postgresql, names), arguments.rounds, arguments.seconds, absent)
    print(explanation(measured), flush=True)
    for operation in OPERATIONS:
        if operation.name in arguments.operations:
            part = examine(load, servers, operation, arguments.rounds, arguments.seconds)
            measured["operations"].append(part)
            print(table(part), flush=True)
    return measured


def main() -> int:
    """Measure, print and keep. 1 when it ended early: a slow server is a figure, a server that answers wrongly a fault."""
    arguments = parser().parse_args()
    try:
        with ExitStack() as stack:
            measured = run(arguments, stack)
    except (DidNotStart, EmbeddedError, NoCompiler, WrongAnswer, OSError) as fault:
        print(f"Measuring ended early: {fault}", file=sys.stderr)
        return 1
    whole = (
        not measured["absent"]
        and len(measured["operations"]) == len(OPERATIONS)
        and set(arguments.servers) == set(NAMES)
    )
    path = arguments.results or (results.FILE if whole else None)
    if path is not None:
        results.write(measured, path)
    if path is not None and path.resolve() == results.FILE.resolve():
        chart.FILE.write_text(chart.draw(measured), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
