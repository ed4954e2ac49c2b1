"""What other things can be about."""

from __future__ import annotations

import strawberry

from engine.declare import Node


@strawberry.interface(description="What news can be about: ask `__typename` which it is.")
class NotificationSubject(Node):
    """A person, a room, or an account of yours elsewhere."""
