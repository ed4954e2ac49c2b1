"""The books as a whole: whether they are right, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Numeric, and_, cast, func, literal, null, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import JournalEntry, JournalLine, LedgerAccount
from domain.money import AccountKind, Currency


@dataclass(frozen=True)
class Fault:
    """Something in the books that cannot be.

    Attributes:
        row: ``"account"`` or ``"entry"``.
        id: Which one.
        off_by: By how much an account differs from its lines, or the lines of an entry in one currency from zero.
        lines: How many lines it has; an entry has two at least.
    """

    row: str
    id: UUID
    off_by: int
    lines: int


@dataclass(frozen=True)
class Total:
    """All accounts of one name in one currency.

    Attributes:
        name: What they stand for.
        currency: Their currency.
        debits_minor: All that was taken from them, not negative.
        credits_minor: All that was given to them, not negative.
        balance_minor: What is in them by their own count.
        entry_count: How many entries moved money in them.
        balanced: Whether that count is what the credits are above the debits.
    """

    name: AccountKind
    currency: Currency
    debits_minor: int
    credits_minor: int
    balance_minor: int
    entry_count: int
    balanced: bool


@dataclass(frozen=True)
class TrialBalance:
    """The books at one moment.

    Attributes:
        balanced: Whether every account is what its lines say and debits meet credits in each currency.
        entry_count: How many entries there are.
        accounts: A total for each name and currency, in the order of these.
    """

    balanced: bool
    entry_count: int
    accounts: list[Total]


async def check_books(session: AsyncSession) -> list[Fault]:
    """Every account whose balance differs from its lines, and every entry that does not balance, at one moment."""
    lines = (
        select(JournalLine.account_id, func.sum(JournalLine.amount_minor).label("total"), func.count().label("lines"))
        .group_by(JournalLine.account_id)
        .subquery()
    )
    off_by = LedgerAccount.balance_minor - func.coalesce(lines.c.total, 0)
    accounts = (
        select(literal("account").label("row"), LedgerAccount.id, off_by, func.coalesce(lines.c.lines, 0))
        .outerjoin_from(LedgerAccount, lines, lines.c.account_id == LedgerAccount.id)
        .where(off_by != 0)
    )
    parts = (
        select(
            JournalEntry.id,
            func.coalesce(func.sum(JournalLine.amount_minor), 0).label("total"),
            func.count(JournalLine.id).label("lines"),
        )
        .outerjoin_from(JournalEntry, JournalLine, JournalLine.entry_id == JournalEntry.id)
        .outerjoin(LedgerAccount, LedgerAccount.id == JournalLine.account_id)
        .group_by(JournalEntry.id, LedgerAccount.currency)
        .subquery()
    )
    entries = select(literal("entry"), parts.c.id, parts.c.total, parts.c.lines).where(
        or_(parts.c.total != 0, parts.c.lines < 2)
    )
    rows = (await session.execute(union_all(accounts, entries))).all()
    return [Fault(row, key, int(off), count) for row, key, off, count in rows]


async def read_trial_balance(session: AsyncSession) -> TrialBalance:
    """Everything that was ever booked, added up in one statement and so at one moment."""
    amount = cast(JournalLine.amount_minor, Numeric)
    sums = (
        select(
            LedgerAccount.kind,
            LedgerAccount.currency,
            func.coalesce(func.sum(-amount).filter(amount < 0), 0).label("debits"),
            func.coalesce(func.sum(amount).filter(amount > 0), 0).label("credits"),
            func.count(JournalLine.entry_id.distinct()).label("entries"),
        )
        .outerjoin_from(LedgerAccount, JournalLine, JournalLine.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.kind, LedgerAccount.currency)
        .subquery()
    )
    stored = (
        select(LedgerAccount.kind, LedgerAccount.currency, func.sum(LedgerAccount.balance_minor).label("balance"))
        .group_by(LedgerAccount.kind, LedgerAccount.currency)
        .subquery()
    )
    totals = select(sums.c.kind, sums.c.currency, sums.c.debits, sums.c.credits, stored.c.balance, sums.c.entries).join(
        stored, and_(stored.c.kind == sums.c.kind, stored.c.currency == sums.c.currency)
    )
    count = select(null(), null(), null(), null(), null(), cast(func.count(), BigInteger)).select_from(JournalEntry)
    rows = (await session.execute(union_all(totals, count))).all()
    *found, entries = sorted(rows, key=lambda row: (row[0] is None, row[0] or "", row[1] or ""))
    return _summed([_total(*row) for row in found], entries[5])


def _total(kind: AccountKind, currency: Currency, *figures: Decimal) -> Total:
    # PostgreSQL's sums of 64-bit numbers are numerics: they may be larger than what they are sums of.
    debits, credits_, balance, entries = map(int, figures)
    return Total(kind, currency, debits, credits_, balance, entries, credits_ - debits == balance)


def _summed(accounts: list[Total], entry_count: int) -> TrialBalance:
    sums: dict[Currency, int] = {}
    for total in accounts:
        sums[total.currency] = sums.get(total.currency, 0) + total.balance_minor
    balanced = not any(sums.values()) and all(total.balanced for total in accounts)
    return TrialBalance(balanced, entry_count, accounts)
