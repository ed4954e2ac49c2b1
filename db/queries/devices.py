"""Devices that can be pushed to."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import PushToken
from domain.accounts import MAX_DEVICES
from domain.ids import new_id
from domain.notifications import DevicePlatform


async def register(
    session: AsyncSession, user_id: UUID, *, platform: DevicePlatform, token_hash: bytes, sealed_token: bytes
) -> UUID:
    """Write a device. One that is known moves to this person, and then has a new id, since the old one was another's.

    Returns:
        The device's id.
    """
    statement = upsert(PushToken).values(
        id=new_id(), user_id=user_id, platform=platform, token_hash=token_hash, sealed_token=sealed_token
    )
    new = statement.excluded
    moved = {
        "id": case((PushToken.user_id == new.user_id, PushToken.id), else_=new.id),
        "user_id": new.user_id,
        "platform": new.platform,
        "sealed_token": new.sealed_token,
        "registered_at": new.registered_at,
    }
    statement = statement.on_conflict_do_update(index_elements=[PushToken.token_hash], set_=moved)
    return (await session.execute(statement.returning(PushToken.id))).scalar_one()


async def drop_oldest(session: AsyncSession, user_id: UUID) -> None:
    """Forget those of a person's devices that are one too many, the longest not registered first."""
    newest = (
        select(PushToken.id)
        .where(PushToken.user_id == user_id)
        .order_by(PushToken.registered_at.desc(), PushToken.id.desc())
        .offset(MAX_DEVICES)
    )
    await session.execute(delete(PushToken).where(PushToken.id.in_(newest)))


async def unregister(session: AsyncSession, user_id: UUID, device_id: UUID) -> bool:
    """Forget a device of a person; False when they have no such device."""
    statement = delete(PushToken).where(PushToken.id == device_id, PushToken.user_id == user_id)
    return (await session.execute(statement.returning(PushToken.id))).scalar_one_or_none() is not None
