"""Results as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.operations import LEFT_OUT
from benchmarks.results import Results
from benchmarks.servers import BACKLINE, IDIOMATIC, LIMIT, MERCURIUS, POSTGRAPHILE, YOGA

WIDTHS: Final = (16, 12, 18, 10, 10, 25, 25)
HEADINGS: Final = ("", "requests/s", "CPU ms each", "p50 ms", "p99 ms", "Backline is, by rate", "by CPU")
MEASURES: Final = {"rate": "requests/s", "cpu": "CPU"}


def explanation(results: Results) -> str:
    """Say what is compared, and under which conditions."""
    machine, load = results["machine"], results["load"]
    pinned = (
        "Each server is one process on one core; the load and PostgreSQL have the other."
        if machine["pinned"]
        else "No process is pinned to a core."
    )
    lines = [
        f"{BACKLINE}: the app as it is deployed, with sign-in, costs, limits of documents, masked errors, metrics; only the",
        "budgets per minute are off, for one client asks for everything here.",
        f"{LIMIT}: Starlette endpoints for these screens alone, of asyncpg rows, dicts and orjson (the limit).",
        f"{MERCURIUS}, {YOGA}: graphql-jit, batches for each relation, cached documents, prepared statements of the columns",
        f"that are asked for. {POSTGRAPHILE}: its generated schema, extended by what has other names here.",
        f"{IDIOMATIC}: as it is usually written, with ORM rows, resolvers, dataloaders; document caches, the collector tuned.",
        pinned,
        f"{load['connections']} connections ask at a time, {load['pool']} go to the database.",
        "All verify the same token once and remember that it holds; Backline alone also looks, every few seconds, whether",
        "the session was ended. Before anything is measured, all answers are compared, but for signatures, how cursors are",
        "written and the order of fields with graphql-jit.",
        *([f"Left out, because it is not served yet: {', '.join(sorted(LEFT_OUT))}."] if LEFT_OUT else []),
        *(f"{name} is not measured: {why}." for name, why in results["absent"].items()),
        f"Medians of {load['rounds']} alternating rounds of {load['seconds']:g} s, quartiles in brackets; the first request of each turn",
        "is not counted. Ratios are taken within each round. CPU is what the whole server process took, divided by the",
        "requests; other work on the machine changes it less than it changes requests/s.",
        versions(machine),
    ]
    return "\n".join(lines) + "\n"


def versions(machine: Results) -> str:
    """What ran."""
    packages = ", ".join(f"{name} {found}" for name, found in machine["packages"].items())
    node = f", Node.js {machine['node'].removeprefix('v')}" if "node" in machine else ""
    return (
        f"{machine['cores']} cores of {machine['processor']}, Python {machine['python']}{node}, "
        f"PostgreSQL {machine['postgresql']};\n{packages}."
    )


def table(operation: Results) -> str:
    """One operation: a line for each server, and how the goals were met."""
    asked = ", ".join(f"{name}: {value}" for name, value in operation["variables"].items())
    busy = operation["load_average"]
    loaded = "" if busy is None else f", load average {busy:.1f}"
    lines = [
        f"{operation['name']}({asked}): {operation['bytes'] / 1000:.1f} kB{loaded}",
        row(HEADINGS),
        *(row((name, *cells(found, operation["ratios"].get(name)))) for name, found in operation["servers"].items()),
        *(verdict(goal, operation["ratios"][goal["beside"]]) for goal in operation["goals"]),
    ]
    return "\n".join(lines) + "\n"


def cells(found: Results, ratio: Results | None) -> list[str]:
    """One server's figures, and how Backline stands to it."""
    rate, cpu = found["rate"], found["cpu_ms"]
    return [
        f"{rate[1]:,.0f}",
        "?" if cpu is None else f"{cpu[1]:.3f} ±{(cpu[2] - cpu[0]) / 2:.3f}",
        f"{found['p50_ms'][1]:.2f}",
        f"{found['p99_ms'][1]:.2f}",
        *(("-", "-") if ratio is None else (times(ratio["rate"]), times(ratio["cpu"]))),
    ]


def times(ratio: Sequence[float] | None) -> str:
    """A ratio with its quartiles."""
    return "?" if ratio is None else f"{ratio[1]:.2f} ({ratio[0]:.2f} to {ratio[2]:.2f})"


def verdict(goal: Results, ratio: Results) -> str:
    """How one goal was met."""
    said = (
        f"{MEASURES[name]} {ratio[name][1]:.2f} {'reached' if reached else 'not reached'}"
        for name, reached in goal["reached"].items()
    )
    return f"  goal {goal['least']:g} x {goal['beside']}: {', '.join(said)}"


def row(texts: tuple[str, ...]) -> str:
    """A line of the table."""
    return f"{texts[0]:<{WIDTHS[0]}}" + "".join(
        f"{text:>{width}}" for text, width in zip(texts[1:], WIDTHS[1:], strict=True)
    )
