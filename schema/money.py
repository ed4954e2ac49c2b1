"""Amounts of money, and what somebody has."""

from __future__ import annotations

import strawberry

from domain.money import Currency
from engine.cost_directives import weighs
from engine.declare import part
from schema.words import describe

describe(
    Currency,
    "A currency: ISO 4217, and USDC.",
    name="CurrencyCode",
    EUR="Euro.",
    GBP="Pound sterling.",
    GHS="Ghanaian cedi.",
    JPY="Yen, which has no decimals.",
    KES="Kenyan shilling.",
    NGN="Nigerian naira.",
    USD="United States dollar.",
    USDC="USD Coin, with 6 decimals.",
    ZAR="South African rand.",
)


@weighs(0)
@part
class Money:
    """An amount of money."""

    amount: str = strawberry.field(
        description="The amount with all decimals of its currency, such as `12.50`, `1200` for yen or `0.250000` for USDC."
    )
    currency_code: Currency = strawberry.field(description="Its currency.")


@part
class Balance:
    """What somebody has in one currency."""

    currency_code: Currency = strawberry.field(description="The currency.")
    available: Money = strawberry.field(description="What can be paid out.")
    pending: Money = strawberry.field(description="What is promised and not theirs yet, such as held for a booking.")
    withheld: Money = strawberry.field(description="What is kept back while something about it is disputed.")
