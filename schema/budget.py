"""Who pays for an operation, and out of which budgets: points for what it costs, and requests over HTTP."""

from __future__ import annotations

from typing import Final

from domain.limiter import Take
from domain.limits import Limit
from engine.budget import POINTS, Budget, Charge, Quota, Spent
from schema.context import Context

MINUTE: Final = 60
BEATS: Final = frozenset({"sendBroadcastHeartbeat"})
"""Signs of life count by what they cost alone: who has a room open must be able to give them."""


def budget_of(points: int, requests: int) -> Budget | None:
    """Make the budget that everybody has; what one minute gives may also be spent at once.

    Args:
        points: What operations may cost in a minute; 0 counts none.
        requests: How many requests may come over HTTP in a minute; 0 counts none.
    """
    limits = [
        (name, Limit(burst=burst, every_seconds=MINUTE / burst))
        for name, burst in ((POINTS, points), ("requests", requests))
        if burst
    ]

    async def pay(context: Context, charge: Charge) -> Spent:
        who = context.payer
        counts = context.over_http and charge.asks and not (charge.fields and charge.fields <= BEATS)
        amounts = {POINTS: charge.points, "requests": int(counts)}
        taken = await context.services.limiter.take(
            *[Take(f"{name}:{{{who}}}", limit, min(amounts[name], limit.burst)) for name, limit in limits]
        )
        return Spent(
            tuple(
                Quota(name, limit.burst, MINUTE, left.amount, left.whole_in_seconds)
                for (name, limit), left in zip(limits, taken.left, strict=True)
            ),
            taken.wait_seconds,
        )

    return pay if limits else None
