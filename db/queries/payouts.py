"""Payouts: each move is one conditional UPDATE, so that of two who move at once one finds that it came too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Payout, PayoutMethod
from domain.money import Currency, Money
from domain.payouts import PayoutMethodKind, PayoutStatus
from domain.states import PAYOUT_MOVES, sources


@dataclass(frozen=True)
class NewPayout:
    """A payout as it is written.

    Attributes:
        id: Its id.
        user_id: Whose money it is.
        method_id: Where it goes.
        status: Where it begins.
        amount: What leaves their balance.
        fee_minor: What of it the platform keeps.
        claim_id: The ledger's entry that took it out of what is available.
        run_id: The run that it is made in.
    """

    id: UUID
    user_id: UUID
    method_id: UUID
    status: PayoutStatus
    amount: Money
    fee_minor: int
    claim_id: UUID
    run_id: UUID | None = None


@dataclass(frozen=True)
class Found:
    """A payout, and where it goes.

    Attributes:
        id: Its id.
        user_id: Whose money it is.
        method_id: Where it goes.
        status: Where it stands.
        amount: What left their balance.
        fee_minor: What of it the platform keeps.
        claim_id: The ledger's entry that took it out of what is available.
        attempt: How often it was begun.
        paid_by_id: Who paid it by hand.
        confirmed_by_id: Who said that they did.
        reference: What they, or the vendor, call it.
        sending_at: When the vendor may have been told first.
        kind: By which road.
        account: The account's name there.
        removed: Whether the person took the method away.
    """

    id: UUID
    user_id: UUID
    method_id: UUID
    status: PayoutStatus
    amount: Money
    fee_minor: int
    claim_id: UUID
    attempt: int
    paid_by_id: UUID | None
    confirmed_by_id: UUID | None
    reference: str | None
    sending_at: datetime | None
    kind: PayoutMethodKind
    account: str | None
    removed: bool

    @property
    def arrives(self) -> Money:
        """What goes out."""
        return Money(self.amount.minor - self.fee_minor, self.amount.currency)


async def add(session: AsyncSession, made: NewPayout) -> None:
    """Write one."""
    values = {**vars(made), "currency": made.amount.currency, "amount_minor": made.amount.minor}
    del values["amount"]
    await session.execute(insert(Payout).values(**values))


async def find(session: AsyncSession, payout_id: UUID, *, lock: bool = False) -> Found | None:
    """One; with `lock` it stays as it is until the commit."""
    statement = (
        select(Payout, PayoutMethod.kind, PayoutMethod.account, PayoutMethod.removed_at)
        .join(PayoutMethod, PayoutMethod.id == Payout.method_id)
        .where(Payout.id == payout_id)
        .execution_options(populate_existing=True)
    )
    if lock:
        statement = statement.with_for_update(of=Payout)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    payout, kind, account, removed_at = row
    return Found(
        id=payout.id,
        user_id=payout.user_id,
        method_id=payout.method_id,
        status=payout.status,
        amount=Money(payout.amount_minor, Currency(payout.currency)),
        fee_minor=payout.fee_minor,
        claim_id=payout.claim_id,
        attempt=payout.attempt,
        paid_by_id=payout.paid_by_id,
        confirmed_by_id=payout.confirmed_by_id,
        reference=payout.reference,
        sending_at=payout.sending_at,
        kind=kind,
        account=account,
        removed=removed_at is not None,
    )


async def move(session: AsyncSession, payout_id: UUID, to: PayoutStatus, **facts: Any) -> bool:
    """Move a payout to where it may go from where it stands; False when it may not."""
    if to is PayoutStatus.PAID:
        facts["paid_at"] = func.now()
    statement = (
        update(Payout)
        .where(Payout.id == payout_id, Payout.status.in_(sources(PAYOUT_MOVES, to)))
        .values(status=to, **facts)
        .returning(Payout.id)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def begin(session: AsyncSession, payout_id: UUID) -> bool:
    """Note that the vendor may be told from now on; False when that was noted before, or must not be."""
    return await move(session, payout_id, PayoutStatus.SENDING, sending_at=func.clock_timestamp())


async def is_known(session: AsyncSession, reference: str, besides: UUID) -> bool:
    """Whether another payout has this reference."""
    statement = select(Payout.id).where(Payout.reference == reference, Payout.id != besides)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def list_shown(session: AsyncSession, user_id: UUID, limit: int) -> list[UUID]:
    """What somebody who begins to follow their payouts is shown: those under way, the oldest first, or the latest of all."""
    under_way = (
        select(Payout.id)
        .where(Payout.user_id == user_id, Payout.status.in_([each for each, to in PAYOUT_MOVES.items() if to]))
        .where(Payout.status != PayoutStatus.FAILED)
        .order_by(Payout.requested_at, Payout.id)
        .limit(limit)
    )
    found = list(await session.scalars(under_way))
    if found:
        return found
    latest = select(Payout.id).where(Payout.user_id == user_id).order_by(Payout.requested_at.desc(), Payout.id.desc())
    return list(await session.scalars(latest.limit(1)))
