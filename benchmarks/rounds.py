"""Asking the servers in turn, again and again, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from benchmarks.client import Load, WrongAnswer, ask
from benchmarks.operations import Operation
from benchmarks.servers import MERCURIUS, YOGA, Server, cpu_seconds

CONNECTIONS: Final = 16
"""How many clients ask at the same time: enough that a server never waits for the next request."""

WARM_UP: Final = 6
"""How many turns long each part of the warming up is."""
WARM_PARTS: Final = 3
WARM_ANSWERS: Final = 500
"""By then everybody has compiled and cached what they compile and cache, JavaScript engines included."""

SIGNED: Final = re.compile(rb"\?expires=\d+&signature=[\w-]+")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
REORDERING: Final = frozenset({MERCURIUS, YOGA})
CURSORS: Final = frozenset({"cursor", "startCursor", "endCursor"})


@dataclass
class Figures:
    """What was measured of one server and one operation, a value for each round.

    Attributes:
        rates: How many requests were answered in a second.
        cpu_ms: How much processor time the server took for one of them; empty where the system does not tell.
        p50: The median of how late answers came, in ms.
        p99: The 99th hundredth of that.
    """

    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


def comparable(answer: bytes) -> bytes:
    """An answer's data as it can be compared, keys in their order.

    Signatures are by each server's own key, cursors are each server's own and only tell places apart, and a moment or a
    whole number can be written in several ways.

    Raises:
        WrongAnswer: There are errors in it.
    """
    answered = orjson.loads(SIGNED.sub(b"", answer))
    if "errors" in answered:
        raise WrongAnswer(f"errors instead of data: {answered['errors']}")
    return orjson.dumps(plain(answered["data"], {}))


def plain(value: Any, cursors: dict[str, str]) -> Any:
    """A value with moments and numbers written in one way, and cursors numbered in the order in which they first appear."""
    if isinstance(value, dict):
        return {
            name: cursors.setdefault(item, f"cursor {len(cursors)}")
            if name in CURSORS and isinstance(item, str)
            else plain(item, cursors)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [plain(item, cursors) for item in value]
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return datetime.fromisoformat(value).isoformat()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def answers_of(servers: Sequence[Server], operation: Operation) -> dict[str, bytes]:
    """What each server answers, as it can be compared.

    Raises:
        WrongAnswer: A server does not answer with data.
    """
    found = {}
    for server in servers:
        try:
            found[server.name] = comparable(ask(server.port, server.request(operation)))
        except WrongAnswer as fault:
            raise WrongAnswer(f"{server.name}: {fault}") from fault
    return found


def difference(found: dict[str, bytes]) -> str | None:
    """Say where answers differ from the first; None when all are the same to the byte.

    graphql-jit does not keep to the order of fields when there are fragments; the peers that run it may have another one.
    """
    (first, as_asked), *others = found.items()
    for name, given in others:
        answer, expected = (sort(given), sort(as_asked)) if name in REORDERING else (given, as_asked)
        if answer != expected:
            pairs = zip(answer, expected, strict=False)
            place = next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(answer), len(expected)))
            around = slice(max(0, place - 60), place + 60)
            return f"{name} answers …{answer[around].decode(errors='replace')}…\n{first} answers …{expected[around].decode(errors='replace')}…"
    return None


def sort(answer: bytes) -> bytes:
    """An answer with the fields of each object in the order of their names."""
    return orjson.dumps(orjson.loads(answer), option=orjson.OPT_SORT_KEYS)


def measure(load: Load, server: Server, operation: Operation, seconds: float, figures: Figures) -> None:
    """Give a server its turn.

    It is asked once before anything is counted, for it has been idle since its last turn: what is believed for a few
    seconds, such as a token, has to be looked at again.
    """
    load.run(server.port, server.request(operation), 1, 0)
    before = cpu_seconds(server.pid)
    turn = load.run(server.port, server.request(operation), CONNECTIONS, seconds)
    after = cpu_seconds(server.pid)
    figures.rates.append(turn.answers / turn.seconds)
    figures.p50.append(turn.p50)
    figures.p99.append(turn.p99)
    if before is not None and after is not None:
        figures.cpu_ms.append((after - before) / turn.answers * 1000)


def warm(load: Load, server: Server, operation: Operation, seconds: float) -> None:
    """Ask a server until it has answered often enough, or for so long that it will not get faster."""
    answered = 0
    for _ in range(WARM_PARTS):
        if answered < WARM_ANSWERS:
            answered += load.run(server.port, server.request(operation), CONNECTIONS, seconds * WARM_UP).answers


def alternate(
    load: Load, servers: Sequence[Server], operation: Operation, rounds: int, seconds: float
) -> dict[str, Figures]:
    """Measure all servers in turn, each time beginning with the next one.

    Args:
        load: Who asks.
        servers: Who is asked.
        operation: For what.
        rounds: How often each has its turn.
        seconds: How long a turn lasts.

    Returns:
        The figures by the servers' names.

    Raises:
        WrongAnswer: A server fails under load.
    """
    figures = {server.name: Figures() for server in servers}
    for server in servers:
        warm(load, server, operation, seconds)
    for turn in range(rounds):
        shift = turn % len(servers)
        for server in (*servers[shift:], *servers[:shift]):
            measure(load, server, operation, seconds, figures[server.name])
    return figures


def busy() -> float | None:
    """How many processes wanted a core during the last minute; None where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None
