"""A mission's money: held when it comes, and what becomes of the mission when it does not."""

from __future__ import annotations

from datetime import UTC, datetime

from db.queries import missions
from db.session import Tx
from db.tables import Checkout, Mission
from domain.checkouts import Booked, CheckoutState
from domain.errors import Conflict
from domain.ids import new_id
from domain.ledger import Occasion
from domain.missions import ENDED, MissionStatus
from domain.money import Money
from domain.notifications import NotificationKind
from resolvers.ledger.holds import hold
from resolvers.missions import news


async def paid(tx: Tx, checkout: Checkout, origin: tuple[str, str]) -> Booked:
    """Hold the money, and open the mission to DJs.

    A window that has ended meanwhile is its clock's matter: the mission expires, and the money goes back.

    Returns:
        What it is held as.

    Raises:
        Conflict: It does not wait for money.
    """
    mission = await missions.lock(tx.session, checkout.subject_id)
    if mission is None or mission.status is not MissionStatus.DRAFT:
        raise Conflict("This mission does not wait for money.")
    hold_id, before, after = new_id(), mission.status, MissionStatus.OPEN
    # A mission is never shown without its money: the hold comes first. Nobody else has a log of its, to wait for us.
    await hold(tx, hold_id, Money(mission.amount_minor, mission.currency), occasion=occasion_of(mission, origin))
    await missions.move(tx.session, mission.id, after, hold_id=hold_id, funded_at=datetime.now(UTC))
    await news.note(tx, mission.id, before=before, after=after, by=mission.curator_id, reason="PAID")
    return Booked(hold_id=hold_id)


def occasion_of(mission: Mission, origin: tuple[str, str] | None = None) -> Occasion:
    """What a mission's money is moved for."""
    subject = (news.SUBJECT, mission.id)
    return Occasion(f"Mission: {mission.title}", subject=subject, origin=origin, by=mission.curator_id)


async def over(tx: Tx, checkout: Checkout, why: CheckoutState) -> None:
    """Let a mission that nobody paid for end."""
    mission = await missions.lock(tx.session, checkout.subject_id)
    if mission is None or mission.status is not MissionStatus.DRAFT:
        return
    before, after = mission.status, MissionStatus.EXPIRED
    await missions.move(tx.session, mission.id, after)
    reason = "NOT_PAID" if why is CheckoutState.EXPIRED else "PAYMENT_REFUSED"
    await news.note(tx, mission.id, before=before, after=after, by=None, reason=reason)


async def returned(tx: Tx, checkout: Checkout, *, whole: bool) -> None:
    """Note that all of the money went back, or that it did not arrive there.

    A mission whose money is gone is called off, wherever it stands; one that has ended stays as it is. What did not arrive
    does not bring a mission back: operators see the refund that failed.
    """
    mission = await missions.lock(tx.session, checkout.subject_id)
    if not whole or mission is None or mission.status in ENDED:
        return
    before, after = mission.status, MissionStatus.CANCELLED
    await missions.move(tx.session, mission.id, after, review_due_at=None, verification_scheduled_at=None)
    await news.note(tx, mission.id, before=before, after=after, by=None, reason="REFUNDED")
    told = {mission.curator_id: "Its money went back to your card."}
    if mission.runner_id is not None:
        told[mission.runner_id] = "Its money went back to who paid it. You are not paid for playing the track."
    kind, title = NotificationKind.MISSION_CANCELLED, f"“{mission.title}” was called off"
    await news.tell_each(tx, mission, kind, title=title, told=told)
