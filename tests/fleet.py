"""Server processes of their own, to be killed."""

import asyncio
import atexit
import functools
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).parent.parent
STARTED_WITHIN = 40.0
NOWHERE = asyncio.subprocess.DEVNULL


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Child:
    """A fork as `asyncio.subprocess.Process` would show it: `pid`, `returncode`, `wait()`, `terminate()`."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    async def wait(self):
        while self.returncode is None:
            await asyncio.sleep(0.01)
        return self.returncode

    def terminate(self):
        if self.returncode is None:
            os.kill(self.pid, signal.SIGTERM)


class Nursery:
    """Asks `tests.nursery` for forks, and hears of their ends."""

    def __init__(self):
        self._asking = threading.Lock()
        self._born = queue.Queue()
        self._children = {}
        self._line, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-m", "tests.nursery", str(theirs.fileno()))
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=(theirs.fileno(),))
        threading.Thread(target=self._hear, name="nursery", daemon=True).start()
        atexit.register(self.close)

    def fork(self, command, environment, log):
        """Have one run `web`, `worker` or `sandbox`; blocks until there is its process."""
        with self._asking:
            told = json.dumps({"command": command, "environment": environment}).encode() + b"\n"
            sent = socket.send_fds(self._line, [told], [log.fileno()] if log else [])
            self._line.sendall(told[sent:])
            return self._born.get(timeout=STARTED_WITHIN)

    def close(self):
        self._line.shutdown(socket.SHUT_RDWR)
        self._process.wait()

    def _hear(self):
        with self._line.makefile("r") as lines:
            for line in lines:
                said = json.loads(line)
                if "status" in said:
                    self._children.pop(said["pid"]).returncode = said["status"]
                else:
                    self._children[said["pid"]] = child = Child(said["pid"])
                    self._born.put(child)


nursery = functools.cache(Nursery)


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
    """Starts them on the tests' databases, and ends them all.

    They are forks of a process that has imported everything; with `afresh` each begins with nothing, as in earnest.
    """

    def __init__(self, environment, *, afresh=False):
        self.environment = environment
        self.afresh = afresh
        self.processes = []

    async def start(self, command, log=None):
        """Start `web`, `worker` or `sandbox`; a web process has begun to answer when this returns.

        With `log`, an open file, it gets all that the process says.
        """
        port = free_port()
        # Tokens name who made them: all processes of one installation have one public address.
        public = self.environment["PUBLIC_URL"]
        names = {**os.environ, **self.environment, "PORT": str(port), "PUBLIC_URL": public}
        process = await (self._run if self.afresh else self._fork)(command, names, log)
        started = Process(process, port)
        self.processes.append(started)
        if command == "web":
            async with asyncio.timeout(STARTED_WITHIN):
                while not await self._answers(port):
                    assert process.returncode is None, "the process did not start"
                    await asyncio.sleep(0.02)
        return started

    async def end(self):
        """End all that are left."""
        for each in self.processes:
            await each.kill()

    @staticmethod
    async def _run(command, names, log):
        module = ["jobs"] if command == "worker" else ["cli", command]
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *module, cwd=ROOT, env=names, stdout=log or NOWHERE, stderr=log or NOWHERE
        )

    @staticmethod
    async def _fork(command, names, log):
        return await asyncio.to_thread(nursery().fork, command, names, log)

    @staticmethod
    async def _answers(port):
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True
