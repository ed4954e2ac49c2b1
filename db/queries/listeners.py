"""Who is in a room. Presence is a row that is touched while somebody is seen, so that it survives every process."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, cast, column, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Broadcast, Listener
from domain.broadcasts import PRESENCE_GRACE, PRESENCE_TOUCH, BroadcastStatus


async def enter(session: AsyncSession, broadcast_id: UUID, user_id: UUID) -> int | None:
    """Put somebody into a room whose row is locked.

    Returns:
        The number of listeners now; None when they were in it already (their presence is renewed).
    """
    known = (
        select(Listener.left_at.is_(None))
        .where(Listener.broadcast_id == broadcast_id, Listener.user_id == user_id)
        .with_for_update()
    )
    present = (await session.execute(known)).scalar_one_or_none()
    facts = {"left_at": None, "last_seen_at": func.now()}
    if present is not True:
        facts["joined_at"] = func.now()
    statement = upsert(Listener).values(
        broadcast_id=broadcast_id, user_id=user_id, joined_at=func.now(), last_seen_at=func.now()
    )
    await session.execute(
        statement.on_conflict_do_update(index_elements=[Listener.broadcast_id, Listener.user_id], set_=facts)
    )
    if present is True:
        return None
    return await _count(session, broadcast_id, came=1, new=int(present is None))


async def leave(session: AsyncSession, broadcast_id: UUID, user_id: UUID) -> int | None:
    """Take somebody out of a room whose row is locked.

    Returns:
        The number of listeners now; None when they were not in it.
    """
    statement = (
        update(Listener)
        .where(Listener.broadcast_id == broadcast_id, Listener.user_id == user_id, Listener.left_at.is_(None))
        .values(left_at=func.now())
        .returning(Listener.user_id)
    )
    if (await session.execute(statement)).scalar_one_or_none() is None:
        return None
    return await _count(session, broadcast_id, came=-1, new=0)


async def _count(session: AsyncSession, broadcast_id: UUID, *, came: int, new: int) -> int:
    present = Broadcast.listener_count + came
    statement = (
        update(Broadcast)
        .where(Broadcast.id == broadcast_id)
        .values(
            listener_count=present,
            peak_listener_count=func.greatest(Broadcast.peak_listener_count, present),
            total_listener_count=Broadcast.total_listener_count + new,
        )
        .returning(Broadcast.listener_count)
    )
    return (await session.execute(statement)).scalar_one()


async def touch(session: AsyncSession, seen: Sequence[tuple[UUID, UUID]]) -> None:
    """Note that (room, person) pairs are still there; rows touched a moment ago are left alone.

    So are rows that somebody is at: they are touched the next time. Waiting for many rows, in whatever order, could close
    a circle with somebody who ends a room.
    """
    # Arrays keep the statement the same for any number of pairs; PostgreSQL takes no list of tens of thousands.
    rooms, people = (cast([pair[place] for pair in seen], ARRAY(Uuid)) for place in (0, 1))
    pair = func.unnest(rooms, people).table_valued(column("room", Uuid), column("person", Uuid)).render_derived("pair")
    there = (
        select(Listener.broadcast_id, Listener.user_id)
        .join(pair, and_(Listener.broadcast_id == pair.c.room, Listener.user_id == pair.c.person))
        .where(Listener.left_at.is_(None), Listener.last_seen_at < func.now() - PRESENCE_TOUCH / 2)
        .with_for_update(key_share=True, skip_locked=True, of=Listener)
        .subquery("there")
    )
    statement = (
        update(Listener)
        .where(Listener.broadcast_id == there.c.broadcast_id, Listener.user_id == there.c.user_id)
        .values(last_seen_at=func.now())
    )
    await session.execute(statement.execution_options(synchronize_session=False))


async def find_absent(session: AsyncSession, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """(room, person) pairs that were not seen for longer than the grace."""
    statement = (
        select(Listener.broadcast_id, Listener.user_id)
        .join(Broadcast, Broadcast.id == Listener.broadcast_id)
        .where(
            Broadcast.status == BroadcastStatus.LIVE,
            Listener.left_at.is_(None),
            Listener.last_seen_at < func.now() - PRESENCE_GRACE,
        )
        .limit(limit)
    )
    return [(row.broadcast_id, row.user_id) for row in await session.execute(statement)]


async def still_absent(session: AsyncSession, broadcast_id: UUID, user_id: UUID) -> bool:
    """Whether a person in a locked room is past the grace, looked at again under the lock."""
    statement = select(Listener.user_id).where(
        Listener.broadcast_id == broadcast_id,
        Listener.user_id == user_id,
        Listener.left_at.is_(None),
        Listener.last_seen_at < func.now() - PRESENCE_GRACE,
    )
    return (await session.execute(statement.with_for_update())).scalar_one_or_none() is not None
