"""What was measured, as it is kept: medians with their quartiles, ratios within each round, goals, facts of the machine."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from benchmarks import node
from benchmarks.operations import Operation
from benchmarks.rounds import CONNECTIONS, Figures
from benchmarks.servers import BACKLINE, IDIOMATIC, LIMIT, MERCURIUS, POOL_SIZE, POSTGRAPHILE, YOGA, Cores

FILE: Final = Path(__file__).parent / "results.json"
PYTHON_PACKAGES: Final = (
    "strawberry-graphql",
    "graphql-core",
    "starlette",
    "uvicorn",
    "uvloop",
    "asyncpg",
    "SQLAlchemy",
)
NODE_PACKAGES: Final = ("mercurius", "fastify", "graphql-yoga", "graphql-jit", "postgraphile", "graphql", "pg")

LISTS: Final = {MERCURIUS: 2.0, YOGA: 2.0, POSTGRAPHILE: 3.0, LIMIT: 0.9}
GOALS: Final[Mapping[str, Mapping[str, float]]] = {
    "UserProfile": {MERCURIUS: 0.9},
    "LiveBroadcasts": {**LISTS, IDIOMATIC: 25.0},
    "LiveRoomsWithChat": {**LISTS, IDIOMATIC: 30.0},
}
"""How many times as good as others Backline is to be, by requests per second and by processor time."""

Results = dict[str, Any]


def facts(cores: Cores, postgresql: str, names: Sequence[str]) -> Results:
    """What the figures depend on and what can be told without saying whose machine it is."""
    found: Results = {
        "cores": os.cpu_count(),
        "pinned": cores.server is not None,
        "processor": processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "postgresql": postgresql,
        "packages": {name: version(name) for name in PYTHON_PACKAGES},
    }
    if {MERCURIUS, YOGA, POSTGRAPHILE} & set(names):
        named = json.loads((node.PEERS / "package.json").read_text())["dependencies"]
        found["node"] = node.version()
        found["packages"] |= {name: named[name] for name in NODE_PACKAGES}
    return found


def processor() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def begin(machine: Results, rounds: int, seconds: float, absent: Mapping[str, str]) -> Results:
    """Results without operations.

    Args:
        machine: What `facts` found.
        rounds: How often each server has its turn.
        seconds: How long a turn lasts.
        absent: Which servers are left out, and why.
    """
    return {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "load": {"connections": CONNECTIONS, "rounds": rounds, "seconds": seconds, "pool": POOL_SIZE},
        "absent": dict(absent),
        "operations": [],
    }


def examined(operation: Operation, size: int, busy: float | None, figures: Mapping[str, Figures]) -> Results:
    """One operation's part of the results.

    Args:
        operation: Which.
        size: How many bytes of data the answer has.
        busy: The machine's load average when it was over.
        figures: What was measured, by servers.
    """
    return {
        "name": operation.name,
        "variables": operation.variables,
        "bytes": size,
        "load_average": busy,
        "servers": {name: shown(found) for name, found in figures.items()},
        "ratios": ratios(figures),
        "goals": goals(operation.name, ratios(figures)),
    }


def shown(found: Figures) -> Results:
    """One server's figures: the lower quartile, the median and the upper quartile of its rounds."""
    kept = {"rate": found.rates, "cpu_ms": found.cpu_ms, "p50_ms": found.p50, "p99_ms": found.p99}
    return {name: spread(values) for name, values in kept.items()}


def ratios(figures: Mapping[str, Figures]) -> dict[str, Results]:
    """How many times as good as each other server Backline is.

    Each round is compared by itself, as the machine was the same for both then.
    """
    if BACKLINE not in figures:
        return {}
    ours = figures[BACKLINE]
    return {
        name: {
            "rate": spread([mine / other for mine, other in zip(ours.rates, theirs.rates, strict=True)]),
            "cpu": spread([other / mine for mine, other in zip(ours.cpu_ms, theirs.cpu_ms, strict=True) if mine]),
        }
        for name, theirs in figures.items()
        if name != BACKLINE
    }


def goals(operation: str, compared: Mapping[str, Results]) -> list[Results]:
    """Whether what is aimed at was reached; by each measure alone, for only one of them depends on who else is busy."""
    found = []
    for other, least in GOALS.get(operation, {}).items():
        if other in compared:
            reached = {name: values[1] >= least for name, values in compared[other].items() if values is not None}
            found.append({"beside": other, "least": least, "reached": reached})
    return found


def spread(values: Sequence[float]) -> list[float] | None:
    """The lower quartile, the median and the upper quartile; None of nothing."""
    if not values:
        return None
    found = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return [float(f"{value:.4g}") for value in found]


def write(results: Results, path: Path) -> None:
    """Keep results."""
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Results:
    """Read results that were kept."""
    found: Results = json.loads(path.read_text(encoding="utf-8"))
    return found
