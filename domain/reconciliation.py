"""Comparing the vendors' journals with ours."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final


class CaseKind(StrEnum):
    """How the two journals differ."""

    MISSING_HERE = "MISSING_HERE"
    MISSING_THERE = "MISSING_THERE"
    DIFFERENT_AMOUNT = "DIFFERENT_AMOUNT"


class CaseStatus(StrEnum):
    """Where a difference stands."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


GRACE: Final = timedelta(days=1)
"""What happened less than this ago may still be under way, and is compared later."""

OVERLAP: Final = timedelta(hours=1)
"""How much of what was read before is read again: clocks differ, and what is there already is not written twice."""

WINDOW: Final = timedelta(days=7)
"""How much of a vendor's journal is read between two commits."""

READ_SECONDS: Final = 40.0
"""How long one job reads before it lets others work and goes on later."""

OWN_AFFAIRS: Final = frozenset(
    {
        *("payout", "payout_cancel", "payout_failure", "payout_minimum_balance_hold", "payout_minimum_balance_release"),
        *("topup", "topup_reversal"),
        *("reserve_transaction", "reserved_funds", "reserve_hold", "reserve_release", "obligation_outbound"),
    }
)
"""Kinds of the vendor's movements between the platform and its own bank, or within the vendor: the ledger has none."""

COSTS: Final = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee", "network_cost"})
"""Kinds of the vendor's movements that are its own fees, apart from those that it keeps of something."""

MAX_REASON: Final = 500
