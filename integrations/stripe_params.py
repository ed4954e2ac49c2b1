"""What Stripe is asked with, where several questions share it."""

from __future__ import annotations

from typing import Any

from domain.errors import InvalidInput
from domain.money import Currency, Money
from integrations.stripe_objects import REFERENCE

Params = dict[str, Any]


def check(amount: Money) -> Money:
    """Check that Stripe can move this at all.

    Raises:
        InvalidInput: It cannot.
    """
    if amount.minor < 1:
        raise InvalidInput("There is nothing to move.")
    if amount.currency is Currency.USDC:
        raise InvalidInput("Stripe does not move USDC here.")
    return amount


def item(amount: Money, description: str) -> Params:
    """What is to be paid, as one line of a page."""
    check(amount)
    price = {
        "currency": amount.currency.lower(),
        "unit_amount": amount.minor,
        "product_data": {"name": description},
    }
    return {"price_data": price, "quantity": 1}


def payment_data(description: str, reference: str, group: str | None) -> Params:
    """What the payment is to carry: a session's and a link's own metadata do not come along."""
    return {"description": description, "transfer_group": group or reference, "metadata": {REFERENCE: reference}}
