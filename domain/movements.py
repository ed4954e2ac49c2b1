"""The journal of a payment processor: what moved the platform's money there, and what the processor kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.money import Money


@dataclass(frozen=True)
class Cost:
    """What the processor kept for itself of one movement of our money.

    Attributes:
        id: The movement's id in its journal.
        amount: How much; less than 0 for what it gave back.
    """

    id: str
    amount: Money


@dataclass(frozen=True)
class Movement:
    """One line of the processor's journal of the platform's money.

    Attributes:
        id: Its id.
        kind: In the processor's words, such as ``charge``, ``transfer``, ``refund``, ``adjustment``.
        amount: What came in, or less than 0 for what went.
        fee: What the processor kept of it.
        source_id: What it follows from: a charge, transfer, refund, dispute.
        occurred_at: When.
        available_at: When it counts as available.
    """

    id: str
    kind: str
    amount: Money
    fee: Money
    source_id: str | None
    occurred_at: datetime
    available_at: datetime

    @property
    def net(self) -> Money:
        """What it changes in the balance."""
        return Money(self.amount.minor - self.fee.minor, self.amount.currency)
