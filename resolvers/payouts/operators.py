"""Who may pay by hand and decide about payouts."""

from __future__ import annotations

from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Forbidden


def require_operator(actor: Actor) -> None:
    """Check that a person who runs the platform asks.

    Raises:
        Forbidden: Somebody else does, or a program.
    """
    actor.require_person()
    if Role.OPERATOR not in actor.roles:
        raise Forbidden("Only operators do this.")
