"""What people do here, given and taken by who runs the platform."""

from __future__ import annotations

import logging

from db.queries import accounts, operations
from db.session import Tx
from db.tables import User
from domain.accounts import Role, clean_username
from domain.errors import NotFound
from domain.operations import AuditAction

log = logging.getLogger(__name__)


async def grant(tx: Tx, username: str, role: Role) -> bool:
    """Give somebody a role.

    Returns:
        False when they had it already.

    Raises:
        NotFound: Nobody has this name.
    """
    user = await _find(tx, username)
    given = await accounts.add_role(tx.session, user.id, role)
    if given:
        await _note(tx, AuditAction.ROLE_GRANTED, user, role)
        log.info("Person %s was given the role %s.", user.id, role)
    return given


async def revoke(tx: Tx, username: str, role: Role) -> bool:
    """Take a role away; within 5 seconds nothing can be done with it any more.

    Returns:
        False when they did not have it.

    Raises:
        NotFound: Nobody has this name.
    """
    user = await _find(tx, username)
    taken = await accounts.remove_role(tx.session, user.id, role)
    if taken:
        await _note(tx, AuditAction.ROLE_TAKEN, user, role)
        log.info("Person %s no longer has the role %s.", user.id, role)
    return taken


async def _note(tx: Tx, action: AuditAction, user: User, role: Role) -> None:
    await operations.note(tx.session, action, by=None, subject=("User", user.id), detail=role.value)


async def _find(tx: Tx, username: str) -> User:
    user = await accounts.find_by_username(tx.session, clean_username(username, "username"))
    if user is None:
        raise NotFound("Nobody has this username.", "username")
    return user
