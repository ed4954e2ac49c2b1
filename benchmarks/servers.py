"""The servers that are measured, each a process of its own: started on a core, watched and stopped."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from benchmarks import node, tokens
from benchmarks.operations import Operation

ROOT: Final = Path(__file__).parent.parent
POOL_SIZE: Final = 16
STARTING_SECONDS: Final = 60.0
STOPPING_SECONDS: Final = 15.0

BACKLINE: Final = "Backline"
LIMIT: Final = "hand-written"
MERCURIUS: Final = "Mercurius jit"
YOGA: Final = "Yoga jit"
POSTGRAPHILE: Final = "PostGraphile"
IDIOMATIC: Final = "Strawberry"
FACTORIES: Final = {
    BACKLINE: "app:create",
    LIMIT: "benchmarks.handwritten:create",
    IDIOMATIC: "benchmarks.idiomatic.app:create",
}
SCRIPTS: Final = {MERCURIUS: "mercurius.mjs", YOGA: "yoga.mjs", POSTGRAPHILE: "postgraphile.mjs"}
NAMES: Final = (BACKLINE, LIMIT, MERCURIUS, YOGA, POSTGRAPHILE, IDIOMATIC)
UVICORN: Final = (
    *("--factory", "--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"),
    *("--no-access-log", "--no-server-header", "--log-level", "warning", "--app-dir", str(ROOT)),
)


class DidNotStart(Exception):
    """A server did not come up; the text is what it said."""


@dataclass(frozen=True)
class Cores:
    """Which cores are whose; None where there are not two to have."""

    server: int | None
    rest: int | None


def take_cores() -> Cores:
    """Move this process, and with it whatever it starts from now on, off the core that servers are to have."""
    try:
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            return Cores(None, None)
        os.sched_setaffinity(0, {allowed[1]})
    except (AttributeError, OSError):
        return Cores(None, None)
    return Cores(allowed[0], allowed[1])


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        name: Which one.
        pid: Its process.
        port: Where it listens on this machine.
        token: Whom it is asked by.
    """

    name: str
    pid: int
    port: int
    token: str

    def request(self, operation: Operation) -> bytes:
        """How this server is asked for an operation."""
        return operation.as_address(self.token) if self.name == LIMIT else operation.as_graphql(self.token)


def cpu_seconds(pid: int) -> float | None:
    """The processor time that all threads of a process have had; None where the system does not tell."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except OSError:
        return None


def environment(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """The settings of all servers: nothing of ours is taken over from outside."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ", "TMPDIR"}}
    return kept | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "POOL_SIZE": str(POOL_SIZE),
        "NODE_ENV": "production",
        # Costs are computed; nobody's budget is counted, for one client asks for everything here.
        "POINTS_PER_MINUTE": "0",
        "REQUESTS_PER_MINUTE": "0",
        "PUBLIC_URL": "http://localhost:8000",
        "BACKLINE_DATA": str(folder / "data"),
        "JWT_SECRET": secrets.token_urlsafe(48),
        "BACKLINE_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def serving(name: str, settings: Mapping[str, str], folder: Path, core: int | None) -> Iterator[Server]:
    """Run one server.

    Args:
        name: Which one, of `NAMES`.
        settings: Its whole environment.
        folder: Where it runs and where its log goes.
        core: The core it is to have, or None for any.

    Yields:
        The server, once it takes connections.

    Raises:
        DidNotStart: It ended, or took too long.
    """
    port = free_port()
    environment = {**settings, "PORT": str(port)}
    with (folder / f"{name}.log").open("w+b") as words, on_core(core):
        process = subprocess.Popen(
            command(name, port), env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=words, stderr=words
        )
    with (folder / f"{name}.log").open("rb") as words:
        try:
            wait_for(process, port, words)
            yield Server(name, process.pid, port, tokens.issue(settings))
        finally:
            stop(process)


def command(name: str, port: int) -> Sequence[str]:
    """How a server is started."""
    if name in SCRIPTS:
        return (str(node.PROGRAM), str(node.PEERS / SCRIPTS[name]))
    return (sys.executable, "-m", "uvicorn", FACTORIES[name], *UVICORN, "--port", str(port))


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Have what is started meanwhile, with all threads that it will ever have, on a core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def wait_for(process: subprocess.Popen[bytes], port: int, words: IO[bytes]) -> None:
    """Wait until a server takes connections."""
    deadline = time.monotonic() + STARTING_SECONDS
    while not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            words.seek(0)
            said = words.read().decode(errors="replace").strip()
            raise DidNotStart("\n".join(said.splitlines()[-12:]) or "It said nothing.")
        time.sleep(0.1)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, by force if it does not go."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def all_serving(
    names: Sequence[str], settings: Mapping[str, str], folder: Path, core: int | None
) -> Iterator[list[Server]]:
    """Run several servers at once; all but the one that is asked are idle."""
    with ExitStack() as running:
        yield [running.enter_context(serving(name, settings, folder, core)) for name in names]
