"""Runs that pay everybody who has enough: who that is, and one line for each of them and each currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import LedgerAccount, PayoutLine, PayoutMethod, PayoutRun, User
from domain.ids import new_id
from domain.money import AccountKind, Currency, Money
from domain.payouts import LineOutcome, PayoutMethodKind, PayoutRunStatus


@dataclass(frozen=True)
class Least:
    """From which amount on a run pays by a road in a currency."""

    kind: PayoutMethodKind
    currency: Currency
    minor: int


LEAST: Final = (
    func.unnest(
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("currencies", type_=ARRAY(Text)),
        bindparam("minors", type_=ARRAY(BigInteger)),
    )
    .table_valued("kind", "currency", "minor", name="least")
    .render_derived()
)
MAY_BE_PAID: Final = (PayoutMethod.is_default, PayoutMethod.verified, User.deleted_at.is_(None), ~User.suspended)
ELIGIBLE: Final = (
    select(LedgerAccount.owner_id, PayoutMethod.id, LedgerAccount.currency, LedgerAccount.balance_minor)
    .join(PayoutMethod, and_(PayoutMethod.user_id == LedgerAccount.owner_id, PayoutMethod.removed_at.is_(None)))
    .join(User, User.id == LedgerAccount.owner_id)
    .join(LEAST, and_(LEAST.c.kind == PayoutMethod.kind, LEAST.c.currency == LedgerAccount.currency))
    .where(LedgerAccount.kind == AccountKind.AVAILABLE, LedgerAccount.balance_minor >= LEAST.c.minor, *MAY_BE_PAID)
    .order_by(LedgerAccount.owner_id, LedgerAccount.currency)
)


async def plan(session: AsyncSession, run_id: UUID, least: Collection[Least], *, dry_run: bool, by: UUID | None) -> int:
    """Write a run with a line for everybody who has enough and a verified default; gives how many.

    A dry one is done by that.
    """
    given = {
        "kinds": [each.kind.value for each in least],
        "currencies": [each.currency.value for each in least],
        "minors": [each.minor for each in least],
    }
    found = (await session.execute(ELIGIBLE, given)).all()
    status = PayoutRunStatus.DONE if dry_run else PayoutRunStatus.RUNNING
    await session.execute(
        insert(PayoutRun).values(
            id=run_id,
            status=status,
            dry_run=dry_run,
            eligible_count=len(found),
            started_by_id=by,
            finished_at=func.now() if dry_run else None,
        )
    )
    names = ("user_id", "method_id", "currency", "amount_minor")
    lines = [{"id": new_id(), "run_id": run_id, **dict(zip(names, row, strict=True))} for row in found]
    if lines:
        await session.execute(insert(PayoutLine), lines)
    return len(lines)


async def list_planned(session: AsyncSession, run_id: UUID, limit: int) -> Sequence[UUID]:
    """The next lines of a run of which nothing has become yet."""
    statement = select(PayoutLine.id).where(PayoutLine.run_id == run_id, PayoutLine.outcome == LineOutcome.PLANNED)
    return (await session.scalars(statement.order_by(PayoutLine.id).limit(limit))).all()


async def take_line(session: AsyncSession, line_id: UUID) -> tuple[Money, PayoutMethod | None] | None:
    """Take a line until the commit: its money, and where it goes if that may still be.

    Returns:
        None when somebody else has it, or something has become of it.
    """
    statement = (
        select(PayoutLine)
        .where(PayoutLine.id == line_id, PayoutLine.outcome == LineOutcome.PLANNED)
        .with_for_update(skip_locked=True)
    )
    line = (await session.execute(statement)).scalar_one_or_none()
    if line is None:
        return None
    where = (
        select(PayoutMethod)
        .join(User, User.id == PayoutMethod.user_id)
        .where(PayoutMethod.id == line.method_id, PayoutMethod.removed_at.is_(None), *MAY_BE_PAID)
        .with_for_update(of=PayoutMethod, read=True)
    )
    method = (await session.execute(where)).scalar_one_or_none()
    return Money(line.amount_minor, Currency(line.currency)), method


async def read_available(session: AsyncSession, user_id: UUID, currency: Currency) -> int:
    """What somebody has available now, in minor units."""
    statement = select(LedgerAccount.balance_minor).where(
        LedgerAccount.owner_id == user_id,
        LedgerAccount.kind == AccountKind.AVAILABLE,
        LedgerAccount.currency == currency,
    )
    return (await session.execute(statement)).scalar_one_or_none() or 0


async def end_line(session: AsyncSession, line_id: UUID, *, payout_id: UUID | None, reason: str | None) -> None:
    """Write what became of a line: its payout, or why there is none."""
    outcome = LineOutcome.SKIPPED if payout_id is None else LineOutcome.MADE
    statement = update(PayoutLine).where(PayoutLine.id == line_id)
    await session.execute(statement.values(outcome=outcome, payout_id=payout_id, reason=reason))


async def finish(session: AsyncSession, run_id: UUID) -> None:
    """End a run of which no line is left."""
    statement = update(PayoutRun).where(PayoutRun.id == run_id, PayoutRun.status == PayoutRunStatus.RUNNING)
    await session.execute(statement.values(status=PayoutRunStatus.DONE, finished_at=func.now()))
