"""What somebody earned, added up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Date, Row, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Transaction
from domain.money import Currency
from domain.wallet import EarningsSource, Period


async def sum_earnings(
    session: AsyncSession, user_id: UUID, period: Period
) -> Sequence[Row[EarningsSource | None, date, Currency, int]]:
    """What somebody earned in some days, less what was taken back in them.

    Returns:
        Rows of `source`, `day`, `currency` and `total`, by day.
    """
    begin = datetime.combine(period.first, time(), UTC)
    end = datetime.combine(period.last + timedelta(days=1), time(), UTC)
    day = cast(func.timezone("UTC", Transaction.occurred_at), Date).label("day")
    total = cast(func.sum(Transaction.amount_minor), BigInteger).label("total")
    statement = (
        select(Transaction.earned_as.label("source"), day, Transaction.currency, total)
        .where(
            Transaction.owner_id == user_id,
            Transaction.earned_as.is_not(None),
            # What only moves from one account of theirs to another is no earning.
            Transaction.amount_minor != 0,
            Transaction.occurred_at >= begin,
            Transaction.occurred_at < end,
        )
        .group_by(Transaction.earned_as, day, Transaction.currency)
        .order_by(day)
    )
    return (await session.execute(statement)).all()
