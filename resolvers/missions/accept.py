"""A DJ takes a mission on, or gives it back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from db.queries import accounts, missions, payout_methods, verification
from db.session import Tx
from db.tables import Mission
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from domain.missions import EVIDENCE_WITHIN, MissionStatus, VerificationMethod
from domain.notifications import NotificationKind
from domain.ports import Services
from resolvers.missions import news
from resolvers.missions.reach import take_seen
from resolvers.missions.schedule import close_at, first_look, schedule

OF_THE_RUNNER: Final = (
    "runner_id",
    "accepted_at",
    "verification_scheduled_at",
    "review_due_at",
    "payout_method_id",
    "payout_method_kind",
)
"""What a mission has only while a DJ does it."""


async def accept(tx: Tx, services: Services, actor: Actor, mission_id: UUID, method_id: UUID | None) -> None:
    """Take a mission on. Of two at once one does; the same again by the same DJ changes nothing.

    Whoever takes one on is a DJ from then on. When their history is looked at is promised in the same transaction.

    Args:
        tx: The deed's transaction.
        services: The roads by which money leaves.
        actor: The DJ.
        mission_id: Which mission.
        method_id: Where they want to be paid; None leaves it on their balance.

    Raises:
        Forbidden: A program asked, or it is the curator's own mission.
        NotFound: They may not see it, or it is not their way to be paid.
        Conflict: Somebody else was faster, it has ended, its window is over, or the way to be paid is not verified.
        InvalidInput: The mission's currency does not go by that way.
    """
    actor.require_person()
    mission = await take_seen(tx, actor, mission_id, was_open=True)
    if mission.curator_id == actor.user_id:
        raise Forbidden("Nobody does their own mission.", "missionId")
    if (mission.status, mission.runner_id) == (MissionStatus.ACCEPTED, actor.user_id):
        if mission.payout_method_id != method_id:
            raise Conflict("You accepted it already, to be paid in another way.", "payoutMethodId")
        return
    now = datetime.now(UTC)
    if mission.status is not MissionStatus.OPEN or now >= mission.window_ends_at:
        raise Conflict("This mission is not open any more.", "missionId")
    facts = {"runner_id": actor.user_id, "accepted_at": now, **await _way(tx, services, actor, mission, method_id)}
    await accounts.add_role(tx.session, actor.user_id, Role.DJ)
    await _promise(tx, mission, actor.user_id, facts)
    before, after = MissionStatus.OPEN, MissionStatus.ACCEPTED
    await news.note(tx, mission.id, before=before, after=after, by=actor.user_id, reason="ACCEPTED")
    kind, title = NotificationKind.MISSION_ACCEPTED, f"“{mission.title}” is accepted"
    await news.tell(tx, mission, mission.curator_id, kind, title=title, body="A DJ will play the track.")


async def _way(tx: Tx, services: Services, actor: Actor, mission: Mission, method_id: UUID | None) -> dict[str, Any]:
    """The columns of the way to be paid; it stays until the commit."""
    if method_id is None:
        return {"payout_method_id": None, "payout_method_kind": None}
    method = await payout_methods.find_own(tx.session, actor.user_id, method_id)
    if method is None:
        raise NotFound("You have no such way to be paid.", "payoutMethodId")
    if not method.verified:
        raise Conflict("This way to be paid is not verified yet.", "payoutMethodId")
    road = services.roads[method.kind]
    if mission.currency not in road.currencies:
        carried = ", ".join(sorted(road.currencies))
        raise InvalidInput(f"{road.name} carries {carried}; this mission pays {mission.currency}.", "payoutMethodId")
    return {"payout_method_id": method.id, "payout_method_kind": method.kind}


async def _promise(tx: Tx, mission: Mission, runner_id: UUID, facts: dict[str, Any]) -> None:
    """Write that it is theirs, and promise what follows: a look at the history, or an end if nothing is handed in."""
    if mission.verification_method is VerificationMethod.AUTOMATED:
        await missions.move(tx.session, mission.id, MissionStatus.ACCEPTED, **facts)
        await schedule(tx, mission, at=await first_look(tx, mission, runner_id))
        return
    due = mission.window_ends_at + EVIDENCE_WITHIN
    await missions.move(tx.session, mission.id, MissionStatus.ACCEPTED, review_due_at=due, **facts)
    await close_at(tx, mission.id, due)


async def withdraw(tx: Tx, actor: Actor, mission_id: UUID) -> None:
    """Give a mission back before its window ends: it is open to others again, and its money stays where it is.

    Raises:
        Forbidden: A program asked.
        NotFound: They may not see it.
        Conflict: They do not do it, or its window is over.
    """
    actor.require_person()
    mission = await take_seen(tx, actor, mission_id)
    if mission.runner_id != actor.user_id:
        raise Conflict("You do not do this mission.", "missionId")
    if mission.status is not MissionStatus.ACCEPTED or datetime.now(UTC) >= mission.window_ends_at:
        raise Conflict("It is too late for that: what was played is being looked at.", "missionId")
    await missions.move(tx.session, mission.id, MissionStatus.OPEN, **dict.fromkeys(OF_THE_RUNNER))
    await verification.forget_next(tx.session, mission.id)
    before, after = MissionStatus.ACCEPTED, MissionStatus.OPEN
    await news.note(tx, mission.id, before=before, after=after, by=actor.user_id, reason="WITHDRAWN")
    kind, title = NotificationKind.MISSION_WITHDRAWN, f"“{mission.title}” is open again"
    await news.tell(tx, mission, mission.curator_id, kind, title=title, body="The DJ who accepted it will not do it.")
