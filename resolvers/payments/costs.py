"""What the processor keeps for itself: the platform bears it, so that the books say what is left there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from db.session import Database
from domain.ledger import Occasion
from domain.money import Currency, EntryKind
from domain.movements import Cost
from resolvers.ledger.disputes import bear

STRIPE: Final = "stripe"
"""The source of entries in the ledger that follow from something at Stripe."""


async def book_costs(database: Database, thing: str, currency: Currency, costs: Iterable[Cost]) -> None:
    """Book what Stripe kept of something that is booked; each of its own movements once, however often this is called.

    Each has a transaction of its own: nothing else moves money in it. Costs in another currency are left out, as the
    books know nothing of the exchange.

    Args:
        database: Where it is booked.
        thing: Stripe's name of what it was kept of, under which that is booked.
        currency: The currency of that.
        costs: What was kept.
    """
    for cost in costs:
        if cost.amount.currency is not currency or not cost.amount.minor:
            continue
        async with database.transaction() as tx:
            occasion = Occasion("Stripe's fee", origin=(STRIPE, f"{thing}:{cost.id}"))
            await bear(tx, EntryKind.FEE, cost.amount, occasion=occasion)
