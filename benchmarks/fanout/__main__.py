"""`python -m benchmarks.fanout`: deliveries a second, time to the last socket and memory for each server, in turns."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks import node
from benchmarks.__main__ import found
from benchmarks.fanout import kinds, report
from benchmarks.fanout.clients import Burst, Clients, build, opened
from benchmarks.fanout.kinds import Kind, serving
from benchmarks.fanout.whole import standing
from benchmarks.servers import Cores, take_cores

NAMES: Final = (
    *(kinds.RAW, kinds.ENGINE, kinds.ONE_ID, kinds.WHOLE),
    *(kinds.GRAPHQL_WS, kinds.MERCURIUS, kinds.STOCK),
)
MORE: Final = (kinds.PLAIN_ASGI, kinds.EACH)
SECONDS: Final = 0.5
FEWEST, MOST = 2, 40


def open_files() -> int:
    """Let this process, and whoever it starts, open as many files as the system lets it; how many that are."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


@contextmanager
def known(names: Sequence[str], folder: Path) -> Iterator[dict[str, Kind]]:
    """What is compared, with all that it stands on."""
    with ExitStack() as stack:
        whole = None
        if kinds.WHOLE in names:
            whole = stack.enter_context(standing(stack.enter_context(found(folder)), folder))
        program = node.install() if {kinds.GRAPHQL_WS, kinds.MERCURIUS} & set(names) else None
        made = kinds.kinds(whole, program)
        yield {name: made[name] for name in names}


def measure(
    program: Path, compared: dict[str, Kind], sockets: int, rounds: int, cores: Cores, folder: Path
) -> tuple[dict[str, list[Burst]], dict[str, float]]:
    """Open the sockets of all servers, and have each say something in its turn.

    Returns:
        The bursts of each server, one for each round, and the KiB that a socket costs it.
    """
    with ExitStack() as stack:
        clients: dict[str, Clients] = {}
        for name, kind in compared.items():
            running = stack.enter_context(serving(kind, cores.server, folder))
            clients[name] = stack.enter_context(opened(program, running, sockets, folder))
        events = {}
        for name, client in clients.items():
            client.hear(FEWEST)
            tried = client.hear(FEWEST)
            events[name] = max(FEWEST, min(MOST, round(SECONDS * tried.rate / sockets)))
        bursts: dict[str, list[Burst]] = {name: [] for name in clients}
        order = list(clients)
        for turn in range(rounds):
            shift = turn % len(order)
            for name in (*order[shift:], *order[:shift]):
                bursts[name].append(clients[name].hear(events[name]))
        return bursts, {name: client.memory for name, client in clients.items()}


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description=__doc__)
    made.add_argument("--sockets", type=int, nargs="+", default=[1_000, 5_000], help="how many follow (1000 5000)")
    made.add_argument("--rounds", type=int, default=15, help="turns of each server (15)")
    made.add_argument("--servers", nargs="+", choices=[*NAMES, *MORE], default=list(NAMES), help="who is compared")
    made.add_argument("--results", type=Path, default=report.RESULTS, help="where the figures are written")
    return made


def main() -> int:
    """Measure, print and write. Always 0: figures are for people to read, and a busy machine is nobody's fault."""
    asked = parser().parse_args()
    files, cores = open_files(), take_cores()
    sys.stdout.write(report.explanation(cores, files))
    sections = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="backline-fanout-")))
        program = build(folder)
        compared = stack.enter_context(known(asked.servers, folder))
        for sockets in asked.sockets:
            section = report.Section(sockets, *measure(program, compared, sockets, asked.rounds, cores, folder))
            sys.stdout.write(report.table(section))
            sys.stdout.flush()
            sections.append(section)
    report.write(asked.results, sections)
    return 0


if __name__ == "__main__":
    sys.exit(main())
