"""Processes we start, watch and find again: as which user they run, whether they live, and how they end."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from integrations.embedded.places import EmbeddedError, open_log, tail

log = logging.getLogger(__name__)

NOBODY = 65534
STARTING_SECONDS = 60.0
LONGEST_PAUSE = 5.0
# What a stray gets after SIGINT (PostgreSQL's fast shutdown) before SIGKILL.
STRAY_SECONDS = 5.0
# Nothing of the caller's environment reaches a server: PGPORT, PGDATA or LC_ALL there would change what it does.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Daemon(Protocol):
    """A server the supervisor can run."""

    name: str
    program: Path
    home: Path
    log: Path
    mark: str
    rootless: bool
    ends: Sequence[tuple[signal.Signals, float]]

    async def prepare(self, confinement: Confinement) -> None:
        """Make the data directory ready to start on."""

    def command(self) -> tuple[str, ...]:
        """Program and arguments."""

    async def answers(self, pid: int) -> bool:
        """Whether clients are served now."""


@dataclass(frozen=True)
class Confinement:
    """How a program is started: the command that goes before it, and who must own its data outside."""

    prefix: tuple[str, ...]
    owner: int

    def take_over(self, path: Path) -> None:
        """Give `path` and what is below it to the owner; only root can, and only root has to."""
        if os.geteuid() != 0 or not path.exists() or path.stat().st_uid == self.owner:
            return
        for folder, _, files in os.walk(path):
            for name in (folder, *(os.path.join(folder, file) for file in files)):  # noqa: PTH118 - os.walk's text
                os.chown(name, self.owner, -1, follow_symlinks=False)


@functools.cache
def dying_with_us(way: signal.Signals = signal.SIGTERM) -> tuple[str, ...]:
    """A command to put before another, so that it gets a signal when its parent dies; none where the system cannot."""
    prefix = ("setpriv", "--pdeathsig", way.name.removeprefix("SIG"))
    if not shutil.which(prefix[0]):
        return ()
    works = subprocess.run((*prefix, "true"), capture_output=True, check=False).returncode == 0  # noqa: S603 - ours
    return prefix if works else ()


async def confine(daemon: Daemon) -> Confinement:
    """Find the way to start a daemon so that it dies with us and, where it insists, is not root.

    PostgreSQL refuses to run as root or as a user without a name. A user namespace in which we are called otherwise
    keeps files owned as they are; it is forbidden in many containers, and of no use to root inside another user's
    private folders. There a real other user does, with the capability to pass through folders it does not own.

    Raises:
        EmbeddedError: none of this is allowed here.
    """
    us = os.geteuid()
    dies = dying_with_us(daemon.ends[0][0])
    ways = [Confinement(dies, us)]
    if daemon.rootless and _named(us) != us:
        namespace = ("unshare", "--user", f"--map-user={_named(1000)}", "--map-group=1000")
        ways.insert(0, Confinement((*namespace, *dies), us))
    if daemon.rootless and us == 0:
        other = _named(NOBODY)
        stranger = (*(dies or ("setpriv",)), f"--reuid={other}", f"--regid={NOBODY}", "--clear-groups")
        keeps = "-all,+dac_override,+dac_read_search"
        far = (*stranger, f"--inh-caps={keeps}", f"--ambient-caps={keeps}")
        ways[1:] = [Confinement(far, other), Confinement(stranger, other)]
    for way in ways:
        way.take_over(daemon.home)
        if await _works(way, daemon):
            return way
    raise EmbeddedError(
        f"{daemon.name} cannot be started from here: neither user namespaces nor another user id are allowed to root, "
        f"or {daemon.program} does not run on this machine. Start as an ordinary user, or set DATABASE_URL and "
        "REDIS_URL to servers of your own."
    )


def _named(preferred: int) -> int:
    """A user id that has a name here and is not root's: the preferred one if that is so."""
    others = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0]
    try:
        pwd.getpwuid(preferred)
    except KeyError:
        return others[0] if others else preferred
    return preferred or (others or [NOBODY])[0]


