"""What other things can be about."""

from __future__ import annotations

import strawberry

from engine.declare import Node


@strawberry.interface(description="What news can be about: ask `__typename` which it is.")
class NotificationSubject(Node):
    """A person, a room, an account of yours elsewhere, a tip, or a payout."""


@strawberry.interface(description="What a checkout is for: ask `__typename` which it is.")
class CheckoutSubject(Node):
    """A tip."""


@strawberry.interface(description="What a movement of money can be about: ask `__typename` which it is.")
class TransactionSubject(Node):
    """A room, a tip, a payment link, or a payout."""
