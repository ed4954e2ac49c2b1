"""Money of payouts that comes back: what may be taken back for a debt, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import JournalEntry, LedgerAccount, Payout, PayoutMethod, PayoutReturn
from domain.ids import new_id
from domain.money import AccountKind, Currency, Money
from domain.payouts import PayoutMethodKind, PayoutStatus
from domain.returns import ReturnStatus
from domain.states import RETURN_MOVES, sources


@dataclass(frozen=True)
class Sent:
    """A payout of which something is out there.

    Attributes:
        id: Its id.
        left: How much of it neither came back nor is about to, in minor units.
    """

    id: UUID
    left: int


def _under_way() -> ColumnElement[int]:
    asked = select(func.coalesce(func.sum(PayoutReturn.amount_minor), 0)).where(
        PayoutReturn.payout_id == Payout.id, PayoutReturn.status == ReturnStatus.REQUESTED
    )
    return asked.correlate(Payout).scalar_subquery()


async def take_sent(
    session: AsyncSession, user_id: UUID, currency: Currency, account: str, *, limit: int = 100
) -> Sequence[Sent]:
    """Somebody's payouts to an account at Stripe of which something is out there, the latest first; they stay so until the commit."""
    theirs = [Payout.user_id == user_id, Payout.currency == currency, Payout.status == PayoutStatus.PAID]
    taken = (
        select(Payout.id)
        .join(PayoutMethod, PayoutMethod.id == Payout.method_id)
        .where(*theirs, PayoutMethod.account == account, Payout.returned_minor < Payout.amount_minor - Payout.fee_minor)
        .order_by(Payout.paid_at.desc(), Payout.id.desc())
        .limit(limit)
        .with_for_update(of=Payout)
    )
    ids = (await session.scalars(taken)).all()
    # Counted after they are ours: whoever had them before may have asked for some.
    left = Payout.amount_minor - Payout.fee_minor - Payout.returned_minor - _under_way()
    statement = (
        select(Payout.id, left).where(Payout.id.in_(ids), left > 0).order_by(Payout.paid_at.desc(), Payout.id.desc())
    )
    return [Sent(*row) for row in (await session.execute(statement)).all()]


async def list_accounts(session: AsyncSession, user_id: UUID, currency: Currency) -> Sequence[str]:
    """The accounts at Stripe to which somebody was paid in a currency."""
    statement = (
        select(PayoutMethod.account)
        .join(Payout, Payout.method_id == PayoutMethod.id)
        .where(Payout.user_id == user_id, Payout.currency == currency, Payout.status == PayoutStatus.PAID)
        .where(PayoutMethod.kind == PayoutMethodKind.STRIPE)
        .distinct()
    )
    return [account for account in await session.scalars(statement) if account is not None]


async def read_debt(session: AsyncSession, user_id: UUID, currency: Currency) -> int:
    """What somebody owes, less what is withheld from them and what is being taken back, in minor units."""
    owed = select(-func.coalesce(func.sum(LedgerAccount.balance_minor), 0)).where(
        LedgerAccount.owner_id == user_id,
        LedgerAccount.currency == currency,
        LedgerAccount.kind.in_([AccountKind.RECEIVABLE, AccountKind.WITHHELD]),
    )
    asked = (
        select(func.coalesce(func.sum(PayoutReturn.amount_minor), 0))
        .join(Payout, Payout.id == PayoutReturn.payout_id)
        .where(Payout.user_id == user_id, Payout.currency == currency, PayoutReturn.status == ReturnStatus.REQUESTED)
    )
    return int((await session.execute(select(owed.scalar_subquery() - asked.scalar_subquery()))).scalar_one())


async def add(session: AsyncSession, return_id: UUID, payout_id: UUID, amount: Money) -> None:
    """Write down that so much of a payout is to come back."""
    facts = {"payout_id": payout_id, "currency": amount.currency, "amount_minor": amount.minor}
    await session.execute(insert(PayoutReturn).values(id=return_id, status=ReturnStatus.REQUESTED, **facts))


async def add_done(session: AsyncSession, payout_id: UUID, amount: Money, *, vendor_id: str, entry_id: UUID) -> UUID:
    """Write down what came back without our asking; gives the row's id."""
    return_id = new_id()
    facts = {"payout_id": payout_id, "currency": amount.currency, "amount_minor": amount.minor}
    ended = {"vendor_id": vendor_id, "entry_id": entry_id, "settled_at": func.now()}
    await session.execute(insert(PayoutReturn).values(id=return_id, status=ReturnStatus.DONE, **facts, **ended))
    return return_id


async def find(session: AsyncSession, return_id: UUID) -> PayoutReturn | None:
    """One."""
    statement = select(PayoutReturn).where(PayoutReturn.id == return_id)
    return (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()


async def is_known(session: AsyncSession, vendor_id: str) -> bool:
    """Whether something that came back at the vendor is written down."""
    statement = select(PayoutReturn.id).where(PayoutReturn.vendor_id == vendor_id)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def end(session: AsyncSession, return_id: UUID, to: ReturnStatus, **facts: object) -> bool:
    """Bring one to its end; False when it has come to it."""
    statement = (
        update(PayoutReturn)
        .where(PayoutReturn.id == return_id, PayoutReturn.status.in_(sources(RETURN_MOVES, to)))
        .values(status=to, settled_at=func.now(), **facts)
        .returning(PayoutReturn.id)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def count_returned(session: AsyncSession, payout_id: UUID) -> None:
    """Write down in a payout how much of it came back."""
    done = select(func.coalesce(func.sum(PayoutReturn.amount_minor), 0)).where(
        PayoutReturn.payout_id == payout_id, PayoutReturn.status == ReturnStatus.DONE
    )
    statement = update(Payout).where(Payout.id == payout_id).values(returned_minor=done.scalar_subquery())
    await session.execute(statement.execution_options(synchronize_session=False))


async def find_settling(session: AsyncSession, claim_id: UUID) -> UUID | None:
    """The entry that settled a payout's claim."""
    statement = select(JournalEntry.id).where(JournalEntry.settles_id == claim_id)
    return (await session.execute(statement)).scalar_one_or_none()
