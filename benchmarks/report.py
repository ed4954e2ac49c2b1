"""Figures as text."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Final

from benchmarks.operations import LEFT_OUT, Operation
from benchmarks.rounds import CONNECTIONS, Figures
from benchmarks.servers import BACKLINE, IDIOMATIC, LIMIT, POOL_SIZE, Cores

GOALS_FOR: Final = "LiveRoomsWithChat"
OF_LIMIT: Final = 0.8
OF_IDIOMATIC: Final = 20.0
HEADINGS: Final = ("", "requests/s", "CPU ms each", "of limit", "(by CPU)", "x idiomatic", "(by CPU)")


def explanation(cores: Cores, *, own_databases: bool) -> str:
    """Say what is compared, and under which conditions."""
    pinned = "No process is pinned to a core."
    if cores.server is not None:
        beside = "client and PostgreSQL" if own_databases else "client"
        pinned = f"Servers run on core {cores.server}, {beside} on core {cores.rest}."
    lines = (
        f"{BACKLINE}: the app as it is deployed. {LIMIT}: Starlette endpoints for these screens alone, of asyncpg rows,",
        f"dicts and orjson (the limit). {IDIOMATIC}: Strawberry with ORM rows, resolvers, dataloaders, document caches.",
        f"Each is one uvicorn process (uvloop, httptools) with {POOL_SIZE} connections to the same PostgreSQL, jit off,",
        "and the same settings of the garbage collector.",
        f"{pinned} {CONNECTIONS} clients ask at a time, without tokens: these are public reads.",
        "Before anything is measured, all answers are compared, to the byte but for signatures.",
        f"Left out of the contract's operations, because it belongs to a later feature: {', '.join(sorted(LEFT_OUT))}.",
        "Medians of alternating rounds; ratios are taken within each round. CPU is what the whole server process took,",
        "divided by the requests; unlike requests/s it does not tell how fast client and PostgreSQL are.",
    )
    return "\n".join(lines) + "\n"


def table(operation: Operation, size: int, figures: Mapping[str, Figures]) -> str:
    """One operation: a line for each server, and how the goals were met."""
    asked = ", ".join(f"{name}: {value}" for name, value in operation.variables.items())
    lines = [
        f"{operation.name}({asked}): {size / 1000:.1f} kB",
        row(HEADINGS),
        *(row((name, *cells(found, figures))) for name, found in figures.items()),
    ]
    if operation.name == GOALS_FOR:
        lines.append(goals(figures))
    return "\n".join(lines) + "\n"


def cells(found: Figures, figures: Mapping[str, Figures]) -> list[str]:
    """One server's figures, and how they stand to the others'."""
    shown = [f"{found.rate:,.0f}", "?" if found.cpu is None else f"{found.cpu:.3f}"]
    for other in (LIMIT, IDIOMATIC):
        rate, cpu = against(found, figures.get(other))
        shown += [decimals(rate), decimals(cpu)]
    return shown


def against(found: Figures, other: Figures | None) -> tuple[float | None, float | None]:
    """How many times as good as another server one is, by requests per second and by processor time.

    Each round is compared by itself, as the machine was the same for both then; the median of that is given.
    """
    if other is None:
        return None, None
    rates = [mine / theirs for mine, theirs in zip(found.rates, other.rates, strict=True)]
    cpus = [theirs / mine for mine, theirs in zip(found.cpu_ms, other.cpu_ms, strict=True) if mine]
    return median(rates), median(cpus) if cpus else None


def goals(figures: Mapping[str, Figures]) -> str:
    """Say how Backline stands to what is aimed at."""
    said = []
    for other, least, words in ((LIMIT, OF_LIMIT, "of the limit"), (IDIOMATIC, OF_IDIOMATIC, "x the idiomatic")):
        if BACKLINE in figures and other in figures:
            rate, cpu = against(figures[BACKLINE], figures[other])
            verdict = "met" if (cpu or rate or 0) >= least else "not met"
            said.append(f"{least:g} {words}: {verdict} ({decimals(rate)} by requests/s, {decimals(cpu)} by CPU)")
    return f"Goals: {'; '.join(said)}." if said else "Goals: nothing to compare."


def decimals(value: float | None) -> str:
    """A ratio as text."""
    return "-" if value is None else f"{value:.2f}"


def row(texts: tuple[str, ...]) -> str:
    """A line of the table."""
    return f"{texts[0]:<14}" + "".join(f"{text:>13}" for text in texts[1:])
