"""Holding the embedded servers: join their supervisor, or start one where there is none."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integrations.embedded.places import TAKEN, EmbeddedError, Places, open_log, tail, take
from integrations.embedded.postgres import MAJOR

log = logging.getLogger(__name__)

JOINING_SECONDS = 120.0
STOPPING_SECONDS = 40.0
LONGEST_PAUSE = 5.0
# A supervisor that dies before it can say why is started again this often, in case it was killed.
ATTEMPTS = 5
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Addresses:
    """Where the servers are; the same for every holder of a data directory, and after every restart.

    Attributes:
        database_url: for SQLAlchemy with asyncpg.
        redis_url: for redis-py and arq.
    """

    database_url: str
    redis_url: str


@contextmanager
def hold(data: Path, *, postgres: int = MAJOR) -> Iterator[Addresses]:
    """Keep PostgreSQL and Valkey running on a data directory, together with everybody else who holds it.

    They are started if they do not run, and stop with their last holder: leaving the block returns when they have.
    A holder that is killed lets go just as well. Servers or a supervisor that die meanwhile are started again at the
    same addresses; clients see their connections break and open new ones.

    Args:
        data: the directory, made if it does not exist.
        postgres: the major version, 18 or 16. Data belongs to the version that wrote it.

    Raises:
        EmbeddedError: they cannot be started; the text says why and what to do.
    """
    places = Places.of(data)
    grip = _Grip(places, postgres)
    try:
        yield grip.addresses
    finally:
        grip.release()


def reset(data: Path) -> None:
    """Remove a data directory and everything in it.

    Raises:
        EmbeddedError: somebody holds it, or it is none.
    """
    places = Places.of(data)
    if not places.data.exists():
        return
    if not places.lock.exists() and any(places.data.iterdir()):
        raise EmbeddedError(f"{places.data} is no data directory of Backline; nothing was removed.")
    asked = _call(places, "leave")
    if asked is not None:
        with asked:
            held = json.loads(_line(asked, STOPPING_SECONDS) or '{"held": 0}')["held"]
        if held:
            raise EmbeddedError(f"{places.data} is in use ({held} holding it). Stop the server first.")
    lock = take(places.lock, STOPPING_SECONDS)
    if lock is None:
        raise EmbeddedError(f"{places.data} is in use by process {_supervisor(places)}. Stop the server first.")
    with lock:
        shutil.rmtree(places.data)


class _Grip:
    """One connection to the supervisor, and the thread that finds or starts another when it breaks."""

    def __init__(self, places: Places, postgres: int) -> None:
        self._places = places
        self._postgres = postgres
        self._released = threading.Event()
        self._changing = threading.Lock()
        self._connection, self.addresses = _join(places, postgres, self._released)
        self._watch = threading.Thread(target=self._keep, name="embedded", daemon=True)
        self._watch.start()

    def _keep(self) -> None:
        pause = 0.1
        while True:
            _line(self._connection, None)
            if self._released.is_set():
                return
            log.warning("The supervisor of the embedded servers is gone; starting another.")
            while not self._rejoin():
                if self._released.wait(pause):
                    return
                pause = min(pause * 2, LONGEST_PAUSE)

    def _rejoin(self) -> bool:
        try:
            connection, _ = _join(self._places, self._postgres, self._released)
        except (EmbeddedError, OSError):
            log.exception("The embedded servers cannot be started again yet.")
            return False
        with self._changing:
            self._connection.close()
            self._connection = connection
            if self._released.is_set():
                _say(connection, "bye")
        return True

    def release(self) -> None:
        """Let go, and wait until the servers have stopped if nobody else holds them."""
        with self._changing:
            self._released.set()
            _say(self._connection, "bye")
        self._watch.join(STOPPING_SECONDS)
        self._connection.close()


def _join(places: Places, postgres: int, released: threading.Event) -> tuple[socket.socket, Addresses]:
    """Reach the supervisor, starting one if there is none, and wait until its servers serve."""
    deadline = time.monotonic() + JOINING_SECONDS
    attempts = 0
    while time.monotonic() < deadline and not released.is_set():
        connection = _call(places, "hold")
        if connection is not None:
            answer = json.loads(_line(connection, deadline - time.monotonic()) or "{}")
            if "database_url" in answer:
                return connection, Addresses(**answer)
            connection.close()
            if "error" in answer:
                raise EmbeddedError(answer["error"])
        elif _unsupervised(places):
            attempts += 1
            if attempts > ATTEMPTS:
                break
            _start(places, postgres)
        time.sleep(0.02)
    raise EmbeddedError(
        f"The supervisor of the embedded servers ({_supervisor(places)}) does not answer on {places.control}. If it "
        f"still runs, end it and start again. {tail(places.log('supervisor'))}"
    )


def _start(places: Places, postgres: int) -> None:
    places.prepare()
    command = (sys.executable, "-m", "integrations.embedded.supervisor", "--postgres", str(postgres), str(places.data))
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with open_log(places.log("supervisor")) as words:
        ended = subprocess.run(  # noqa: S603 - this very interpreter
            command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            cwd="/",
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,
            check=False,
        )
    if ended.returncode not in (0, TAKEN):
        raise EmbeddedError(f"The supervisor of the embedded servers could not start. {tail(places.log('supervisor'))}")


def _unsupervised(places: Places) -> bool:
    """Whether no supervisor lives, not even one that starts or stops."""
    if not places.lock.exists():
        return True
    lock = take(places.lock, 0)
    if lock is None:
        return False
    lock.close()
    return True


def _supervisor(places: Places) -> str:
    """The process id the lock names, for an error's text."""
    return places.lock.read_text().strip() if places.lock.exists() else "none"


def _call(places: Places, word: str) -> socket.socket | None:
    """Say a word to the supervisor; None if there is nobody to listen."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(places.control))
    except OSError:
        connection.close()
        return None
    _say(connection, word)
    return connection


def _say(connection: socket.socket, word: str) -> None:
    """Say a word; that nobody hears it any more is learned by reading."""
    try:
        connection.sendall(f"{word}\n".encode())
    except OSError:
        log.debug("nobody heard %s", word)


def _line(connection: socket.socket, seconds: float | None) -> bytes:
    """What the supervisor says next; nothing when the connection ends or time runs out."""
    connection.settimeout(seconds)
    said = b""
    try:
        while not said.endswith(b"\n"):
            part = connection.recv(4096)
            if not part:
                return b""
            said += part
    except OSError:
        return b""
    return said
