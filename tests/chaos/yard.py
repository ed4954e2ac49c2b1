"""Where a chaos command does its worst: databases, a sandbox and workers that belong to nobody else."""

import argparse
import asyncio
import logging
import os
import signal
import tempfile
import time
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from redis.exceptions import RedisError

import bootstrap
from db import migrate
from db.session import Database, connect
from integrations import valkey
from integrations.embedded import hold
from settings import Settings
from tests.cast import Cast
from tests.chaos.crowd import PEOPLE, Crowd
from tests.fleet import Fleet, free_port
from tests.outside import Sandbox

STARTED_WITHIN, BACK_WITHIN = 60.0, 30.0


@dataclass
class Yard:
    """What a scenario has: people to be paid, the outside world, processes to kill, and perhaps databases to kill."""

    crowd: Crowd
    sandbox: Sandbox
    fleet: Fleet
    data: Path | None = None
    redis_url: str | None = None

    async def workers(self, count=2):
        """Start so many workers, and wait until they work."""
        with ExitStack() as stack:
            logs = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
            started = [await self.fleet.start("worker", log) for log in logs]
            async with asyncio.timeout(STARTED_WITHIN):
                while not all(b"Working." in os.pread(log.fileno(), 100_000, 0) for log in logs):
                    await asyncio.sleep(0.02)
        return started

    def _postgres(self):
        lines = (self.data / "postgres" / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), "ready" in lines[-1]

    async def restart_postgres(self):
        """Stop PostgreSQL as `pg_ctl stop -m immediate` does, and wait until another serves; the seconds it took."""
        began, (ended, _) = time.monotonic(), self._postgres()
        os.kill(ended, signal.SIGQUIT)
        async with asyncio.timeout(BACK_WITHIN):
            while True:
                with suppress(OSError, ValueError, IndexError):
                    pid, ready = self._postgres()
                    if pid != ended and ready:
                        return time.monotonic() - began
                await asyncio.sleep(0.02)

    async def kill_valkey(self, *, empty):
        """Kill Valkey, having it forget everything first or not, and wait until another answers; the seconds it took."""
        client = valkey.connect(self.redis_url)
        try:
            ended = (await client.info("server"))["process_id"]
            if empty:
                await client.flushall()
            began = time.monotonic()
            os.kill(ended, signal.SIGKILL)
            async with asyncio.timeout(BACK_WITHIN):
                while True:
                    with suppress(RedisError, OSError):
                        if (await client.info("server"))["process_id"] != ended:
                            return time.monotonic() - began
                    await asyncio.sleep(0.02)
        finally:
            await client.aclose()


@asynccontextmanager
async def opened(folder, people=PEOPLE):
    """Databases of its own, a sandbox, and people with money; everything ends with it."""
    with hold(folder / "data") as addresses:
        await asyncio.to_thread(migrate.upgrade, addresses.database_url)
        environment = {
            "BACKLINE_DEMO": "1",
            "POINTS_PER_MINUTE": "0",
            "REQUESTS_PER_MINUTE": "0",
            "BACKLINE_DATA": str(folder / "own"),
            "DATABASE_URL": addresses.database_url,
            "REDIS_URL": addresses.redis_url,
            "PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
            "SANDBOX_PORT": str(free_port()),
            "SANDBOX_MAIL_PORT": str(free_port()),
        }
        settings = Settings.from_environment(environment)
        fleet, sandbox = Fleet(environment), Sandbox(f"http://127.0.0.1:{settings.sandbox_port}")
        try:
            await fleet.start("sandbox")
            while not await sandbox.answers():
                await asyncio.sleep(0.1)
            async with bootstrap.build(settings) as services:
                engine = connect(addresses.database_url, pool_size=12, application="chaos")
                database = Database(engine, services.bell, services.bus)
                crowd = Crowd(Cast(SimpleNamespace(database=database, services=services)), sandbox)
                await crowd.gather(people)
                yield Yard(crowd, sandbox, fleet, folder / "data", addresses.redis_url)
                await database.close()
        finally:
            await sandbox.close()
            await fleet.end()


def run(scenario, *, people=PEOPLE, **numbers):
    """Play a scenario as a command, whose numbers can be given as options; what it says is printed."""
    parser = argparse.ArgumentParser(description=scenario.__doc__)
    for name, number in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=number, help=f"({number})")
    asked = vars(parser.parse_args())

    async def play():
        with tempfile.TemporaryDirectory(prefix="backline-") as folder:
            async with opened(Path(folder), people) as yard:
                return await scenario(yard, **asked)

    # A vendor that does not answer is what is wanted.
    logging.disable(logging.WARNING)
    began = time.monotonic()
    print(f"{asyncio.run(play())} ({time.monotonic() - began:.0f} s in all)")
