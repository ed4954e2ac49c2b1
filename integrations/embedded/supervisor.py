"""The process that runs both servers for as long as somebody holds them: `python -m integrations.embedded.supervisor`.

It speaks one line each way on its socket. `hold` is answered with the addresses once both servers serve, and lasts as
long as the connection: its end, of whatever kind, lets go. `bye` before the end says that nothing comes after, so that
the servers may stop at once; without it they linger, because a killed process is often started again. `leave` asks
how many hold, and sends the supervisor away if none do. An answer may be an `error` for people to read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from integrations.embedded.places import TAKEN, EmbeddedError, Places, take
from integrations.embedded.postgres import EDITIONS, MAJOR, NAME, Postgres
from integrations.embedded.processes import Keeper
from integrations.embedded.valkey import Valkey

log = logging.getLogger(__name__)

LINGER_SECONDS = 2.0
# Before the first holder: it asks within milliseconds, unless the machine is very busy.
PATIENCE_SECONDS = 20.0


class Supervisor:
    """Counts who holds, and keeps the servers running meanwhile."""

    def __init__(self, places: Places, keepers: Sequence[Keeper]) -> None:
        self._places = places
        self._keepers = keepers
        self._holders = 0
        self._leaving = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._started = asyncio.Event()
        self._error: str | None = None
        self._last: list[asyncio.StreamWriter] = []

    async def run(self) -> None:
        """Serve holders until there are none, or until told to leave by a signal; then stop the servers."""
        loop = asyncio.get_running_loop()
        for way in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(way, self._leaving.set)
        door = await asyncio.start_unix_server(self._greet, self._places.control)
        self._leave_in(PATIENCE_SECONDS)
        work = asyncio.create_task(self._work(door))
        # Work has no end of its own: a fault in it is a reason to leave, so that holders start a fresh supervisor.
        work.add_done_callback(lambda _: self._leaving.set())
        await self._leaving.wait()
        door.close()
        work.cancel()
        await asyncio.wait((work,))
        await asyncio.gather(*(keeper.stop() for keeper in self._keepers))
        shutil.rmtree(self._places.run, ignore_errors=True)
        if not work.cancelled() and (fault := work.exception()):
            raise fault
        log.info("left")

    async def _work(self, door: asyncio.Server) -> None:
        try:
            await asyncio.gather(*(keeper.start() for keeper in self._keepers))
        except (EmbeddedError, OSError) as error:
            log.exception("cannot start")
            self._error = str(error)
            self._started.set()
            # Time for those who wait to be told. Whoever comes later may have removed the cause, and begins afresh.
            door.close()
            await asyncio.sleep(LINGER_SECONDS)
            return
        self._started.set()
        await asyncio.gather(*(keeper.watch() for keeper in self._keepers))

    def _leave_in(self, seconds: float | None) -> None:
        """Leave after some seconds, or not at all for now."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if seconds is None else loop.call_later(seconds, self._leaving.set)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            word = await reader.readline()
            if word == b"leave\n":
                await self._say(writer, {"held": self._holders})
                if not self._holders:
                    self._leaving.set()
            elif word == b"hold\n":
                await self._be_held(reader, writer)
        except ConnectionError:
            log.info("somebody left in the middle of a word")
        if self._leaving.is_set():
            # The end of this process ends the connection: whoever waits for that knows that all is over.
            self._last.append(writer)
        else:
            writer.close()

    async def _be_held(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._holders += 1
        self._leave_in(None)
        word = b""
        try:
            ended = asyncio.ensure_future(reader.readline())
            started = asyncio.ensure_future(self._started.wait())
            await asyncio.wait((ended, started), return_when=asyncio.FIRST_COMPLETED)
            started.cancel()
            if not ended.done():
                await self._say(writer, self._answer())
            word = await ended
        finally:
            self._holders -= 1
            if not self._holders and (self._error or word == b"bye\n"):
                self._leaving.set()
            elif not self._holders:
                self._leave_in(LINGER_SECONDS)

    def _answer(self) -> dict[str, object]:
        if self._error:
            return {"error": self._error}
        return {
            "database_url": f"postgresql+asyncpg://{NAME}@/{NAME}?host={self._places.run}",
            "redis_url": f"unix://{self._places.valkey_socket}?db=0",
        }

    async def _say(self, writer: asyncio.StreamWriter, answer: dict[str, object]) -> None:
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()


def detach(lock: BinaryIO) -> None:
    """Go on in a child that has no parent to wait for it, and write down who we are."""
    if os.fork():
        # Nothing is to be tidied up here: the child goes on with it.
        os._exit(0)
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n".encode())
    lock.flush()


def main() -> int:
    """Take the lock, detach, and run; 75 says that another supervisor has the lock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--postgres", type=int, choices=sorted(EDITIONS), default=MAJOR)
    given = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    os.umask(0o077)
    places = Places.of(given.data)
    try:
        places.prepare()
        lock = take(places.lock, 0.2)
        if lock is None:
            return TAKEN
        places.open_run()
        keepers = [Keeper(Postgres(places, given.postgres)), Keeper(Valkey(places))]
    except EmbeddedError as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence is all there is to say
        return 1
    detach(lock)
    log.info("supervising %s", places.data)
    asyncio.run(Supervisor(places, keepers).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
