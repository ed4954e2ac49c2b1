"""Roles, the verified badge and suspension, decided by who runs the platform."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from db.queries import accounts, operations
from db.session import Tx
from db.tables import User
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Forbidden, InvalidInput, NotFound
from domain.operations import MAX_REASON, AuditAction
from domain.texts import clean_text
from resolvers.accounts import sessions
from resolvers.operations.operators import require_operator

SUBJECT: Final = "User"


@dataclass(frozen=True)
class Change:
    """What is to be different; what is None stays as it is.

    Attributes:
        roles: All roles that they are to have.
        verified: Whether they wear the badge.
        suspended: Whether they are kept out.
        reason: Why, for the audit log.
    """

    roles: Collection[Role] | None = None
    verified: bool | None = None
    suspended: bool | None = None
    reason: str | None = None


async def change_access(tx: Tx, actor: Actor, user_id: UUID, change: Change) -> None:
    """Change what somebody may do here; what is so already is not written down again.

    A suspension ends all their sessions; their programs are refused as long as it lasts. Within 5 seconds nothing can be
    done any more with what was taken away.

    Raises:
        Forbidden: The actor is no operator, or it is about themselves.
        NotFound: There is no such person.
        InvalidInput: The reason is too long.
    """
    require_operator(actor)
    if user_id == actor.user_id:
        raise Forbidden("Somebody else has to change your own access.", "userId")
    if change.roles is not None and Role.LISTENER not in change.roles:
        raise InvalidInput("Everybody is a listener.", "roles")
    why = clean_text(change.reason, "reason", most=MAX_REASON) if change.reason is not None else ""
    user = await accounts.lock(tx.session, user_id)
    if user is None:
        raise NotFound("There is no such person.", "userId")
    deeds = [*_deeds_of_roles(user, change), *_other_deeds(user, change)]
    facts: dict[str, object] = {}
    if change.roles is not None:
        facts["roles"] = [role.value for role in Role if role in change.roles]
    facts |= {name: value for name in ("verified", "suspended") if (value := getattr(change, name)) is not None}
    if not deeds:
        return
    await operations.change_access(tx.session, user_id, **facts)
    for action, what in deeds:
        detail = ": ".join(part for part in (what, why) if part)
        await operations.note(tx.session, action, by=actor.user_id, subject=(SUBJECT, user_id), detail=detail)
    if (AuditAction.SUSPENDED, "") in deeds:
        await sessions.end(tx, user_id)


def _deeds_of_roles(user: User, change: Change) -> list[tuple[AuditAction, str]]:
    if change.roles is None:
        return []
    had, has = set(user.roles), {role.value for role in change.roles}
    given = [(AuditAction.ROLE_GRANTED, role) for role in sorted(has - had)]
    return [*given, *((AuditAction.ROLE_TAKEN, role) for role in sorted(had - has))]


def _other_deeds(user: User, change: Change) -> list[tuple[AuditAction, str]]:
    deeds: list[tuple[AuditAction, str]] = []
    if change.verified is not None and change.verified is not user.verified:
        deeds.append((AuditAction.VERIFIED if change.verified else AuditAction.UNVERIFIED, ""))
    if change.suspended is not None and change.suspended is not user.suspended:
        deeds.append((AuditAction.SUSPENDED if change.suspended else AuditAction.REINSTATED, ""))
    return deeds
