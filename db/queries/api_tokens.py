"""Tokens for people's own programs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.queries.sessions import TOUCHED_EVERY, Proven
from db.tables import ApiToken, User


def holds(token: type[ApiToken]) -> ColumnElement[bool]:
    """Whether a token is neither revoked nor too old."""
    return and_(token.revoked_at.is_(None), or_(token.expires_at.is_(None), token.expires_at > func.now()))


async def prove(
    session: AsyncSession, *, secret_hash: bytes | None = None, token_id: UUID | None = None
) -> tuple[UUID, Proven] | None:
    """A token that holds, by its secret's hash or its id, of a person who may be here; None otherwise.

    Returns:
        The token's id, and what it proves.
    """
    statement = (
        select(
            ApiToken.id,
            ApiToken.user_id,
            ApiToken.scopes,
            ApiToken.expires_at,
            func.coalesce(ApiToken.last_used_at < func.now() - TOUCHED_EVERY, True).label("stale"),
            User.roles,
        )
        .join_from(ApiToken, User, ApiToken.user_id == User.id)
        .where(holds(ApiToken), User.suspended.is_(False), User.deleted_at.is_(None))
        .where(ApiToken.secret_hash == secret_hash if secret_hash is not None else ApiToken.id == token_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row.id, Proven(row.user_id, row.roles, row.scopes, row.expires_at, row.stale))


async def list_holding(session: AsyncSession, token_ids: Collection[UUID]) -> set[UUID]:
    """Those of some tokens that hold, of people who may be here."""
    statement = (
        select(ApiToken.id)
        .join_from(ApiToken, User, ApiToken.user_id == User.id)
        .where(
            ApiToken.id == func.any(literal(list(token_ids), ARRAY(Uuid()))),
            holds(ApiToken),
            User.suspended.is_(False),
            User.deleted_at.is_(None),
        )
    )
    return set((await session.execute(statement)).scalars())


async def touch(session: AsyncSession, token_id: UUID) -> None:
    """Note that a token is used now."""
    unnoted = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < func.now() - TOUCHED_EVERY)
    await session.execute(update(ApiToken).where(ApiToken.id == token_id, unnoted).values(last_used_at=func.now()))


async def count(session: AsyncSession, user_id: UUID) -> int:
    """How many tokens of a person hold."""
    statement = select(func.count()).select_from(ApiToken).where(ApiToken.user_id == user_id, holds(ApiToken))
    return (await session.execute(statement)).scalar_one()


async def add(
    session: AsyncSession,
    *,
    token_id: UUID,
    user_id: UUID,
    name: str,
    scopes: Sequence[str],
    secret_hash: bytes,
    expires_at: datetime | None,
) -> None:
    """Write a token."""
    await session.execute(
        insert(ApiToken).values(
            id=token_id,
            user_id=user_id,
            name=name,
            scopes=list(scopes),
            secret_hash=secret_hash,
            expires_at=expires_at,
        )
    )


async def revoke(session: AsyncSession, user_id: UUID, token_id: UUID) -> bool | None:
    """End a token of a person.

    Returns:
        Whether it ended now; None when they have no such token.
    """
    statement = (
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiToken.id)
    )
    if (await session.execute(statement)).scalar_one_or_none() is not None:
        return True
    found = select(ApiToken.id).where(ApiToken.id == token_id, ApiToken.user_id == user_id)
    return None if (await session.execute(found)).scalar_one_or_none() is None else False
