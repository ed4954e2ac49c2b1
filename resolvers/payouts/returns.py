"""Money of payouts that comes back: asked for with the row's key, or found because somebody reversed it at Stripe."""

from __future__ import annotations

from uuid import UUID

from db.queries import history, notifications, payout_returns, payouts
from db.queries.payouts import Found
from db.session import Database, Tx
from domain.errors import NotFound, Unavailable
from domain.events import Event, EventKind, person_topic
from domain.ids import read_id
from domain.money import Money
from domain.notifications import NotificationKind, SubjectType
from domain.payments import PaymentRefused, Reversal, Transfer
from domain.payouts import PayoutMethodKind, PayoutStatus
from domain.ports import Services
from domain.returns import ReturnStatus, key_of
from domain.webhooks import WebhookStatus
from resolvers.ledger.payouts import bring_back
from resolvers.notifications import notify
from resolvers.payouts.recover import SUBJECT, sender_of
from resolvers.payouts.request import occasion


async def take_back(database: Database, services: Services, return_id: UUID) -> None:
    """Ask Stripe for what is to come back of a payout, if that is still to be done. The same key takes it once.

    Raises:
        Unavailable: It is not known whether it was done.
        RateLimited: Later.
        NotConfigured: This installation has no account there any more.
    """
    async with database.session() as session:
        row = await payout_returns.find(session, return_id)
        payout = None if row is None else await payouts.find(session, row.payout_id)
    if row is None or payout is None or payout.reference is None or row.status is not ReturnStatus.REQUESTED:
        return
    sender, name, amount = sender_of(services), str(row.id), Money(row.amount_minor, row.currency)
    try:
        # Whoever asks again after a crash may have been heard: the truth comes first.
        taken = await sender.list_taken_back(payout.reference)
        found = next((each for each in taken if each.reference == name), None)
        if found is None:
            found = await sender.take_back(key_of(row.id), payout.reference, amount, reference=name)
    except (PaymentRefused, NotFound) as refusal:
        code = refusal.reason if isinstance(refusal, PaymentRefused) else "not_found"
        async with database.transaction() as tx:
            await _fail(tx, row.id, code)
        return
    await _record(database, services, payout.id, found)


async def record_returns(database: Database, services: Services, sent: Transfer) -> WebhookStatus:
    """Book whatever came back of a transfer at Stripe. Doing it again changes nothing.

    Returns:
        PROCESSED; UNKNOWN when it is no payout of ours.

    Raises:
        Unavailable: The payout's own end is not written down yet; later.
    """
    payout_id = read_id(sent.reference)
    async with database.session() as session:
        payout = None if payout_id is None else await payouts.find(session, payout_id)
    if payout is None or payout.kind is not PayoutMethodKind.STRIPE:
        return WebhookStatus.UNKNOWN
    if payout.status is not PayoutStatus.PAID:
        raise Unavailable("This payout is still on its way.")
    if payout.reference != sent.id:
        return WebhookStatus.UNKNOWN
    for taken in await sender_of(services).list_taken_back(sent.id):
        await _record(database, services, payout.id, taken)
    return WebhookStatus.PROCESSED


async def _record(database: Database, services: Services, payout_id: UUID, taken: Reversal) -> None:
    async with database.transaction() as tx:
        payout = await payouts.find(tx.session, payout_id, lock=True)
        assert payout is not None
        if await payout_returns.is_known(tx.session, taken.id):
            return
        settled_id = await payout_returns.find_settling(tx.session, payout.claim_id)
        assert settled_id is not None
        origin = (payout.kind.value.lower(), taken.id)
        back = occasion(services.roads[payout.kind], payout.id, by=None, origin=origin)
        posted = await bring_back(tx, settled_id, taken.amount, occasion=back)
        await _end(tx, payout, taken, posted.entry_id)
        await payout_returns.count_returned(tx.session, payout.id)
        await _tell(tx, payout, taken.amount)


async def _end(tx: Tx, payout: Found, taken: Reversal, entry_id: UUID) -> None:
    """Bring our row to its end, or write one for what began at Stripe."""
    ours = read_id(taken.reference)
    row = None if ours is None else await payout_returns.find(tx.session, ours)
    before = None
    if row is not None and row.payout_id == payout.id and row.status is ReturnStatus.REQUESTED:
        return_id, before = row.id, row.status
        await payout_returns.end(tx.session, row.id, ReturnStatus.DONE, vendor_id=taken.id, entry_id=entry_id)
    else:
        return_id = await payout_returns.add_done(
            tx.session, payout.id, taken.amount, vendor_id=taken.id, entry_id=entry_id
        )
    reason = "DEBT" if before else "AT_STRIPE"
    after = ReturnStatus.DONE
    await history.note(tx.session, (SUBJECT, return_id), before=before, after=after, by=None, reason=reason)


async def _fail(tx: Tx, return_id: UUID, code: str) -> None:
    before, after = ReturnStatus.REQUESTED, ReturnStatus.FAILED
    if await payout_returns.end(tx.session, return_id, after, failure_code=code):
        await history.note(tx.session, (SUBJECT, return_id), before=before, after=after, by=None, reason=code)


async def _tell(tx: Tx, payout: Found, amount: Money) -> None:
    """Let the person know. Comes last: it locks the person's log."""
    await tx.tell(Event(person_topic(payout.user_id), EventKind.PAYOUT_UPDATED, {"payoutId": str(payout.id)}))
    # News is told once for each payout; more of it may come back.
    await notifications.take_back(tx.session, payout.user_id, NotificationKind.PAYOUT_RETURNED, payout.id)
    await notify(
        tx,
        recipients=[payout.user_id],
        kind=NotificationKind.PAYOUT_RETURNED,
        title=f"{amount} of a payout came back",
        body="What you owe is paid of it first; the rest is in your balance.",
        subject_type=SubjectType.PAYOUT,
        subject_id=payout.id,
    )
