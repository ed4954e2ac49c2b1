"""What somebody earned."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import date
from typing import TypeVar
from uuid import UUID

from db.queries import wallet
from db.session import Database
from domain.money import Currency, Money
from domain.wallet import Earned, Earnings, EarningsSource, check_period

K = TypeVar("K", bound=Hashable)


async def read_earnings(database: Database, user_id: UUID, first: date, last: date) -> Earnings:
    """Add up what somebody earned from one day to another, both in UTC and included, net of refunds and lost disputes.

    Raises:
        InvalidInput: The days end before they begin, or are more than a year.
    """
    period = check_period(first, last)
    async with database.session() as session:
        rows = await wallet.sum_earnings(session, user_id, period)
    sources = _sum((row.source, row.currency, row.total) for row in rows)
    days = _sum((row.day, row.currency, row.total) for row in rows)
    everything = _sum((None, row.currency, row.total) for row in rows)
    return Earnings(
        total=everything.get(None, []),
        by_source=[Earned(source, sources[source]) for source in EarningsSource if source in sources],
        by_day=[Earned(day, total) for day, total in sorted(days.items())],
    )


def _sum(parts: Iterable[tuple[K, Currency, int]]) -> dict[K, list[Money]]:
    """Add amounts up by what they are of: one sum for each currency, in the order of these."""
    sums: dict[K, dict[Currency, int]] = {}
    for key, currency, minor in parts:
        of = sums.setdefault(key, {})
        of[currency] = of.get(currency, 0) + minor
    return {key: [Money(of[currency], currency) for currency in sorted(of)] for key, of in sums.items()}
