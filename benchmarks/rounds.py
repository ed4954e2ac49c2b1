"""Asking the servers in turn, again and again, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import orjson

from benchmarks.client import Load, WrongAnswer, lines_to
from benchmarks.operations import Operation
from benchmarks.servers import Server, cpu_seconds

CONNECTIONS: Final = 16
"""How many clients ask at the same time: enough that a server never waits for the next request."""

WARM_UP: Final = 32
FEWEST, MOST = CONNECTIONS, 5000
SIGNED: Final = re.compile(rb"\?expires=\d+&signature=[\w-]+")


@dataclass
class Figures:
    """What was measured of one server and one operation, a value for each round.

    Attributes:
        rates: How many requests were answered in a second.
        cpu_ms: How much processor time the server took for one of them; empty where the system does not tell.
    """

    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median of the requests per second."""
        return median(self.rates)

    @property
    def cpu(self) -> float | None:
        """The median of the processor time."""
        return median(self.cpu_ms) if self.cpu_ms else None


def comparable(answer: bytes) -> bytes:
    """An answer's data as it can be compared, keys in their order; signatures are by each server's own key.

    Raises:
        WrongAnswer: There are errors in it.
    """
    answered = orjson.loads(SIGNED.sub(b"", answer))
    if "errors" in answered:
        raise WrongAnswer(f"errors instead of data: {answered['errors']}")
    return orjson.dumps(answered["data"])


async def answers_of(servers: Sequence[Server], operation: Operation) -> dict[str, bytes]:
    """What each server answers, as it can be compared."""
    found = {}
    for server in servers:
        async with lines_to(server.port, 1) as [line]:
            found[server.name] = comparable(await line.ask(server.request(operation)))
    return found


def difference(found: dict[str, bytes]) -> str | None:
    """Say where answers differ from the first; None when all are the same to the byte."""
    (first, expected), *others = found.items()
    for name, answer in others:
        if answer != expected:
            pairs = zip(answer, expected, strict=False)
            place = next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(answer), len(expected)))
            around = slice(max(0, place - 60), place + 60)
            return f"{name} answers …{answer[around].decode(errors='replace')}…\n{first} answers …{expected[around].decode(errors='replace')}…"
    return None


async def measure(server: Server, operation: Operation, count: int) -> tuple[float, float | None]:
    """Send a number of requests.

    Returns:
        How long they took all together, and how much processor time the server had for them, in seconds.
    """
    async with lines_to(server.port, CONNECTIONS) as lines:
        before = cpu_seconds(server.pid)
        seconds = await Load(server.request(operation), count).run(lines)
        after = cpu_seconds(server.pid)
    return seconds, None if before is None or after is None else after - before


async def alternate(servers: Sequence[Server], operation: Operation, rounds: int, seconds: float) -> dict[str, Figures]:
    """Measure all servers in turn, each time beginning with the next one.

    Args:
        servers: Who is asked.
        operation: For what.
        rounds: How often each has its turn.
        seconds: How long a turn is to last, roughly: the number of requests is found by a first try.

    Returns:
        The figures by the servers' names.
    """
    figures = {server.name: Figures() for server in servers}
    counts = {}
    for server in servers:
        await measure(server, operation, WARM_UP)
        needed, _ = await measure(server, operation, WARM_UP)
        counts[server.name] = max(FEWEST, min(MOST, round(seconds * WARM_UP / needed)))
    for turn in range(rounds):
        shift = turn % len(servers)
        for server in (*servers[shift:], *servers[:shift]):
            count = counts[server.name]
            needed, cpu = await measure(server, operation, count)
            figures[server.name].rates.append(count / needed)
            if cpu is not None:
                figures[server.name].cpu_ms.append(cpu / count * 1000)
    return figures
