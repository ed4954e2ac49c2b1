"""What Stripe kept by its journal and nothing told us of before, such as the fee of a charge that was settled later."""

from __future__ import annotations

from typing import Final

from db.queries import reconciliation
from db.session import Database
from domain.checkouts import PaymentVendor
from resolvers.payments.costs import book_costs

AT_ONCE: Final = 500


async def book_journal_costs(database: Database) -> None:
    """Book what is left of Stripe's fees on things that are booked, and of fees that stand alone."""
    found = AT_ONCE
    while found == AT_ONCE:
        async with database.session() as session:
            costs = await reconciliation.list_unbooked_costs(session, PaymentVendor.STRIPE, AT_ONCE)
        found = len(costs)
        for thing, cost in costs:
            await book_costs(database, thing, cost.amount.currency, [cost])
