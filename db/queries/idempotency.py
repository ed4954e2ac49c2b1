"""Keys with which the same thing is asked for once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import IdempotencyKey


async def add(
    session: AsyncSession, user_id: UUID, operation: str, key: str, *, input_hash: bytes, answer_id: UUID
) -> bool:
    """Write a key. Whoever brings the same one meanwhile waits here until this transaction ends.

    Returns:
        False when it was used before.
    """
    statement = (
        upsert(IdempotencyKey)
        .values(user_id=user_id, operation=operation, key=key, input_hash=input_hash, answer_id=answer_id)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def find(session: AsyncSession, user_id: UUID, operation: str, key: str) -> tuple[bytes, UUID]:
    """What a key was used for: the hash of the input, and the id of what was made."""
    statement = select(IdempotencyKey.input_hash, IdempotencyKey.answer_id).where(
        IdempotencyKey.user_id == user_id, IdempotencyKey.operation == operation, IdempotencyKey.key == key
    )
    row = (await session.execute(statement)).one()
    return row.input_hash, row.answer_id
