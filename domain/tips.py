"""Tips: thanks in money for somebody who is on air."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from domain.errors import InvalidInput
from domain.money import Currency, Money


class TipStatus(StrEnum):
    """Where a tip stands."""

    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


MAX_NOTE: Final = 280

LIMITS: Final[dict[Currency, tuple[int, int]]] = {
    Currency.EUR: (100, 100_000),
    Currency.GBP: (100, 100_000),
    Currency.GHS: (1_000, 1_000_000),
    Currency.JPY: (100, 100_000),
    Currency.KES: (10_000, 10_000_000),
    Currency.NGN: (100_000, 100_000_000),
    Currency.USD: (100, 100_000),
    Currency.ZAR: (2_000, 2_000_000),
}
"""The least and the most of one tip, in minor units. Below, cards cost more than they bring; above it is no tip."""


def check_tip(amount: Money) -> Money:
    """Check that an amount can be a tip.

    Raises:
        InvalidInput: It is too little or too much, or cards cannot bring it.
    """
    if amount.currency not in LIMITS:
        raise InvalidInput(f"Tips are in one of {', '.join(LIMITS)}.", "currencyCode")
    least, most = (Money(minor, amount.currency) for minor in LIMITS[amount.currency])
    if not least.minor <= amount.minor <= most.minor:
        raise InvalidInput(f"A tip is from {least} to {most}.", "amount")
    return amount
