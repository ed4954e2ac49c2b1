"""Money: integer minor units with a currency, never floating point; a decimal string on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final


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


class AccountKind(StrEnum):
    """What an account of the ledger stands for. Signs are the platform's: what it owes somebody is positive."""

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    WITHHELD = "WITHHELD"
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
