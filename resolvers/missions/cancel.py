"""Calling a mission off, and letting it end when its time is over: the money goes back, once."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from db.queries import checkouts, missions
from db.session import Database, Tx
from domain.actors import Actor
from domain.errors import Conflict, DomainError, Forbidden
from domain.missions import MissionStatus
from domain.notifications import NotificationKind
from domain.ports import Services
from resolvers.missions import news
from resolvers.missions.money import Taken, send_back, take
from resolvers.missions.reach import require_seen
from resolvers.patience import DEED_SECONDS, answered_within

NEWS = {
    MissionStatus.CANCELLED: (NotificationKind.MISSION_CANCELLED, "was called off"),
    MissionStatus.EXPIRED: (NotificationKind.MISSION_EXPIRED, "has expired"),
}


async def cancel(database: Database, services: Services, actor: Actor, mission_id: UUID) -> None:
    """Call a mission off; all of its money goes back. The same again changes nothing.

    A curator may do so while nobody does it, and until the window begins while somebody does: until then a DJ has lost
    nothing but a plan. Once the window has begun the track may be playing, and what becomes of the money is what
    verification says.

    Raises:
        Forbidden: A program asked, or somebody who is not its curator.
        NotFound: They may not see it.
        Conflict: Its window has begun, or it has ended.
    """
    actor.require_person()
    async with database.transaction() as tx:
        taken = await take(tx, mission_id)
        await require_seen(tx, actor, None if taken is None else taken.mission)
        assert taken is not None
        mission = taken.mission
        if mission.curator_id != actor.user_id:
            raise Forbidden("Only who asked for it can call it off.", "missionId")
        if mission.status is MissionStatus.CANCELLED:
            return
        _check(mission.status, mission.window_starts_at)
        draft = mission.status is MissionStatus.DRAFT
        await end(tx, taken, MissionStatus.CANCELLED, by=actor.user_id, reason="CANCELLED")
    if draft and mission.checkout_id is not None:
        await _close_page(database, services, mission.checkout_id)


def _check(status: MissionStatus, starts_at: datetime) -> None:
    waiting = status in (MissionStatus.DRAFT, MissionStatus.OPEN)
    if waiting or (status is MissionStatus.ACCEPTED and datetime.now(UTC) < starts_at):
        return
    late = "Its window has begun: the DJ may be playing." if status is MissionStatus.ACCEPTED else "It is too late."
    raise Conflict(late, "missionId")


async def end(tx: Tx, taken: Taken, to: MissionStatus, *, by: UUID | None, reason: str) -> None:
    """End a mission without success: CANCELLED or EXPIRED. Its people are told, and its money goes back.

    Raises:
        Conflict: It cannot end so from where it stands.
    """
    mission, before = taken.mission, taken.mission.status
    runner_id, draft = mission.runner_id, before is MissionStatus.DRAFT
    if await missions.move(tx.session, mission.id, to, review_due_at=None, verification_scheduled_at=None) is None:
        raise Conflict("This mission has ended already.", "missionId")
    await news.note(tx, mission.id, before=before, after=to, by=by, reason=reason)
    kind, how = NEWS[to]
    told = {} if draft or by == mission.curator_id else {mission.curator_id: "Its money goes back to you."}
    if runner_id is not None:
        told[runner_id] = "You are not paid for it."
    await news.tell_each(tx, mission, kind, title=f"“{mission.title}” {how}", told=told)
    await send_back(tx, taken, by=by, why=f"Mission {to.value.lower()}")


async def _close_page(database: Database, services: Services, checkout_id: UUID) -> None:
    """Have the vendor close the page of a draft that is gone. If it does not answer, what somebody pays there goes back."""
    async with database.session() as session:
        checkout = await checkouts.find(session, checkout_id)
    if checkout is None or checkout.vendor_id is None:
        return
    with suppress(DomainError):
        async with answered_within(DEED_SECONDS, "Stripe"):
            await services.payments.expire_checkout(f"{checkout.id}:expire", checkout.vendor_id)
