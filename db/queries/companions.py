"""Companions: pairing them once, and counting what they send."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Companion, User
from domain.companions import CODE_HOLDS


def present(companion: type[Companion]) -> ColumnElement[bool]:
    """Whether a companion is paired, or can still be, and was not revoked."""
    waits = companion.code_expires_at > func.now()
    return and_(companion.revoked_at.is_(None), or_(companion.paired_at.is_not(None), waits))


async def count(session: AsyncSession, user_id: UUID) -> int:
    """How many a person has."""
    statement = select(func.count()).select_from(Companion).where(Companion.user_id == user_id, present(Companion))
    return (await session.execute(statement)).scalar_one()


async def forget_unpaired(session: AsyncSession, user_id: UUID) -> None:
    """Remove those of a person whose code nobody used in time, or that were revoked before."""
    await session.execute(
        delete(Companion).where(Companion.user_id == user_id, Companion.paired_at.is_(None), ~present(Companion))
    )


async def add(session: AsyncSession, companion_id: UUID, *, user_id: UUID, name: str, code_hash: bytes) -> None:
    """Write one that is to be paired within ten minutes."""
    await session.execute(
        insert(Companion).values(
            id=companion_id,
            user_id=user_id,
            name=name,
            code_hash=code_hash,
            code_expires_at=func.now() + CODE_HOLDS,
        )
    )


async def pair(session: AsyncSession, code_hash: bytes, public_key: bytes, name: str | None) -> UUID | None:
    """Give the companion that waits for this code its key. Of any number who show it at once, one can.

    Returns:
        Its id; None when nobody waits for it (any more).

    Raises:
        IntegrityError: Another companion has this key (unique).
    """
    may_be_here = select(User.id).where(
        User.id == Companion.user_id, User.suspended.is_(False), User.deleted_at.is_(None)
    )
    statement = (
        update(Companion)
        .where(
            Companion.code_hash == code_hash,
            Companion.code_expires_at > func.now(),
            Companion.paired_at.is_(None),
            Companion.revoked_at.is_(None),
            may_be_here.exists(),
        )
        .values(
            public_key=public_key,
            paired_at=func.now(),
            code_hash=None,
            name=Companion.name if name is None else name,
        )
        .returning(Companion.id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find(session: AsyncSession, companion_id: UUID, *, for_update: bool = False) -> Companion | None:
    """One that was paired, of somebody who may be here, revoked or not; with `for_update` it stays so until the commit."""
    statement = (
        select(Companion)
        .join(User, User.id == Companion.user_id)
        .where(
            Companion.id == companion_id,
            Companion.public_key.is_not(None),
            User.suspended.is_(False),
            User.deleted_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )
    if for_update:
        statement = statement.with_for_update(of=Companion)
    return (await session.execute(statement)).scalar_one_or_none()


async def count_up(session: AsyncSession, companion_id: UUID, counter: int) -> None:
    """Note the number of a companion's request, and that it was here. The row is locked."""
    await session.execute(
        update(Companion)
        .where(Companion.id == companion_id)
        .values(counter=counter, last_seen_at=func.clock_timestamp())
    )


async def revoke(session: AsyncSession, user_id: UUID, companion_id: UUID) -> bool:
    """End a companion of a person, twice or once; False when they have no such one."""
    statement = (
        update(Companion)
        .where(Companion.id == companion_id, Companion.user_id == user_id)
        .values(revoked_at=func.coalesce(Companion.revoked_at, func.now()), code_hash=None)
        .returning(Companion.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None
