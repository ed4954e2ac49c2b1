"""Where people are signed in, and the refresh tokens that keep it so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import RefreshToken, Session, User
from domain.accounts import REFRESH_TOKEN_DAYS
from domain.ids import new_id

TOUCHED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Proven:
    """What the database says of a proof that somebody showed.

    Attributes:
        user_id: Whose it is.
        roles: What they do here.
        scopes: What it allows; None for a session, which allows everything.
        expires_at: Until when it holds; None when the database does not know (a session) or it has no end.
        stale: Whether its last use was noted more than a minute ago.
    """

    user_id: UUID
    roles: Sequence[str]
    scopes: Sequence[str] | None
    expires_at: datetime | None
    stale: bool


async def add(session: AsyncSession, user_id: UUID, *, device: str, city: str | None) -> UUID:
    """Write that somebody is signed in somewhere; returns the session's id."""
    session_id = new_id()
    await session.execute(insert(Session).values(id=session_id, user_id=user_id, device=device, city=city))
    return session_id


async def prove(session: AsyncSession, session_id: UUID, user_id: UUID) -> Proven | None:
    """A session that holds, of a person who may be here; None otherwise."""
    statement = (
        select(User.roles, (Session.last_seen_at < func.now() - TOUCHED_EVERY).label("stale"))
        .join_from(Session, User, Session.user_id == User.id)
        .where(
            Session.id == session_id,
            Session.user_id == user_id,
            Session.revoked_at.is_(None),
            User.suspended.is_(False),
            User.deleted_at.is_(None),
        )
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Proven(user_id, row.roles, None, None, row.stale)


async def list_holding(session: AsyncSession, session_ids: Collection[UUID]) -> set[UUID]:
    """Those of some sessions that hold, of people who may be here."""
    statement = (
        select(Session.id)
        .join_from(Session, User, Session.user_id == User.id)
        .where(
            Session.id == func.any(literal(list(session_ids), ARRAY(Uuid()))),
            Session.revoked_at.is_(None),
            User.suspended.is_(False),
            User.deleted_at.is_(None),
        )
    )
    return set((await session.execute(statement)).scalars())


async def touch(session: AsyncSession, session_id: UUID) -> None:
    """Note that a session is used now."""
    await session.execute(
        update(Session)
        .where(Session.id == session_id, Session.last_seen_at < func.now() - TOUCHED_EVERY)
        .values(last_seen_at=func.now())
    )


async def keep(session: AsyncSession, session_id: UUID) -> Session | None:
    """Take a session that holds until the commit, and note that it is used; None when it was revoked."""
    statement = (
        update(Session)
        .where(Session.id == session_id, Session.revoked_at.is_(None))
        .values(last_seen_at=func.now())
        .returning(Session)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_own(session: AsyncSession, user_id: UUID, session_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the sessions that are this person's, revoked or not."""
    statement = select(Session.id).where(Session.user_id == user_id, Session.id == func.any(list(session_ids)))
    return set((await session.execute(statement)).scalars())


async def revoke(
    session: AsyncSession,
    user_id: UUID,
    *,
    session_ids: Sequence[UUID] | None = None,
    besides: UUID | None = None,
) -> list[UUID]:
    """End sessions of a person: these, or all besides one. Those that had ended are left as they are.

    Returns:
        The ids of those that ended now.
    """
    statement = (
        update(Session)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(Session.id)
    )
    if session_ids is not None:
        statement = statement.where(Session.id == func.any(list(session_ids)))
    if besides is not None:
        statement = statement.where(Session.id != besides)
    return sorted((await session.execute(statement)).scalars())


async def add_refresh_token(session: AsyncSession, session_id: UUID, token_hash: bytes) -> None:
    """Write a session's new refresh token."""
    await session.execute(
        insert(RefreshToken).values(
            token_hash=token_hash,
            session_id=session_id,
            expires_at=func.now() + timedelta(days=REFRESH_TOKEN_DAYS),
        )
    )


async def use_refresh_token(session: AsyncSession, token_hash: bytes) -> UUID | None:
    """Use a refresh token up, which only one caller can.

    Returns:
        Its session; None when it was used before, is too old, or is not one of ours.
    """
    statement = (
        update(RefreshToken)
        .where(
            RefreshToken.token_hash == token_hash,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(RefreshToken.session_id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_refresh_token(session: AsyncSession, token_hash: bytes) -> tuple[Session, bool] | None:
    """The session that a refresh token is of, and whether the token was used before; None when it is not one of ours."""
    statement = (
        select(Session, RefreshToken.used_at.is_not(None))
        .join_from(RefreshToken, Session, RefreshToken.session_id == Session.id)
        .where(RefreshToken.token_hash == token_hash)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row[0], row[1])


async def forget_refresh_tokens(session: AsyncSession, *, days: int) -> int:
    """Remove refresh tokens that expired long ago; returns how many."""
    statement = delete(RefreshToken).where(RefreshToken.expires_at < func.now() - timedelta(days=days))
    return len((await session.execute(statement.returning(RefreshToken.token_hash))).all())
