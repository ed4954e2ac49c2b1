"""Checkouts: rows that wait for money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Checkout
from domain.checkouts import CheckoutState, CheckoutSubject, PaymentVendor
from domain.money import Money
from domain.states import CHECKOUT_MOVES, sources


async def add(
    session: AsyncSession,
    checkout_id: UUID,
    *,
    payer_id: UUID,
    subject: tuple[CheckoutSubject, UUID],
    vendor: PaymentVendor,
    amount: Money,
    description: str,
    return_to: str,
    expires_at: datetime,
) -> None:
    """Write a checkout whose page is still to be opened."""
    await session.execute(
        insert(Checkout).values(
            id=checkout_id,
            payer_id=payer_id,
            subject_type=subject[0],
            subject_id=subject[1],
            vendor=vendor,
            currency=amount.currency,
            amount_minor=amount.minor,
            description=description,
            return_to=return_to,
            expires_at=expires_at,
        )
    )


async def find(session: AsyncSession, checkout_id: UUID) -> Checkout | None:
    """A checkout as it stands."""
    statement = select(Checkout).where(Checkout.id == checkout_id).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def lock(session: AsyncSession, checkout_id: UUID) -> Checkout | None:
    """Take a checkout until the commit, as it stands."""
    statement = select(Checkout).where(Checkout.id == checkout_id).with_for_update(key_share=True)
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def open_page(
    session: AsyncSession, checkout_id: UUID, *, vendor_id: str, url: str | None, secret: bytes | None, until: datetime
) -> bool:
    """Note the page that the vendor opened; False when the checkout went on without it."""
    values = {"vendor_id": vendor_id, "url": url, "sealed_client_secret": secret, "expires_at": until}
    return await _move(session, checkout_id, CheckoutState.OPEN, **values)


async def pay(session: AsyncSession, checkout_id: UUID) -> bool:
    """Note that the money is there."""
    return await _move(session, checkout_id, CheckoutState.PAID, paid_at=func.clock_timestamp())


async def expire(session: AsyncSession, checkout_id: UUID) -> bool:
    """Note that nobody can pay any more."""
    return await _move(session, checkout_id, CheckoutState.EXPIRED)


async def fail(session: AsyncSession, checkout_id: UUID, failure_code: str) -> bool:
    """Note that the vendor will not open a page."""
    return await _move(session, checkout_id, CheckoutState.FAILED, failure_code=failure_code)


async def _move(
    session: AsyncSession, checkout_id: UUID, to: CheckoutState, **values: object | ColumnElement[object]
) -> bool:
    statement = (
        update(Checkout)
        .where(Checkout.id == checkout_id, Checkout.status.in_(sources(CHECKOUT_MOVES, to)))
        .values(status=to, **values)
        .returning(Checkout.id)
    )
    found = await session.execute(statement.execution_options(synchronize_session=False))
    return found.scalar_one_or_none() is not None
