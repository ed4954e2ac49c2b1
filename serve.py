"""Everything in one command: databases, migrations, the web process, a worker and, in the demo, its cast."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from db import migrate
from integrations.embedded import hold
from integrations.embedded.processes import dying_with_us
from settings import Settings, SettingsRefused

log = logging.getLogger(__name__)

# The web process drains its sockets for up to ten seconds; nobody takes longer.
GRACE_SECONDS: Final = 12.0
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
# A process that lived this long had started well: the next attempt is a first one again.
HEALTHY_SECONDS: Final = 30.0
MOST_FAILURES: Final = 5
INTERRUPTED: Final = 130
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SANDBOX_HOST: Final = "127.0.0.1"
"""The sandbox is for this machine alone, wherever the server itself listens."""

Command = Sequence[str]


class Part:
    """One process that is kept running, with what has to be done once before it."""

    def __init__(self, name: str, command: Command, before: Command | None = None) -> None:
        self.name = name
        self.command = command
        self.before = before
        self.prepared = asyncio.Event()
        self.leave = asyncio.Event()


class GaveUp(Exception):
    """A process ends again and again as soon as it is started."""


def serve(settings: Settings) -> int:
    """Run the whole server until SIGINT, SIGTERM or SIGHUP; a second one hurries.

    Returns:
        The status to exit with: 0 when told to stop, 1 when a process could not be kept running.

    Raises:
        SettingsRefused: The port cannot be listened on; nothing was started.
        EmbeddedError: The embedded databases cannot be started.
        SQLAlchemyError: The database cannot be migrated.
    """
    began = time.monotonic()
    _check_ports(settings)
    # Explicitly, because a shell starts what it puts in the background with SIGINT ignored.
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        with _environment(settings) as environment:
            migrate.upgrade(environment["DATABASE_URL"])
            return asyncio.run(run(_parts(settings), environment, settings, began))
    except KeyboardInterrupt:
        return INTERRUPTED


def _check_ports(settings: Settings) -> None:
    wanted = [("PORT", settings.host, settings.port)]
    if settings.demo:
        wanted.append(("SANDBOX_PORT", SANDBOX_HOST, settings.sandbox_port))
        wanted.append(("SANDBOX_MAIL_PORT", SANDBOX_HOST, settings.sandbox_mail_port))
    for name, host, port in wanted:
        try:
            _listen(host, port).close()
        except OSError as error:
            fault = f"Port {port} on {host} cannot be listened on ({error.strerror}). "
            advice = f"Stop what uses it, or choose another: {name}={port % 65535 + 1} make serve"
            raise SettingsRefused([fault + advice]) from error


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(1)
    except OSError:
        door.close()
        raise
    return door


@contextmanager
def _environment(settings: Settings) -> Iterator[dict[str, str]]:
    """Give what our processes find in their environment; the embedded databases run meanwhile if any are needed."""
    ours = os.environ | {"PORT": str(settings.port), "HOST": settings.host, "BACKLINE_DATA": str(settings.data_dir)}
    ours["BACKLINE_DEMO"] = "1" if settings.demo else "0"
    if settings.database_url and settings.redis_url:
        yield ours | {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
        return
    with hold(settings.data_dir) as addresses:
        yield ours | {
            "DATABASE_URL": settings.database_url or addresses.database_url,
            "REDIS_URL": settings.redis_url or addresses.redis_url,
        }


def _parts(settings: Settings) -> list[Part]:
    """The processes in the order of their start; they stop in the opposite order."""
    backline = (sys.executable, "-m", "cli")
    parts = [Part("worker", (sys.executable, "-m", "jobs")), Part("web", (*backline, "web"))]
    if settings.demo:
        parts.insert(0, Part("sandbox", (*backline, "sandbox")))
        parts.append(Part("demo", (*backline, "drive"), before=(*backline, "seed")))
    return parts


async def run(parts: Sequence[Part], environment: Mapping[str, str], settings: Settings, began: float) -> int:
    """Keep the parts running until told to stop, then stop them one after the other.

    Args:
        parts: what to run.
        environment: what they find in theirs.
        settings: where the web process listens, and what to tell people.
        began: when all this began, by the monotonic clock.
    """
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, lambda: hurry.set() if stop.is_set() else stop.set())
    kept = [asyncio.create_task(_keep(part, environment, hurry)) for part in parts]
    announcing = asyncio.create_task(_announce(parts, settings, began))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait((*kept, told), return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    announcing.cancel()
    for part, task in zip(reversed(parts), reversed(kept), strict=True):
        part.leave.set()
        await asyncio.wait((task,))
    faults = [fault for task in kept if (fault := task.exception())]
    for fault in faults:
        log.error("%s", fault)
    return 1 if faults else 0


async def _keep(part: Part, environment: Mapping[str, str], hurry: asyncio.Event) -> None:
    """Run a part until it is to leave, again whenever it ends."""
    failures, pause = 0, FIRST_PAUSE
    while not part.leave.is_set():
        command = part.command if part.before is None or part.prepared.is_set() else part.before
        began = time.monotonic()
        status = await _run(command, environment, part.leave, hurry)
        if status is None:
            return
        if command is part.before and status == 0:
            part.prepared.set()
            continue
        if time.monotonic() - began > HEALTHY_SECONDS:
            failures, pause = 0, FIRST_PAUSE
        failures += 1
        if failures >= MOST_FAILURES:
            raise GaveUp(
                f"{part.name} ended {failures} times in a row (the last time with {status}). Its log says why."
            )
        log.warning("%s ended with %d; starting it again in %.1f s.", part.name, status, pause)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(part.leave.wait(), pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _run(
    command: Command, environment: Mapping[str, str], leave: asyncio.Event, hurry: asyncio.Event
) -> int | None:
    """Run a command to its own end, which is the answer, or end it when it is to leave."""
    # In a session of its own, so that Ctrl-C reaches us alone and we stop it in good order.
    process = await asyncio.create_subprocess_exec(
        *dying_with_us(), *command, stdin=asyncio.subprocess.DEVNULL, env=environment, start_new_session=True
    )
    ended = asyncio.create_task(process.wait())
    await _first(ended, leave, None)
    if ended.done():
        return ended.result()
    process.terminate()
    await _first(ended, hurry, GRACE_SECONDS)
    if not ended.done():
        log.warning("Process %d has to be killed.", process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await ended
    return None


async def _first(ended: asyncio.Task[int], told: asyncio.Event, seconds: float | None) -> None:
    """Wait until a process has ended, an event is set or time is over."""
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait((ended, waiting), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _announce(parts: Sequence[Part], settings: Settings, began: float) -> None:
    """Say where to go once the server answers and the demo has its cast."""
    ready = False
    while not ready:
        await asyncio.sleep(0.1)
        ready = await asyncio.to_thread(_ready, settings)
    for part in parts:
        if part.before:
            await part.prepared.wait()
    address = settings.public_url.rstrip("/")
    sandbox = (
        f"    Sandbox    http://127.0.0.1:{settings.sandbox_port}/  (players, inbox, calls)\n" if settings.demo else ""
    )
    sys.stdout.write(
        f"\n  Backline is up after {time.monotonic() - began:.1f} s.\n\n"
        f"    GraphiQL   {address}/graphql\n"
        f"{sandbox}"
        f"    Health     {address}/readyz\n"
        f"    Data       {settings.data_dir}\n\n"
        "  Ctrl-C stops everything.\n\n"
    )
    sys.stdout.flush()


def _ready(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - where to ask, not to listen
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
