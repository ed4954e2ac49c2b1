"""Connections and transactions: one pool for compiled reads and sessions, and the only place that commits."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from db.queries import events as event_queries
from db.queries import jobs as job_queries
from db.reads import Borrowed, Fetch, ReadPlaces, ReadyPool, refuse_closed
from domain.events import Event
from domain.jobs import Job
from domain.ports import Bell, Bus

__all__ = ["Database", "Fetch", "ReadPlaces", "Tx", "connect"]

OnStatement = Callable[[str, float], None]
"""Told the text of a statement of a session, and the seconds that it took. Its values are not told."""

PATIENCE_SECONDS = 10.0
"""How long somebody waits for a free connection."""


@dataclass
class Tx:
    """One transaction of a deed: its session, and what is to happen after the commit."""

    session: AsyncSession
    rings: list[tuple[str, UUID, datetime | None]] = field(default_factory=list)
    news: list[tuple[str, bytes]] = field(default_factory=list)

    async def later(self, job: Job) -> UUID | None:
        """Promise work: the row is written now, with everything else; the bell rings after the commit, for its time.

        Returns:
            The job's id, or None when the same work was promised before.
        """
        job_id = await job_queries.promise(self.session, job)
        if job_id is not None:
            self.ring(job.queue, job_id, job.run_at)
        return job_id

    def ring(self, queue: str, job_id: UUID, at: datetime | None = None) -> None:
        """Ring for a job's row after the commit: now, or when its moment has come."""
        self.rings.append((queue, job_id, at))

    async def tell(self, event: Event) -> int:
        """Write an event at the head of its log; it goes out after the commit.

        The log stays locked until then. Tell in the order room, platform, person, after locking rows of the room.

        Returns:
            The event's sequence in its log.
        """
        sequence, occurred_at = await event_queries.append(self.session, event)
        self.news.append((event.topic, _encode(event, sequence, occurred_at)))
        return sequence

    async def tell_many(self, events: dict[str, Event]) -> None:
        """Write one event each to many logs, keyed by topic."""
        written = await event_queries.append_many(self.session, events)
        self.news += [(topic, _encode(events[topic], *written[topic])) for topic in written]


def _encode(event: Event, sequence: int, occurred_at: datetime) -> bytes:
    return orjson.dumps(
        {"sequence": sequence, "kind": event.kind, "data": event.data, "occurredAt": occurred_at.timestamp()}
    )


@dataclass(frozen=True)
class PoolUsage:
    """How the pool is used.

    Attributes:
        lent: Connections that somebody works with.
        idle: Open ones that nobody works with.
        size: How many there may be.
    """

    lent: int
    idle: int
    size: int


class Database:
    """PostgreSQL behind one bounded pool."""

    def __init__(self, engine: AsyncEngine, bell: Bell, bus: Bus) -> None:
        self.engine = engine
        self._bell = bell
        self._bus = bus
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @property
    def _pool(self) -> ReadyPool:
        return cast("ReadyPool", self.engine.sync_engine.pool)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Open a transaction; after its commit the bell rings and the events go out. An exception undoes everything."""
        async with self._pool.gate.inside(), self._sessions.begin() as session:
            tx = Tx(session)
            yield tx
        # Reached only after COMMIT. Both ways may lose what they carry: the sweep and the log make up for it.
        for queue, job_id, at in tx.rings:
            await self._bell.ring(queue, job_id, at)
        for topic, payload in tx.news:
            await self._bus.publish(topic, payload)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Open a session that only reads; nothing done in it is kept."""
        async with self._pool.gate.inside(), self._sessions() as session:
            yield session

    def read(self) -> Borrowed:
        """Borrow a bare driver connection for compiled reads; each statement is its own transaction."""
        return Borrowed(self.engine)

    def places(self) -> ReadPlaces:
        """What lends connections to the reads of one operation."""
        return ReadPlaces(self.engine)

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises what SQLAlchemy raises when there is none."""
        async with self.read() as connection:
            await connection.fetch("SELECT 1")

    def pool_usage(self) -> PoolUsage:
        """Look at the pool."""
        pool = self._pool
        ready = len(pool.ready)
        return PoolUsage(pool.checkedout() - ready, pool.checkedin() + ready, pool.size())

    async def close(self) -> None:
        """Close all connections."""
        self._pool.give_back()
        await self.engine.dispose()


def connect(
    url: str,
    *,
    pool_size: int,
    application: str,
    on_statement: OnStatement | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> AsyncEngine:
    """Make the pool.

    Args:
        url: Where PostgreSQL is.
        pool_size: How many connections there may be.
        application: The name that PostgreSQL shows for them.
        on_statement: Told of each statement of a session; compiled reads are not among them.
        patience_seconds: How long somebody waits for a free connection.
    """
    engine = create_async_engine(
        url,
        poolclass=ReadyPool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience_seconds,
        pool_pre_ping=False,
        # The connection that was used last: its backend's memory is warm, and idle ones stay idle.
        pool_use_lifo=True,
        # Errors are logged with their text, and the values of a statement are people's addresses, hashes and words.
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            # Statements of compiled reads are long-lived texts: keep them prepared for as long as the connection lives.
            "statement_cache_size": 1000,
            "max_cached_statement_lifetime": 0,
            "max_cacheable_statement_size": 0,
            "prepared_statement_cache_size": 1000,
            "server_settings": {"application_name": application, "jit": "off", "timezone": "UTC"},
        },
    )
    event.listen(engine.sync_engine, "checkout", refuse_closed)
    if on_statement is not None:
        _listen(engine, on_statement)
    return engine


def _listen(engine: AsyncEngine, on_statement: OnStatement) -> None:
    def before(_connection: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
        context.backline_began = time.perf_counter()

    def after(_connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: bool) -> None:
        on_statement(text, time.perf_counter() - context.backline_began)

    event.listen(engine.sync_engine, "before_cursor_execute", before)
    event.listen(engine.sync_engine, "after_cursor_execute", after)
