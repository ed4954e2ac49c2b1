"""The logs: writing at the head, reading on from a cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import EventRow, Topic
from domain.events import Event

EventTuple = Row[tuple[int, str, dict[str, Any], datetime]]


async def append(session: AsyncSession, event: Event) -> tuple[int, datetime]:
    """Put an event at the head of its log; the log's row stays locked until the commit, so no sequence is skipped.

    Returns:
        Its sequence, and when it happened.
    """
    grown = upsert(Topic).values(name=event.topic, head=1)
    grown = grown.on_conflict_do_update(index_elements=[Topic.name], set_={"head": Topic.head + 1})
    sequence = (await session.execute(grown.returning(Topic.head))).scalar_one()
    written = insert(EventRow).values(topic=event.topic, sequence=sequence, kind=event.kind, data=dict(event.data))
    occurred_at = (await session.execute(written.returning(EventRow.occurred_at))).scalar_one()
    return sequence, occurred_at


async def lock(session: AsyncSession, topic: str) -> None:
    """Take a log for ourselves until the commit, before it is known whether there is something to write."""
    opened = upsert(Topic).values(name=topic, head=0)
    await session.execute(opened.on_conflict_do_update(index_elements=[Topic.name], set_={"head": Topic.head}))


async def append_many(session: AsyncSession, events: Mapping[str, Event]) -> dict[str, tuple[int, datetime]]:
    """Put one event each at the head of many logs, in two statements; logs are locked in the order of their names."""
    if not events:
        return {}
    names = sorted(events)
    grown = upsert(Topic).values([{"name": name, "head": 1} for name in names])
    grown = grown.on_conflict_do_update(index_elements=[Topic.name], set_={"head": Topic.head + 1})
    heads = {row.name: row.head for row in await session.execute(grown.returning(Topic.name, Topic.head))}
    rows = [
        {"topic": name, "sequence": heads[name], "kind": events[name].kind, "data": dict(events[name].data)}
        for name in names
    ]
    written = insert(EventRow).returning(EventRow.topic, EventRow.occurred_at)
    times = {row.topic: row.occurred_at for row in await session.execute(written, rows)}
    return {name: (heads[name], times[name]) for name in names}


async def read_after(session: AsyncSession, topic: str, after: int, limit: int) -> Sequence[EventTuple]:
    """The events of a log that follow a sequence, oldest first."""
    statement = (
        select(EventRow.sequence, EventRow.kind, EventRow.data, EventRow.occurred_at)
        .where(EventRow.topic == topic, EventRow.sequence > after)
        .order_by(EventRow.sequence)
        .limit(limit)
    )
    return (await session.execute(statement)).all()


async def read_heads(session: AsyncSession, topics: Sequence[str]) -> dict[str, int]:
    """The newest sequence of each log; a log without events is at 0."""
    found = await session.execute(select(Topic.name, Topic.head).where(Topic.name == func.any(list(topics))))
    return {**dict.fromkeys(topics, 0), **{row.name: row.head for row in found}}


async def forget(session: AsyncSession, days: int, limit: int) -> int:
    """Remove events that are older than they are kept for; at most `limit` at once.

    Returns:
        How many were removed.
    """
    old = (
        select(EventRow.topic, EventRow.sequence)
        .where(EventRow.occurred_at < func.now() - timedelta(days=days))
        .limit(limit)
        .subquery()
    )
    statement = delete(EventRow).where(EventRow.topic == old.c.topic, EventRow.sequence == old.c.sequence)
    return (await session.execute(statement.returning(EventRow.sequence))).all().__len__()
