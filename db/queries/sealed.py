"""Every column that holds something sealed, for a change of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from db.tables import Checkout, ConnectedAccount, OAuthSession, PayoutMethod, PushToken, SignInCode


@dataclass(frozen=True)
class Sealed:
    """One such column.

    Attributes:
        id: Its row's primary key.
        column: The column.
        bound: What the secret is bound to: this column of the row, or its text.
    """

    id: InstrumentedAttribute[UUID]
    column: InstrumentedAttribute[Any]
    bound: InstrumentedAttribute[Any]
    write: Callable[[Any], str]


SEALED: Final = (
    Sealed(SignInCode.id, SignInCode.sealed_code, SignInCode.id, str),
    Sealed(PushToken.id, PushToken.sealed_token, PushToken.token_hash, bytes.hex),
    Sealed(ConnectedAccount.id, ConnectedAccount.sealed_tokens, ConnectedAccount.id, str),
    Sealed(OAuthSession.id, OAuthSession.sealed_verifier, OAuthSession.id, str),
    Sealed(OAuthSession.id, OAuthSession.sealed_profile, OAuthSession.id, str),
    Sealed(PayoutMethod.id, PayoutMethod.sealed_handle, PayoutMethod.id, str),
    Sealed(Checkout.id, Checkout.sealed_client_secret, Checkout.id, str),
)


async def read(session: AsyncSession, sealed: Sealed, after: UUID, limit: int) -> Iterator[tuple[UUID, bytes, str]]:
    """Some rows in the order of their ids: id, sealed value, and what it is bound to."""
    statement = (
        select(sealed.id, sealed.column, sealed.bound)
        .where(sealed.id > after, sealed.column.is_not(None))
        .order_by(sealed.id)
        .limit(limit)
    )
    rows = (await session.execute(statement)).all()
    return ((row[0], row[1], sealed.write(row[2])) for row in rows)


async def write(session: AsyncSession, sealed: Sealed, row_id: UUID, *, old: bytes, new: bytes) -> bool:
    """Put a value that was sealed anew in the place of the old one; False when that changed meanwhile."""
    statement = (
        update(sealed.id.class_)
        .where(sealed.id == row_id, sealed.column == old)
        .values({sealed.column: new})
        .returning(sealed.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None
