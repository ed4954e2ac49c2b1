"""Connections for compiled reads: bare ones of the driver, lent by the pool that transactions have theirs from."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol, cast

from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection

from db.gate import Gate

READS_AT_ONCE: Final = 4
"""How many connections the root fields of one operation may hold at a time."""


class Fetch(Protocol):
    """What a compiled read needs of a connection."""

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Run one statement and return its records."""


Ready = tuple[PoolProxiedConnection, Any]


class ReadyPool(AsyncAdaptedQueuePool):
    """A pool in which the connections that reads have done with stay at hand for the next read.

    To check one in and out again takes SQLAlchemy longer than a small read takes us. Whoever else needs a connection when
    none is idle gets one of these: the pool is as large for transactions as if nobody kept any.

    Attributes:
        ready: Checked out, and nobody's: the pool's side of each and the driver's.
        gate: Whoever wants a connection goes through it first, and stays inside for as long as they have it.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.ready: list[Ready] = []
        self.gate = Gate(self.size(), self._timeout)

    def _do_get(self) -> Any:
        if self.ready and not self.checkedin():
            self.ready.pop()[0].close()
        return super()._do_get()

    def take(self) -> Ready | None:
        """Take a connection that is at hand and open."""
        while self.ready:
            found = self.ready.pop()
            if not found[1].is_closed():
                return found
            found[0].close()
        return None

    def keep(self, pooled: PoolProxiedConnection, driver: Any) -> None:
        """Keep a connection at hand."""
        if driver.is_closed():
            pooled.close()
        else:
            self.ready.append((pooled, driver))

    def give_back(self) -> None:
        """Keep none at hand any more."""
        while self.ready:
            self.ready.pop()[0].close()


class Borrowed:
    """A bare driver connection of the pool for the length of a block.

    It goes around SQLAlchemy's connection, which costs as much as the read of a row and which a compiled read has no use
    for. Giving it back needs no await: no transaction was begun that would have to be undone.
    """

    __slots__ = ("_driver", "_engine", "_pool", "_pooled")

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._pool = cast("ReadyPool", engine.sync_engine.pool)

    async def __aenter__(self) -> Fetch:
        gate = self._pool.gate
        await gate.enter()
        found = self._pool.take()
        if found is None:
            try:
                pooled = await self._engine.raw_connection()
            except BaseException:
                gate.leave()
                raise
            found = pooled, pooled.driver_connection
        self._pooled, self._driver = found
        return cast("Fetch", self._driver)

    async def __aexit__(self, *_: object) -> None:
        self._pool.keep(self._pooled, self._driver)
        self._pool.gate.leave()


class ReadPlaces:
    """The few connections that one operation may hold at a time, so that one deep query cannot drain the pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._places = asyncio.Semaphore(READS_AT_ONCE)

    def read(self) -> Placed:
        """Borrow a connection when a place is free."""
        return Placed(self._engine, self._places)


class Placed(Borrowed):
    """A borrowed connection that takes up a place for as long as it is held."""

    __slots__ = ("_places",)

    def __init__(self, engine: AsyncEngine, places: asyncio.Semaphore) -> None:
        super().__init__(engine)
        self._places = places

    async def __aenter__(self) -> Fetch:
        await self._places.acquire()
        try:
            return await super().__aenter__()
        except BaseException:
            self._places.release()
            raise

    async def __aexit__(self, *error: object) -> None:
        try:
            await super().__aexit__(*error)
        finally:
            self._places.release()


def refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool open another connection in the place of one that PostgreSQL has closed, as when it restarted.

    The pool does not know by itself: what fails in a compiled read never passes SQLAlchemy.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError
