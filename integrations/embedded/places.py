"""Where the embedded servers keep what they keep, and the lock that makes their supervisor the only one."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# A unix socket's whole path has at most 103 bytes (macOS; Linux has 107), of which the longest name takes 16.
LONGEST_RUN = 85
# Commas part hosts, percents and blanks need quoting, and not every client agrees how: only plain paths go into URLs.
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
LARGEST_LOG = 8 * 1024 * 1024
# The status of a supervisor that found another at work.
TAKEN = 75


class EmbeddedError(Exception):
    """The embedded servers cannot do what was asked; the text says why and what to do, for a person to read."""


@dataclass(frozen=True)
class Places:
    """The paths of one data directory.

    Attributes:
        data: the directory that holds everything, absolute and without symbolic links.
    """

    data: Path

    @classmethod
    def of(cls, data: Path) -> Places:
        """The places of `data`, which need not exist yet."""
        return cls(data.expanduser().resolve())

    @property
    def mark(self) -> str:
        """A name no other data directory has; servers carry it in their titles, by which strays are known."""
        return "backline-" + hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]

    @property
    def run(self) -> Path:
        """The directory of the sockets: inside `data`, or below /tmp where that path is too long or not plain."""
        inside = self.data / "run"
        # Not $TMPDIR: holders with different environments must come to the same place.
        short = len(os.fsencode(inside)) <= LONGEST_RUN and PLAIN.fullmatch(str(inside))
        return inside if short else Path("/tmp") / f"{self.mark}-{os.geteuid()}"  # noqa: S108 - verified private

    @property
    def control(self) -> Path:
        """The supervisor's socket."""
        return self.run / "control"

    @property
    def valkey_socket(self) -> Path:
        """Valkey's socket. PostgreSQL names its own, inside `run`."""
        return self.run / "valkey"

    @property
    def lock(self) -> Path:
        """The file whose lock the supervisor has; its text is the supervisor's process id."""
        return self.data / "supervisor.lock"

    def home(self, name: str) -> Path:
        """Where the server `name` keeps its data."""
        return self.data / name

    def log(self, name: str) -> Path:
        """Where `name` writes its log."""
        return self.data / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Make the directories there have to be.

        Raises:
            EmbeddedError: they cannot be made, or belong to somebody else.
        """
        try:
            for folder in (self.data, self.data / "logs"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"Cannot create {error.filename}: {error.strerror}. Choose a data directory you may write to."
            ) from error
        for path in (self.data, *self.data.iterdir()):
            self._own(path)

    def open_run(self) -> None:
        """Make the directory of the sockets, empty and for us alone; the supervisor's lock must be ours.

        Raises:
            EmbeddedError: somebody else sits there.
        """
        run = self.run
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir(mode=0o700, exist_ok=True)
        found = run.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise EmbeddedError(f"{run} is not a private directory of this user. Remove it and start again.")

    def _own(self, path: Path) -> None:
        """Refuse what another user wrote; root may read everything and takes over what it needs."""
        owner = path.lstat().st_uid
        if os.geteuid() not in (0, owner):
            raise EmbeddedError(
                f"{path} belongs to user {owner}, and this is user {os.geteuid()}. Start as that user, or hand it "
                f"over with: sudo chown -R {os.geteuid()} {self.data}"
            )


def take(path: Path, seconds: float) -> BinaryIO | None:
    """Lock the file at `path` for as long as the answer stays open; None if others have it for `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A reset may have removed the file between our opening and locking it: then this lock is worth nothing.
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except BlockingIOError:
            pass
        file.close()
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.02)


def open_log(path: Path) -> BinaryIO:
    """Open a log for appending; one that has grown large becomes `.old` first."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".old"))
    return path.open("ab")


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log, introduced by its path, for the end of an error's text."""
    try:
        text = path.read_text(errors="replace").rstrip()
    except OSError:
        return f"(There is no log at {path}.)"
    return f"The end of {path}:\n" + "\n".join("  " + line for line in text.splitlines()[-lines:])


def package(name: str) -> Path:
    """The folder of an installed package, found without importing it: its code is none of ours to run.

    Raises:
        EmbeddedError: it is not installed.
    """
    found = importlib.util.find_spec(name)
    if found is not None and found.submodule_search_locations:
        return Path(found.submodule_search_locations[0])
    raise EmbeddedError(
        f"The package {name} is not installed, so there is no server to embed. Install the requirements, or set "
        "DATABASE_URL and REDIS_URL to servers of your own."
    )
