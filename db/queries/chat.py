"""Lines of chat."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Message


async def find_by_client_key(
    session: AsyncSession, broadcast_id: UUID, author_id: UUID, client_key: str
) -> UUID | None:
    """The message that somebody sent into a room under their app's own key."""
    statement = select(Message.id).where(
        Message.broadcast_id == broadcast_id, Message.author_id == author_id, Message.client_key == client_key
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def add(session: AsyncSession, message_id: UUID, *, sequence: int, **facts: object) -> None:
    """Write a message at the place of its event."""
    await session.execute(insert(Message).values(id=message_id, sequence=sequence, **facts))


async def find(session: AsyncSession, message_id: UUID) -> Message | None:
    """A message, deleted or not."""
    statement = select(Message).where(Message.id == message_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def remove(session: AsyncSession, message_id: UUID, by: UUID) -> bool:
    """Take a message out of everybody's sight; False when somebody did so before."""
    statement = (
        update(Message)
        .where(Message.id == message_id, Message.deleted_at.is_(None))
        .values(deleted_at=func.now(), deleted_by_id=by)
        .returning(Message.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None
