"""What other things can be about."""

from __future__ import annotations

import strawberry

from engine.declare import Node


@strawberry.interface(description="What news can be about: ask `__typename` which it is.")
class NotificationSubject(Node):
    """A person, a room, an account of yours elsewhere, a tip, a payout, or a mission."""


@strawberry.interface(description="What a checkout is for: ask `__typename` which it is.")
class CheckoutSubject(Node):
    """A tip, or a mission."""


@strawberry.interface(description="What a movement of money can be about: ask `__typename` which it is.")
class TransactionSubject(Node):
    """A room, a tip, a payment link, a payout, or a mission."""
