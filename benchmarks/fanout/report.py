"""Figures as text and as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import orjson

from benchmarks.fanout.clients import Burst
from benchmarks.fanout.kinds import ENGINE, GRAPHQL_WS, MERCURIUS, ONE_ID, RAW, STOCK, WHOLE
from benchmarks.servers import Cores

RESULTS: Final = Path(__file__).parent / "results.json"
LAST_MS: Final = 50.0
MOST_MEMORY: Final = 1.35
RATIOS: Final = ((RAW, 0.9), (STOCK, 30.0), (GRAPHQL_WS, 6.0), (MERCURIUS, 6.0))
"""What our deliveries a second are to be in those of others, at least."""

COLUMNS: Final[tuple[tuple[str, Callable[[Burst], float]], ...]] = (
    ("rate", lambda burst: burst.rate),
    ("first_ms", lambda burst: burst.first),
    ("last_ms", lambda burst: burst.last),
    ("late_ms", lambda burst: burst.late),
    ("cpu_us", lambda burst: burst.cpu),
)


@dataclass(frozen=True)
class Section:
    """What was measured with one number of sockets.

    Attributes:
        sockets: How many.
        bursts: Those of each server, one for each round.
        memory: KiB that a socket costs each server.
    """

    sockets: int
    bursts: Mapping[str, Sequence[Burst]]
    memory: Mapping[str, float]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and between what half of the values lie."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return middle, low, high


def ratios(found: Section, mine: str, other: str) -> tuple[list[float], list[float]]:
    """How many times as good as another one server was, in each round: by deliveries a second, and by processor time."""
    pairs = list(zip(found.bursts[mine], found.bursts[other], strict=True))
    return [a.rate / b.rate for a, b in pairs], [b.cpu / a.cpu for a, b in pairs if a.cpu]


def explanation(cores: Cores, files: int) -> str:
    """Say what is compared, and under which conditions."""
    pinned = "No process is pinned to a core."
    if cores.server is not None:
        pinned = f"Servers run on core {cores.server}, clients, PostgreSQL and Valkey on core {cores.rest}."
    lines = (
        f"{RAW}: a loop that writes one frame, made once for ever, to every socket's transport (the limit).",
        f"{ENGINE}: engine/ with a room in memory; each socket has an id of its own, as clients make them ({ONE_ID}: or not).",
        f"{WHOLE}: `app:create` over PostgreSQL and Valkey; strangers follow a room with the contract's BroadcastEvents;",
        "its curator says something by the contract's SendMessage over HTTP, so the time to the first socket has its transaction in it.",
        f"{STOCK}: its own transport. {GRAPHQL_WS}, {MERCURIUS}: as their manuals show it.",
        f"{pinned} All servers are open at once; each says something in its turn, the others wait.",
        "An event is said when the last socket has the one before. Medians of the rounds; ratios are taken within each round.",
        "CPU is the whole server process, by deliveries. Sockets come from 200 addresses, as the limit of 1,000 for one wants",
        f"it; up to {files:,} files may be open, and the budgets by the minute are off. No pings, no compression.",
    )
    return "\n".join(lines) + "\n"


def table(found: Section) -> str:
    """A line for each server, and how the goals were met."""
    head = (
        "",
        "deliveries/s",
        "of raw",
        "(by CPU)",
        "x stock",
        "(by CPU)",
        "first ms",
        "last ms",
        "p99",
        "CPU us",
        "KiB",
    )
    lines = [f"\n{found.sockets:,} sockets", row(head)]
    for name, bursts in found.bursts.items():
        middle = {column: median(value(burst) for burst in bursts) for column, value in COLUMNS}
        shown = [f"{middle['rate']:,.0f}"]
        for other in (RAW, STOCK):
            both = ratios(found, name, other) if other in found.bursts else ([], [])
            shown += [f"{median(values):.2f}" if values else "-" for values in both]
        shown += [f"{middle[column]:.1f}" for column in ("first_ms", "last_ms", "late_ms")]
        lines.append(row((name, *shown, f"{middle['cpu_us']:.2f}", f"{found.memory[name]:.1f}")))
    return "\n".join([*lines, *(goal["text"] for goal in goals(found))]) + "\n"


def goals(found: Section) -> list[dict[str, Any]]:
    """How what is aimed at was met, for the engine alone and for the whole server."""
    said = []

    def add(what: str, mine: str, value: float, met: bool, more: str) -> None:
        text = f"{mine}: {what}: {'met' if met else 'not met'} ({more})"
        said.append({"sockets": found.sockets, "server": mine, "goal": what, "value": value, "met": met, "text": text})

    for mine in (name for name in (ENGINE, WHOLE) if name in found.bursts):
        for other, least in RATIOS:
            if other not in found.bursts:
                continue
            rate, cpu = ratios(found, mine, other)
            middle, low, high = spread(rate)
            more = f"{middle:.2f}, half of the rounds {low:.2f}-{high:.2f}; by CPU {median(cpu):.2f}"
            # A busy machine takes time from either side; processor time tells what is needed.
            add(f"{least:g} of {other}", mine, middle, max(middle, median(cpu)) >= least, more)
        middle, low, high = spread([burst.last for burst in found.bursts[mine]])
        if found.sockets >= 5_000:
            add(
                f"the last within {LAST_MS:g} ms",
                mine,
                middle,
                middle <= LAST_MS,
                f"{middle:.1f} ms, {low:.1f}-{high:.1f}",
            )
        if mine == WHOLE and RAW in found.bursts:
            # The transaction is no part of telling: what stands beside the bare loop is the time from the first socket on.
            theirs = [burst.last - burst.first for burst in found.bursts[RAW]]
            own = [burst.last - burst.first for burst in found.bursts[mine]]
            middle, low, high = spread([a / b for a, b in zip(theirs, own, strict=True)])
            more = f"{middle:.2f}, half of the rounds {low:.2f}-{high:.2f}; {median(own):.1f} ms beside {median(theirs):.1f}"
            add("0.9 of the bare loop from the first socket to the last", mine, middle, middle >= 0.9, more)
        if RAW in found.memory:
            times = found.memory[mine] / found.memory[RAW]
            add(f"{MOST_MEMORY:g} of a bare socket's memory", mine, times, times <= MOST_MEMORY, f"{times:.2f}")
    return said


def row(texts: Sequence[str]) -> str:
    """A line of the table."""
    return f"{texts[0]:<28}" + f"{texts[1]:>13}" + "".join(f"{text:>10}" for text in texts[2:])


def write(path: Path, sections: Sequence[Section]) -> None:
    """Write all rounds, and how the goals were met, for those who draw or compare."""
    written = [
        {
            "sockets": found.sockets,
            "servers": {
                name: {"memory_kib": round(found.memory[name], 2)}
                | {column: [round(value(burst), 3) for burst in bursts] for column, value in COLUMNS}
                for name, bursts in found.bursts.items()
            },
            "goals": goals(found),
        }
        for found in sections
    ]
    path.write_bytes(orjson.dumps(written, option=orjson.OPT_INDENT_2) + b"\n")
