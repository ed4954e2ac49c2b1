"""`python -m benchmarks.fanout`: deliveries a second, time to the last socket and memory for each, round by round."""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.servers import Cores, take_cores

ROOT: Final = Path(__file__).parent.parent.parent
OURS: Final = "engine.frames:FrameProtocol"
SERVERS: Final = {
    "raw transport.write": ("raw", OURS),
    "Backline's engine": ("shared", OURS),
    "the same over plain ASGI": ("shared", "websockets-sansio"),
    "an execution for each socket": ("each", OURS),
    "Strawberry as it comes": ("stock", "websockets-sansio"),
}
WARM: Final = 3
EVENTS: Final = {1_000: 40, 5_000: 12}


def resident(pid: int) -> float:
    """KiB of a process in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def burned(pid: int) -> float:
    """Microseconds of CPU that a process has used; other work on the machine hardly changes them."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e3


@contextmanager
def serving(factory: str, protocol: str, cores: Cores) -> Iterator[tuple[int, int]]:
    """Run a server on one core: its port and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        f"benchmarks.fanout.servers:{factory}",
        "--port",
        str(port),
    ]
    command += ["--loop", "uvloop", "--ws", protocol, "--ws-per-message-deflate", "false", "--log-level", "critical"]
    command += ["--no-access-log", "--ws-ping-interval", "600", "--backlog", "8192"]
    process = subprocess.Popen(command, cwd=ROOT)
    if cores.server is not None:
        os.sched_setaffinity(process.pid, {cores.server})
    try:
        while True:
            if process.poll() is not None:
                raise SystemExit(f"{factory} did not start")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def measure(load: Path, name: str, sockets: int, cores: Cores) -> tuple[float, ...]:
    """One run: deliveries a second, median and 99th hundredth of the time to the last socket in ms, CPU, KiB."""
    with serving(*SERVERS[name], cores) as (port, pid):
        time.sleep(0.3)
        before = resident(pid)
        events = EVENTS.get(sockets, max(8, 40_000 // sockets))
        command = [str(load), str(port), str(sockets), str(events), str(WARM)]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            assert running.stdin
            assert running.stdout
            if running.stdout.readline() != "open\n":
                raise SystemExit(f"{name}: the sockets could not be opened")
            time.sleep(1)
            each = (resident(pid) - before) / sockets
            start = burned(pid)
            running.stdin.write("\n")
            running.stdin.flush()
            found = running.stdout.readline().split()
            cost = (burned(pid) - start) / (sockets * (events + WARM))
        if len(found) != 3:
            raise SystemExit(f"{name}: not all was delivered")
        rate, median, late = map(float, found)
        return rate, median, late, cost, each


def main() -> None:
    """Measure and print a table for each number of sockets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, nargs="+", default=[1_000, 5_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS))
    asked = parser.parse_args()
    cores = take_cores()
    with tempfile.TemporaryDirectory() as folder:
        load = Path(folder) / "load"
        subprocess.run(["cc", "-O2", "-o", str(load), str(Path(__file__).parent / "load.c")], check=True)
        for sockets in asked.sockets:
            runs: dict[str, list[tuple[float, ...]]] = {name: [] for name in asked.servers}
            for _ in range(asked.rounds):
                for name in asked.servers:
                    runs[name].append(measure(load, name, sockets, cores))
            report(sockets, runs)


def report(sockets: int, runs: dict[str, list[tuple[float, ...]]]) -> None:
    """Print the medians of the rounds, and the ratio of rates to the first server, taken within each round."""
    first = next(iter(runs.values()))
    out = sys.stdout
    out.write(f"\n{sockets} sockets\n")
    out.write(
        f"{'':32}{'deliveries/s':>14}{'x first':>9}{'to the last, ms: p50':>22}{'p99':>8}{'CPU us':>9}{'KiB each':>10}\n"
    )
    for name, rounds in runs.items():
        rate, median, late, cost, each = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(mine[0] / other[0] for mine, other in zip(rounds, first, strict=True))
        out.write(f"{name:32}{rate:>14,.0f}{ratio:>9.3f}{median:>22.1f}{late:>8.1f}{cost:>9.2f}{each:>10.1f}\n")
    out.flush()


if __name__ == "__main__":
    main()
