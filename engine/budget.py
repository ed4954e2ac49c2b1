"""What an operation may spend: the port to whoever counts, and how clients are told.

The engine says what something costs. Who pays, out of which budget and where that is kept is for the app to say.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

POINTS: Final = "points"
"""The name of the quota that costs are taken from."""
BYTES_PER_POINT: Final = 100
"""To parse and validate 100 bytes takes about as long as to read a row."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid.

    Attributes:
        points: What it costs.
        asks: Whether it is a request of its own, and not only the rest of one that was counted.
        fields: The root fields that are asked for; empty when nobody knows yet.
    """

    points: int
    asks: bool = True
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of one limit.

    Attributes:
        name: What clients know it by.
        limit: How much there is in a window.
        window_seconds: How long the window is.
        remaining: How much is left.
        resets_in_seconds: When all of it will be there again.
    """

    name: str
    limit: int
    window_seconds: int
    remaining: int
    resets_in_seconds: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What became of a charge.

    Attributes:
        quotas: What is left.
        wait_seconds: 0.0 when it was paid, else how long to wait, and nothing was paid.
    """

    quotas: tuple[Quota, ...]
    wait_seconds: float = 0.0

    def headers(self) -> dict[str, str]:
        """The headers that say it (draft-ietf-httpapi-ratelimit-headers-10)."""
        return {
            "ratelimit-policy": ", ".join(
                f'"{quota.name}";q={quota.limit};w={quota.window_seconds}' for quota in self.quotas
            ),
            "ratelimit": ", ".join(
                f'"{quota.name}";r={quota.remaining};t={math.ceil(quota.resets_in_seconds)}' for quota in self.quotas
            ),
        }


Budget = Callable[[Any, Charge], Awaitable[Spent | None]]
"""Pays for somebody; None where nothing is counted."""


class OverBudget(Exception):
    """Somebody asked for more than they may spend just now.

    Attributes:
        code: The word that clients switch on.
        message: One sentence for people.
        field: Always empty.
        retry_after_seconds: How long to wait.
        headers: The HTTP headers that say the same.
    """

    code = "RATE_LIMITED"
    field: tuple[str, ...] = ()

    def __init__(self, spent: Spent) -> None:
        self.retry_after_seconds = math.ceil(spent.wait_seconds)
        self.message = f"This is more than you may ask for just now; try again in {self.retry_after_seconds} s."
        self.headers = {**spent.headers(), "retry-after": str(self.retry_after_seconds)}
        super().__init__(self.message)


def told(requested: int, limit: int, spent: Spent | None) -> dict[str, Any]:
    """Give `extensions.cost` of an answer."""
    cost: dict[str, Any] = {"requested": requested, "limit": limit}
    points = next((quota for quota in spent.quotas if quota.name == POINTS), None) if spent is not None else None
    if points is not None:
        cost["budget"] = {
            "limit": points.limit,
            "remaining": points.remaining,
            "resetsInSeconds": math.ceil(points.resets_in_seconds),
        }
    return {"cost": cost}
