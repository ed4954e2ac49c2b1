"""Codes that were sent to addresses."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.tables import SignInCode
from domain.accounts import CODE_ATTEMPTS, CODE_MINUTES, Channel


async def add(
    session: AsyncSession,
    *,
    code_id: UUID,
    channel: Channel,
    address: str,
    code_hash: bytes | None,
    sealed_code: bytes | None,
) -> datetime:
    """Write a code that is to be sent; from now on it is the only one of its address that counts.

    A code that the carrier makes is known to the carrier alone: it has neither hash nor seal.

    Returns:
        Until when it holds.
    """
    statement = insert(SignInCode).values(
        id=code_id,
        channel=channel,
        address=address,
        code_hash=code_hash,
        sealed_code=sealed_code,
        created_at=func.clock_timestamp(),
        expires_at=func.clock_timestamp() + timedelta(minutes=CODE_MINUTES),
    )
    return (await session.execute(statement.returning(SignInCode.expires_at))).scalar_one()


async def spend_attempt(session: AsyncSession, channel: Channel, address: str) -> SignInCode | None:
    """Count one attempt at the newest code of an address; the code's row stays ours until the commit.

    The attempt is counted before anybody compares, so that of any number of guesses at once five are looked at.

    Returns:
        The code; None when it is used, dead or too old, or when there is none.
    """
    newest = (
        select(SignInCode.id)
        .where(SignInCode.channel == channel, SignInCode.address == address)
        .order_by(SignInCode.created_at.desc(), SignInCode.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        update(SignInCode)
        .where(
            SignInCode.id == newest,
            SignInCode.attempts < CODE_ATTEMPTS,
            SignInCode.used_at.is_(None),
            SignInCode.expires_at > func.now(),
        )
        .values(attempts=SignInCode.attempts + 1)
        .returning(SignInCode)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def use(session: AsyncSession, code_id: UUID) -> bool:
    """Note that a code has opened the door; it opens no other. False when it has opened one already."""
    statement = (
        update(SignInCode)
        .where(SignInCode.id == code_id, SignInCode.used_at.is_(None))
        .values(used_at=func.now(), sealed_code=None)
        .returning(SignInCode.id)
    )
    used = await session.execute(statement.execution_options(synchronize_session=False))
    return used.scalar_one_or_none() is not None


async def find_unsent(session: AsyncSession, code_id: UUID) -> SignInCode | None:
    """A code that is still worth sending: not sent, used or too old, and no newer one has taken its place."""
    newer = aliased(SignInCode)
    overtaken = (
        select(newer.id)
        .where(
            newer.channel == SignInCode.channel,
            newer.address == SignInCode.address,
            newer.created_at > SignInCode.created_at,
        )
        .exists()
    )
    statement = select(SignInCode).where(
        SignInCode.id == code_id,
        SignInCode.sent_at.is_(None),
        SignInCode.used_at.is_(None),
        SignInCode.expires_at > func.now(),
        ~overtaken,
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def erase(session: AsyncSession, code_id: UUID) -> None:
    """Note that a code was sent, and forget what it said; its hash stays for the comparison."""
    sent = {"sealed_code": None, "sent_at": func.now()}
    await session.execute(update(SignInCode).where(SignInCode.id == code_id).values(**sent))


async def forget(session: AsyncSession, *, hours: int) -> int:
    """Remove codes that expired long ago; returns how many."""
    statement = delete(SignInCode).where(SignInCode.expires_at < func.now() - timedelta(hours=hours))
    return len((await session.execute(statement.returning(SignInCode.id))).all())
