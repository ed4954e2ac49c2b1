"""Money that came in, what of it goes back, and what is disputed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Dispute, Payment, Refund
from domain.checkouts import PaymentVendor
from domain.ids import new_id
from domain.money import Currency, Money
from domain.payments import DisputeStatus, RefundReason
from domain.refunds import RefundState
from domain.states import DISPUTE_MOVES, REFUND_MOVES, sources


async def keep_apart(session: AsyncSession, vendor: PaymentVendor, vendor_id: str) -> None:
    """Let everybody wait who takes the same payment, until the commit."""
    key = func.hashtextextended(f"payment {vendor.value} {vendor_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def find_by_vendor(
    session: AsyncSession, vendor: PaymentVendor, vendor_id: str, *, lock: bool = False
) -> Payment | None:
    """A payment by its id at the vendor; with `lock`, nobody else changes it until the commit."""
    statement = select(Payment).where(Payment.vendor == vendor, Payment.vendor_id == vendor_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def find(session: AsyncSession, payment_id: UUID) -> Payment | None:
    """A payment."""
    return (await session.execute(select(Payment).where(Payment.id == payment_id))).scalar_one_or_none()


async def lock(session: AsyncSession, payment_id: UUID) -> Payment | None:
    """Take a payment until the commit, as it stands."""
    statement = select(Payment).where(Payment.id == payment_id).with_for_update(key_share=True)
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def find_by_hold(session: AsyncSession, hold_id: UUID) -> UUID | None:
    """The payment whose money is held so; None for what was held of a balance."""
    return (await session.execute(select(Payment.id).where(Payment.hold_id == hold_id))).scalar_one_or_none()


async def add(session: AsyncSession, payment_id: UUID, *, amount: Money, **facts: object) -> None:
    """Write a payment; `facts` are columns."""
    facts |= {"currency": amount.currency, "amount_minor": amount.minor}
    await session.execute(insert(Payment).values(id=payment_id, **facts))


async def count_refunded(session: AsyncSession, payment_id: UUID) -> int:
    """Write down in a payment, and give, how much of it went back or is about to."""
    going = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.payment_id == payment_id, Refund.status != RefundState.FAILED
    )
    statement = (
        update(Payment)
        .where(Payment.id == payment_id)
        .values(refunded_minor=going.scalar_subquery())
        .returning(Payment.refunded_minor)
    )
    return (await session.execute(statement.execution_options(synchronize_session=False))).scalar_one()


async def add_refund(
    session: AsyncSession,
    refund_id: UUID,
    payment: Payment,
    amount_minor: int,
    reason: RefundReason,
    *,
    by: UUID | None = None,
    note: str | None = None,
    vendor_id: str | None = None,
) -> bool:
    """Write a refund that is to be sent, or with `vendor_id` one that began at the vendor.

    Returns:
        False when that one is known.
    """
    statement = (
        upsert(Refund)
        .values(
            id=refund_id,
            payment_id=payment.id,
            reason=reason,
            currency=payment.currency,
            amount_minor=amount_minor,
            requested_by_id=by,
            note=note,
            vendor_id=vendor_id,
        )
        .on_conflict_do_nothing(index_elements=["vendor_id"])
        .returning(Refund.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def find_refund(session: AsyncSession, refund_id: UUID) -> Refund | None:
    """A refund."""
    statement = select(Refund).where(Refund.id == refund_id).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def find_refund_by_vendor(session: AsyncSession, vendor_id: str) -> Refund | None:
    """A refund by its id at the vendor."""
    statement = select(Refund).where(Refund.vendor_id == vendor_id).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def move_refund(session: AsyncSession, refund_id: UUID, to: RefundState, **facts: object) -> Refund | None:
    """Bring a refund to another state; None when that cannot follow from where it is."""
    statement = (
        update(Refund)
        .where(Refund.id == refund_id, Refund.status.in_(sources(REFUND_MOVES, to)))
        .values(**{"failure_code": None, **facts}, status=to, settled_at=func.clock_timestamp())
        .returning(Refund)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_dispute(session: AsyncSession, vendor_id: str) -> Dispute | None:
    """A dispute by its id at the vendor."""
    statement = select(Dispute).where(Dispute.vendor_id == vendor_id).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def add_dispute(
    session: AsyncSession, payment_id: UUID, *, vendor_id: str, reason: str, amount: Money, entry_id: UUID | None
) -> UUID:
    """Write a dispute that is open; gives its id."""
    dispute_id = new_id()
    await session.execute(
        insert(Dispute).values(
            id=dispute_id,
            payment_id=payment_id,
            vendor_id=vendor_id,
            status=DisputeStatus.OPEN,
            reason=reason,
            currency=Currency(amount.currency),
            amount_minor=amount.minor,
            entry_id=entry_id,
        )
    )
    return dispute_id


async def close_dispute(session: AsyncSession, dispute_id: UUID, to: DisputeStatus) -> bool:
    """Note how a dispute was decided; False when it was before."""
    statement = (
        update(Dispute)
        .where(Dispute.id == dispute_id, Dispute.status.in_(sources(DISPUTE_MOVES, to)))
        .values(status=to, closed_at=func.clock_timestamp())
        .returning(Dispute.id)
    )
    found = await session.execute(statement.execution_options(synchronize_session=False))
    return found.scalar_one_or_none() is not None


async def set_refund_entry(session: AsyncSession, refund_id: UUID, entry_id: UUID) -> None:
    """Note with which entry a refund was booked."""
    statement = update(Refund).where(Refund.id == refund_id).values(entry_id=entry_id)
    await session.execute(statement.execution_options(synchronize_session=False))


async def put_off_refund(session: AsyncSession, refund_id: UUID, tries: int, failure_code: str) -> None:
    """Note that a refund is to be tried again, under another key, after so many tries."""
    statement = (
        update(Refund)
        .where(Refund.id == refund_id, Refund.status == RefundState.REQUESTED, Refund.tries < tries)
        .values(tries=tries, failure_code=failure_code)
    )
    await session.execute(statement.execution_options(synchronize_session=False))
