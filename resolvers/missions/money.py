"""Taking a mission together with its money, and sending the money back.

Locks are taken in the order in which money comes in: the checkout, the payment, the mission, then logs and the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db.queries import checkouts, holds, missions, payments
from db.session import Tx
from db.tables import Mission, Payment
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.ledger import HoldStatus
from domain.payments import RefundReason
from resolvers.ledger.holds import give_back
from resolvers.missions.fund import occasion_of


@dataclass(frozen=True)
class Taken:
    """A mission in our hands.

    Attributes:
        mission: The mission; nobody else changes it until the commit.
        payment: What was paid for it by card; None for a draft, and for what was held of a balance.
    """

    mission: Mission
    payment: Payment | None


async def take(tx: Tx, mission_id: UUID) -> Taken | None:
    """Take a mission and its money until the commit."""
    mission = await missions.find(tx.session, mission_id)
    if mission is None:
        return None
    if mission.checkout_id is not None:
        # Whoever pays now waits here; only with this in our hands does the mission's hold stay what it is.
        await checkouts.lock(tx.session, mission.checkout_id)
        mission = await missions.find(tx.session, mission_id)
    payment = None
    if mission is not None and mission.hold_id is not None:
        payment_id = await payments.find_by_hold(tx.session, mission.hold_id)
        payment = None if payment_id is None else await payments.lock(tx.session, payment_id)
    locked = await missions.lock(tx.session, mission_id)
    return None if locked is None else Taken(locked, payment)


async def send_back(tx: Tx, taken: Taken, *, by: UUID | None, why: str) -> None:
    """Give all of a mission's money back to where it came from: a balance at once, a card by a refund that is promised.

    A draft's checkout takes no more money; what comes all the same is sent back as well.

    Raises:
        Conflict: It was paid out, or went back before.
    """
    mission, payment = taken.mission, taken.payment
    if mission.hold_id is None:
        if mission.checkout_id is not None:
            await checkouts.expire(tx.session, mission.checkout_id)
    elif payment is None:
        await give_back(tx, mission.hold_id, occasion=occasion_of(mission))
    elif payment.refunded_minor < payment.amount_minor:
        refund_id, left = new_id(), payment.amount_minor - payment.refunded_minor
        await payments.add_refund(tx.session, refund_id, payment, left, RefundReason.REQUESTED, by=by, note=why)
        await payments.count_refunded(tx.session, payment.id)
        await tx.later(Job(JobKind.SEND_REFUND, str(refund_id), {"refundId": str(refund_id)}))


async def is_disputed(tx: Tx, mission: Mission) -> bool:
    """Whether a mission's money is held back, since the bank of who paid it may take it."""
    held = None if mission.hold_id is None else await holds.lock(tx.session, mission.hold_id)
    return held is not None and held.status is HoldStatus.DISPUTED
