"""Asking servers: once, to see the answer, and by the client in C, so that what asks is not what is measured."""

from __future__ import annotations

import shutil
import socket
import subprocess
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parent / "load.c"
PATIENCE_SECONDS: Final = 20.0


class WrongAnswer(Exception):
    """A server answered something else than was expected of it."""


class NoCompiler(Exception):
    """The client cannot be made here."""


def ask(port: int, request: bytes) -> bytes:
    """Send one request to a server of this machine and give the body of its answer.

    Raises:
        WrongAnswer: Its status is not 200.
        OSError: The connection broke.
    """
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        try:
            response.begin()
            body = response.read()
        except HTTPException as fault:
            raise WrongAnswer(f"no HTTP: {fault!r}") from fault
    if response.status != 200:
        raise WrongAnswer(f"{response.status}: {body[:2000].decode(errors='replace')}")
    return body


@dataclass(frozen=True)
class Turn:
    """What one turn of the load told.

    Attributes:
        answers: How many came.
        seconds: How long all of them took together.
        p50: The median of how late they came, in ms.
        p99: The 99th hundredth of that.
    """

    answers: int
    seconds: float
    p50: float
    p99: float


class Load:
    """The client in C, compiled anew."""

    def __init__(self, folder: Path) -> None:
        """Compile it.

        Args:
            folder: Where the program goes.

        Raises:
            NoCompiler: There is none, or it refuses.
        """
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise NoCompiler("there is no C compiler (cc), which makes the client that asks")
        self._program = folder / "load"
        done = subprocess.run(
            [compiler, "-O2", "-o", self._program, SOURCE], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NoCompiler(done.stderr.strip()[-500:])

    def run(self, port: int, request: bytes, connections: int, seconds: float) -> Turn:
        """Ask the same on a number of connections for a while, and wait for what is under way then.

        Raises:
            WrongAnswer: An answer is not 200, is of another length than the first, or does not come.
        """
        command = [str(self._program), str(port), str(connections), str(seconds)]
        done = subprocess.run(command, input=request, capture_output=True, check=False)
        if done.returncode:
            raise WrongAnswer(
                done.stderr.decode(errors="replace").strip() or f"the client ended with {done.returncode}"
            )
        answers, needed, p50, p99 = done.stdout.split()
        return Turn(int(answers), float(needed), float(p50), float(p99))
