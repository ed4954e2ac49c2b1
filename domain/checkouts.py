"""Checkouts: what waits for money, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID


class PaymentVendor(StrEnum):
    """By whom money comes in."""

    STRIPE = "STRIPE"


class CheckoutState(StrEnum):
    """Where a checkout stands."""

    OPENING = "OPENING"
    OPEN = "OPEN"
    PAID = "PAID"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


class CheckoutSubject(StrEnum):
    """What a checkout is for, under its name in the schema."""

    TIP = "Tip"
    MISSION = "Mission"


@dataclass(frozen=True)
class Booked:
    """How money that came in was booked: one of the two.

    Attributes:
        entry_id: The entry by which people were paid.
        hold_id: What it is held as.
    """

    entry_id: UUID | None = None
    hold_id: UUID | None = None


LASTS: Final = timedelta(hours=1)
"""How long one may pay. Stripe keeps its page open for half an hour at least."""

OPENED_WITHIN: Final = timedelta(minutes=20)
"""How long the vendor is asked to open its page: later than that too little of the time to pay would be left."""

FIRST_LOOK: Final = timedelta(seconds=8)
"""When the job looks whether the deed came to its end: the deed itself waits 4 seconds for the vendor."""

MAX_DESCRIPTION: Final = 120
