"""What the tests of the embedded servers share: holders in processes of their own, and a look at what runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil
from redis import Redis, RedisError

from integrations.embedded import Addresses
from integrations.embedded.places import Places

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import json, os, sys
from dataclasses import asdict
from pathlib import Path
from integrations.embedded import hold
with hold(Path(sys.argv[1])) as addresses:
    print(json.dumps(asdict(addresses)), flush=True)
    sys.stdin.read()
"""


class Holder:
    """A process that holds a data directory until its standard input ends."""

    started: ClassVar[list[Holder]] = []

    def __init__(self, data: Path, *, before: Sequence[str] = (), **environment: str) -> None:
        self.process = subprocess.Popen(
            [*(before or (sys.executable,)), "-c", HOLD, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            start_new_session=True,
        )
        self.started.append(self)

    def addresses(self) -> Addresses:
        line = self.process.stdout.readline()
        assert line, f"the holder ended with {self.process.wait()}"
        return Addresses(**json.loads(line))

    def let_go(self) -> int:
        self.process.stdin.close()
        return self._ended()

    def kill(self) -> None:
        self.process.kill()
        self.process.stdin.close()
        self._ended()

    def _ended(self) -> int:
        status = self.process.wait(30)
        self.process.stdout.close()
        return status


def running(data: Path) -> dict[str, list[int]]:
    """Process ids of all that runs for a data directory, zombies left out, by what they are."""
    places = Places.of(data)
    found: dict[str, list[int]] = {}
    for process in psutil.process_iter(["name", "cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if "integrations.embedded.supervisor" in words and str(places.data) in words:
            found.setdefault("supervisor", []).append(process.pid)
        elif places.mark in " ".join(words) and process.info["name"] in ("postgres", "valkey-server"):
            kind = "backend" if " ".join(words).startswith("postgres: ") else process.info["name"]
            found.setdefault(kind, []).append(process.pid)
    return found


def one(data: Path, kind: str) -> int:
    (pid,) = running(data)[kind]
    return pid


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def eventually(true: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "this did not come true in time"
        time.sleep(0.05)


def sql(addresses: Addresses, text: str) -> object:
    """The one value that a statement gives."""

    async def ask() -> object:
        url = urlsplit(addresses.database_url)
        (host,) = parse_qs(url.query)["host"]
        connection = await asyncpg.connect(host=host, user="backline", database="backline", timeout=5)
        try:
            return await connection.fetchval(text)
        finally:
            await connection.close()

    return asyncio.run(ask())


def write(addresses: Addresses, word: str) -> None:
    sql(addresses, "create table if not exists kept (word text)")
    sql(addresses, f"insert into kept values ('{word}')")
    with Redis.from_url(addresses.redis_url) as redis:
        redis.rpush("kept", word)


def read(addresses: Addresses) -> tuple[list[str], list[str]]:
    with Redis.from_url(addresses.redis_url) as redis:
        keys = [word.decode() for word in redis.lrange("kept", 0, -1)]
    return sql(addresses, "select array_agg(word) from kept"), keys


def served(addresses: Addresses) -> bool:
    try:
        read(addresses)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError):
        return False
    return True
