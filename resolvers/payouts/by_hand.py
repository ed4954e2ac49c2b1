"""The operators' queue: one person pays and says so, another says that it is so; and what they decide otherwise."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from db.queries import payout_methods, payouts
from db.queries.payouts import Found
from db.session import Tx
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, NotFound
from domain.payouts import MAX_REFERENCE, PayoutDecision, PayoutStatus
from domain.ports import Services
from domain.texts import clean_text
from resolvers.ledger.payouts import claim, fail
from resolvers.ledger.payouts import settle as settle_claim
from resolvers.payouts.news import end, note
from resolvers.payouts.operators import require_operator
from resolvers.payouts.request import occasion, sending

TOO_LATE: Final = "This payout is not where that could be done."


async def settle(tx: Tx, actor: Actor, payout_id: UUID, reference: str) -> None:
    """Say that one has paid; another operator has to say that it is so. The same again changes nothing.

    Raises:
        Forbidden: The actor is no operator, or it is their own money.
        NotFound: There is no such payout.
        InvalidInput: There is no reference, or it is too long.
        Conflict: It waits for nobody to pay it, or the reference is that of another payout.
    """
    payout = await _take(tx, actor, payout_id)
    said = clean_text(reference, "reference", most=MAX_REFERENCE)
    before, after = PayoutStatus.AWAITING_OPERATOR, PayoutStatus.AWAITING_CONFIRMATION
    if (payout.status, payout.paid_by_id, payout.reference) == (after, actor.user_id, said):
        return
    if await payouts.is_known(tx.session, said, payout_id):
        raise Conflict("Another payout has this reference.", "reference")
    if not await payouts.move(tx.session, payout_id, after, paid_by_id=actor.user_id, reference=said):
        raise Conflict(TOO_LATE, "payoutId")
    await note(tx, payout_id, payout.user_id, before=before, after=after, by=actor.user_id, reason="PAID_BY_HAND")


async def confirm(tx: Tx, services: Services, actor: Actor, payout_id: UUID) -> None:
    """Say that what another operator paid is paid. The same again changes nothing.

    Raises:
        Forbidden: The actor is no operator, paid it themselves, or it is their own money.
        NotFound: There is no such payout.
        Conflict: It waits for no confirmation.
    """
    payout = await _take(tx, actor, payout_id)
    if payout.paid_by_id == actor.user_id:
        raise Forbidden("Whoever paid cannot confirm it: another operator has to.")
    if payout.status is PayoutStatus.PAID and payout.confirmed_by_id == actor.user_id:
        return
    if payout.status is not PayoutStatus.AWAITING_CONFIRMATION:
        raise Conflict(TOO_LATE, "payoutId")
    await payouts.move(tx.session, payout_id, PayoutStatus.PAID, confirmed_by_id=actor.user_id)
    paid = occasion(services.roads[payout.kind], payout_id, by=actor.user_id)
    await settle_claim(tx, payout.claim_id, fee_minor=payout.fee_minor, occasion=paid)
    await end(tx, payout, PayoutStatus.PAID, by=actor.user_id, reason="CONFIRMED")


async def review(tx: Tx, services: Services, actor: Actor, payout_id: UUID, decision: PayoutDecision) -> None:
    """Try a payout again, or cancel it.

    Raises:
        Forbidden: The actor is no operator, or it is their own money; or they would undo what they paid themselves.
        NotFound: There is no such payout.
        Conflict: It stands where that cannot be done, or the money or the way there is gone.
    """
    payout = await _take(tx, actor, payout_id)
    if decision is PayoutDecision.CANCEL:
        await _cancel(tx, services, actor, payout)
    elif payout.status is PayoutStatus.FAILED:
        await _begin_again(tx, services, actor, payout)
    elif payout.status is PayoutStatus.AWAITING_CONFIRMATION:
        await _give_back(tx, actor, payout)
    else:
        raise Conflict("Only what failed, or was not paid after all, can be tried again.", "payoutId")


async def _cancel(tx: Tx, services: Services, actor: Actor, payout: Found) -> None:
    if not await payouts.move(tx.session, payout.id, PayoutStatus.CANCELLED):
        raise Conflict("Only what was not sent can be cancelled.", "payoutId")
    cancelled = occasion(services.roads[payout.kind], payout.id, by=actor.user_id)
    await fail(tx, payout.claim_id, occasion=cancelled)
    await end(tx, payout, PayoutStatus.CANCELLED, by=actor.user_id, reason="CANCELLED")


async def _begin_again(tx: Tx, services: Services, actor: Actor, payout: Found) -> None:
    """Claim the money anew; the vendor is asked under a new key, as it keeps its refusal under the old one."""
    method = await payout_methods.find_own(tx.session, payout.user_id, payout.method_id)
    if method is None or not method.verified:
        raise Conflict("The way there was removed, or is not verified.", "payoutId")
    again = occasion(services.roads[payout.kind], payout.id, by=actor.user_id)
    claimed = await claim(tx, payout.user_id, payout.amount, occasion=again)
    attempt, after = payout.attempt + 1, PayoutStatus.REQUESTED
    facts = {"failure_code": None, "failure_message": None, "sending_at": None}
    await payouts.move(tx.session, payout.id, after, attempt=attempt, claim_id=claimed.entry_id, **facts)
    await tx.later(sending(payout.id, attempt))
    await note(tx, payout.id, payout.user_id, before=payout.status, after=after, by=actor.user_id, reason="RETRIED")


async def _give_back(tx: Tx, actor: Actor, payout: Found) -> None:
    """Put what is said to be paid, and is not, back into the queue."""
    if payout.paid_by_id == actor.user_id:
        raise Forbidden("Whoever paid cannot take that back: another operator has to.")
    after = PayoutStatus.AWAITING_OPERATOR
    await payouts.move(tx.session, payout.id, after, paid_by_id=None, reference=None)
    await note(tx, payout.id, payout.user_id, before=payout.status, after=after, by=actor.user_id, reason="NOT_PAID")


async def _take(tx: Tx, actor: Actor, payout_id: UUID) -> Found:
    require_operator(actor)
    payout = await payouts.find(tx.session, payout_id, lock=True)
    if payout is None:
        raise NotFound("There is no such payout.", "payoutId")
    if payout.user_id == actor.user_id:
        raise Forbidden("Another operator has to see to your own money.")
    return payout