async def _works(way: Confinement, daemon: Daemon) -> bool:
    if way.prefix and not shutil.which(way.prefix[0]):
        return False
    script = 'cd "$1" && exec "$0" --version'
    trial = (*way.prefix, "sh", "-c", script, str(daemon.program), str(daemon.home))
    none = subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*trial, stdin=none, stdout=none, stderr=none)
    return await process.wait() == 0


def alive(process: psutil.Process) -> bool:
    """Whether a process runs. A zombie does not: it waits for a parent that may never ask."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def strays(daemon: Daemon) -> list[psutil.Process]:
    """Processes of this server, on this data, that an earlier life left behind."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        title = " ".join(process.info["cmdline"] or ())
        if process.info["name"] == daemon.program.name and daemon.mark in title and alive(process):
            found.append(process)
    return found


async def clear(daemon: Daemon) -> None:
    """End the strays of a server, gently first."""
    for way in (signal.SIGINT, signal.SIGKILL):
        left = strays(daemon)
        if left:
            log.warning("%s: ending %s of an earlier life with %s", daemon.name, [p.pid for p in left], way.name)
        for process in left:
            if alive(process):
                process.send_signal(way)
        deadline = time.monotonic() + STRAY_SECONDS
        while left and time.monotonic() < deadline:
            left = [process for process in left if alive(process)]
            await asyncio.sleep(0.02)


class Keeper:
    """Keeps one daemon running: starts it, starts it again when it dies, ends it when told."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the daemon and wait until it serves.

        Raises:
            EmbeddedError: it does not; nothing is left running.
        """
        daemon = self.daemon
        began = time.monotonic()
        await clear(daemon)
        daemon.home.mkdir(mode=0o700, exist_ok=True)
        way = await confine(daemon)
        await daemon.prepare(way)
        with open_log(daemon.log) as output:
            self.process = await asyncio.create_subprocess_exec(
                *way.prefix,
                *daemon.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        while not await daemon.answers(self.process.pid):
            late = time.monotonic() > began + STARTING_SECONDS
            if late or self.process.returncode is not None:
                await self.stop()
                why = f"did not answer within {STARTING_SECONDS:.0f} s" if late else "ended while starting"
                raise EmbeddedError(f"{daemon.name} {why}. {tail(daemon.log)}")
            await asyncio.sleep(0.01)
        log.info("%s: serving as process %d after %.2f s", daemon.name, self.process.pid, time.monotonic() - began)

    async def watch(self) -> None:
        """Start the daemon again whenever it ends, with growing pauses while that does not work."""
        pause = 0.1
        while True:
            if self.process is not None:
                status = await self.process.wait()
                log.error("%s: ended with status %d, starting again", self.daemon.name, status)
            self.process = None
            try:
                await self.start()
                pause = 0.1
            except (EmbeddedError, OSError, psutil.Error):
                log.exception("%s: trying again in %.1f s", self.daemon.name, pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """End the daemon, gently first, and wait until it has ended."""
        process = self.process
        for way, seconds in self.daemon.ends:
            if process is None or process.returncode is not None:
                return
            process.send_signal(way)
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                log.warning("%s: still there %.0f s after %s", self.daemon.name, seconds, way.name)


async def run(command: Sequence[str], output: Path, given: bytes = b"") -> None:
    """Run a program to its end, its words going to a log.

    Raises:
        EmbeddedError: it failed; the text ends with what it said.
    """
    with open_log(output) as words:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=words, stderr=words, env=ENVIRONMENT, start_new_session=True
        )
        try:
            await process.communicate(given)
        finally:
            if process.returncode is None:
                process.kill()
    if process.returncode != 0:
        raise EmbeddedError(f"{Path(command[0]).name} failed with status {process.returncode}. {tail(output)}")
