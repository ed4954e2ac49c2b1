"""Payment links and their splits."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import PaymentLink, Split, User
from domain.checkouts import PaymentVendor
from domain.ids import new_id
from domain.money import Money
from domain.splits import Share


async def add(
    session: AsyncSession,
    link_id: UUID,
    *,
    owner_id: UUID,
    title: str,
    amount: Money,
    fee_basis_points: int,
    vendor: PaymentVendor,
    shares: Sequence[Share],
) -> None:
    """Write a link that the vendor is still to make, and who gets what part."""
    await session.execute(
        insert(PaymentLink).values(
            id=link_id,
            owner_id=owner_id,
            title=title,
            currency=amount.currency,
            amount_minor=amount.minor,
            fee_basis_points=fee_basis_points,
            vendor=vendor,
        )
    )
    rows = [
        {
            "id": new_id(),
            "payment_link_id": link_id,
            "place": place,
            "recipient_id": share.recipient_id,
            "parts": share.parts,
        }
        for place, share in enumerate(shares)
    ]
    await session.execute(insert(Split).values(rows))


async def find(session: AsyncSession, link_id: UUID) -> PaymentLink | None:
    """A link as it stands."""
    statement = select(PaymentLink).where(PaymentLink.id == link_id).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def read_shares(session: AsyncSession, link_id: UUID) -> list[Share]:
    """Who gets what part of what is paid at a link."""
    statement = select(Split.recipient_id, Split.parts).where(Split.payment_link_id == link_id).order_by(Split.place)
    return [Share(row.recipient_id, row.parts) for row in await session.execute(statement) if row.recipient_id]


async def find_absent(session: AsyncSession, user_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these people cannot be paid: they do not exist, or are deleted or suspended."""
    statement = select(User.id).where(User.id == func.any(list(user_ids)), User.deleted_at.is_(None), ~User.suspended)
    return set(user_ids) - set(await session.scalars(statement))


async def make(session: AsyncSession, link_id: UUID, *, vendor_id: str, url: str) -> None:
    """Note what the vendor made."""
    statement = update(PaymentLink).where(PaymentLink.id == link_id).values(vendor_id=vendor_id, url=url)
    await session.execute(statement.execution_options(synchronize_session=False))


async def deactivate(session: AsyncSession, link_id: UUID) -> bool:
    """Let a link take no more payments; False when it does not already."""
    statement = (
        update(PaymentLink)
        .where(PaymentLink.id == link_id, PaymentLink.active)
        .values(active=False, deactivated_at=func.clock_timestamp())
        .returning(PaymentLink.id)
    )
    found = await session.execute(statement.execution_options(synchronize_session=False))
    return found.scalar_one_or_none() is not None
