"""Money: integer minor units with a currency, never floating point; a decimal string on the wire."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.errors import InvalidInput


class Currency(StrEnum):
    """The currencies of the ledger: fiat ones by their ISO 4217 code, and USDC."""

    EUR = "EUR"
    GBP = "GBP"
    GHS = "GHS"
    JPY = "JPY"
    KES = "KES"
    NGN = "NGN"
    USD = "USD"
    USDC = "USDC"
    ZAR = "ZAR"


EXPONENTS: Final[dict[Currency, int]] = {
    **dict.fromkeys(Currency, 2),
    Currency.JPY: 0,
    Currency.USDC: 6,
}
"""How many decimals a currency's minor unit has (ISO 4217; USDC as its contract says)."""

MAX_MINOR: Final = 10**15
"""The largest single amount: ten trillion euros, a billion USDC. Nine thousand of them still add up within 64 bits."""

_AMOUNT: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)


@dataclass(frozen=True)
class Money:
    """An amount in minor units; never negative where it is asked for, signed where it is a movement."""

    minor: int
    currency: Currency

    def __str__(self) -> str:
        """The amount for people, such as ``12.50 EUR``."""
        return f"{self.decimal} {self.currency.value}"

    @property
    def decimal(self) -> str:
        """The amount on the wire: all decimals of the currency, no grouping, such as ``12.50``."""
        return format(Decimal(self.minor).scaleb(-EXPONENTS[self.currency]), "f")


def parse_money(amount: str, currency: str, *field: str) -> Money:
    """Read an amount that somebody typed: a plain decimal such as ``12.50``, of more than zero.

    It is read as text, digit by digit, so that nothing is rounded and nothing but ASCII digits and one point counts.

    Args:
        amount: What was typed.
        currency: Its currency's code.
        field: The input's path; ``amount`` or ``currencyCode`` is added to it.

    Raises:
        InvalidInput: It is no such number, zero, negative, too fine for the currency or too large, or there is no such
            currency in the ledger.
    """
    if currency not in Currency.__members__:
        raise InvalidInput(f"Money here is in one of {', '.join(Currency)}.", *field, "currencyCode")
    known, path = Currency(currency), (*field, "amount")
    if amount.startswith("-"):
        raise InvalidInput("This amount must be more than zero.", *path)
    found = _AMOUNT.fullmatch(amount)
    if found is None:
        raise InvalidInput("Write an amount as digits with a point before the decimals, such as 12.50.", *path)
    decimals = found[2] or ""
    if len(decimals) > EXPONENTS[known]:
        has = f"at most {EXPONENTS[known]}" if EXPONENTS[known] else "no"
        raise InvalidInput(f"An amount in {known.value} has {has} decimals.", *path)
    digits = (found[1] + decimals.ljust(EXPONENTS[known], "0")).lstrip("0") or "0"
    # Counted before it is read: Python refuses to read thousands of digits, in words of its own.
    if len(digits) > len(str(MAX_MINOR)) or int(digits) > MAX_MINOR:
        raise InvalidInput(f"This amount is too large; the most is {Money(MAX_MINOR, known)}.", *path)
    minor = int(digits)
    if minor == 0:
        raise InvalidInput("This amount must be more than zero.", *path)
    return Money(minor, known)


class AccountKind(StrEnum):
    """What an account of the ledger stands for. Signs are the platform's: what it owes somebody is positive.

    A person's are AVAILABLE, PENDING (theirs soon), WITHHELD (disputed), IN_TRANSIT (a payout that is under way) and
    RECEIVABLE (what they owe the platform, negative). HOLD is one held amount. FEES is what the platform earned, less what it
    bears itself, such as a vendor's own fees, and
    CLEARING is the outside world: money that came in makes it negative.
    """

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    WITHHELD = "WITHHELD"
    IN_TRANSIT = "IN_TRANSIT"
    HOLD = "HOLD"
    RECEIVABLE = "RECEIVABLE"
    FEES = "FEES"
    CLEARING = "CLEARING"


class EntryKind(StrEnum):
    """Why money moved."""

    TIP = "TIP"
    SALE = "SALE"
    BOOKING = "BOOKING"
    MISSION = "MISSION"
    ROYALTY = "ROYALTY"
    FEE = "FEE"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    PAYOUT = "PAYOUT"
    ADJUSTMENT = "ADJUSTMENT"
