"""Who runs the platform, as a condition of deeds."""

from __future__ import annotations

from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Forbidden


def require_operator(actor: Actor) -> None:
    """Check that a person asks who runs the platform.

    Raises:
        Forbidden: It is a program, or somebody who does not.
    """
    actor.require_person()
    if Role.OPERATOR not in actor.roles:
        raise Forbidden("Only operators do this.")
