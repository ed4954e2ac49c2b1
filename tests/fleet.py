"""Server processes of their own, to be killed."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
STARTED_WITHIN = 40.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One of them: `url` for a web process."""

    def __init__(self, process, port):
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    async def kill(self):
        """Kill it as the kernel would."""
        if self.process.returncode is None:
            os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()


class Fleet:
    """Starts them on the tests' databases, and ends them all."""

    def __init__(self, environment):
        self.environment = environment
        self.processes = []

    async def start(self, command, log=None):
        """Start `web` or `worker`; a web process has begun to answer when this returns.

        With `log`, an open file, it gets all that the process says.
        """
        port = free_port()
        names = {**os.environ, **self.environment, "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        # Tokens name who made them: all processes of one installation have one public address.
        names["PUBLIC_URL"] = self.environment["PUBLIC_URL"]
        said = {"stdout": log, "stderr": log or asyncio.subprocess.DEVNULL}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *(["jobs"] if command == "worker" else ["cli", command])),
            cwd=ROOT,
            env=names,
            **said,
        )
        started = Process(process, port)
        self.processes.append(started)
        if command == "web":
            async with asyncio.timeout(STARTED_WITHIN):
                while not await self._answers(port):
                    assert process.returncode is None, "the process did not start"
                    await asyncio.sleep(0.05)
        return started

    async def end(self):
        """End all that are left."""
        for each in self.processes:
            await each.kill()

    @staticmethod
    async def _answers(port):
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True
