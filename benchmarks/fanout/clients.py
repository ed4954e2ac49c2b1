"""The many clients of one server: a program in C opens their sockets, and counts what comes in on them."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from benchmarks.fanout.kinds import Running
from benchmarks.fanout.whole import ANEW
from benchmarks.servers import cpu_seconds

QUIET_SECONDS: Final = 0.3
QUIET: Final = 0.01
"""How much of `QUIET_SECONDS` a server may work, in seconds, and still count as having nothing to do."""
PATIENCE: Final = 60.0


@dataclass(frozen=True)
class Burst:
    """What was measured of some events in a row.

    Attributes:
        rate: Deliveries a second.
        first: Milliseconds from the request that says something until the first socket has it; the median.
        last: Until the last socket has it; the median.
        late: The same, the 99th hundredth.
        cpu: Microseconds of the server's processor time for one delivery, with its share of everything else.
    """

    rate: float
    first: float
    last: float
    late: float
    cpu: float


@dataclass(frozen=True)
class Clients:
    """Sockets that follow one server.

    Attributes:
        running: The server.
        sockets: How many.
        memory: KiB that each costs the server.
    """

    running: Running
    sockets: int
    memory: float
    _into: IO[str]
    _out: IO[str]

    def hear(self, events: int) -> Burst:
        """Have so many events said, one after the other, each when the last socket has the one before."""
        before = cpu_seconds(self.running.pid) or 0.0
        self._into.write(f"{events}\n")
        self._into.flush()
        found = self._out.readline().split()
        after = cpu_seconds(self.running.pid) or 0.0
        if len(found) != 4:
            raise SystemExit(f"{self.running.kind.command}: not everything was delivered")
        rate, first, last, late = map(float, found)
        return Burst(rate, first, last, late, (after - before) * 1e6 / (self.sockets * events))


def build(folder: Path) -> Path:
    """Compile the client."""
    made = folder / "load"
    subprocess.run(["cc", "-O2", "-o", str(made), str(Path(__file__).parent / "load.c")], check=True)
    return made


def resident(pid: int) -> float:
    """KiB of a process in memory that are its own."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("RssAnon")).split()[1])


def wait_until_quiet(pid: int) -> None:
    """Wait until a server has done what it was asked."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        before = cpu_seconds(pid) or 0.0
        time.sleep(QUIET_SECONDS)
        if (cpu_seconds(pid) or 0.0) - before < QUIET:
            return


@contextmanager
def opened(program: Path, running: Running, sockets: int, folder: Path) -> Iterator[Clients]:
    """Open the sockets of one server, and have them follow.

    Args:
        program: The compiled client.
        running: The server.
        sockets: How many.
        folder: Where what they say is put.
    """
    names = []
    for name in ("init", "subscribe", "publish"):
        path = folder / f"{running.port}.{name}"
        path.write_text(running.kind.messages[name].replace(ANEW, secrets.token_hex(len(ANEW) // 2)), newline="")
        names.append(str(path))
    wait_until_quiet(running.pid)
    before = resident(running.pid)
    command = [str(program), str(running.port), str(sockets), str(running.kind.first), *names]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            if process.stdout.readline() != "open\n":
                raise SystemExit("The sockets could not be opened.")
            wait_until_quiet(running.pid)
            each = (resident(running.pid) - before) / sockets
            yield Clients(running, sockets, each, process.stdin, process.stdout)
        finally:
            process.kill()
