"""Somebody's bank takes a payment back: what people got of it is withheld, and released or taken when it is decided."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from db.queries import history, payments
from db.session import Database, Tx
from db.tables import Dispute as DisputeRow
from db.tables import Payment
from domain.errors import Conflict
from domain.ledger import Occasion
from domain.money import EntryKind
from domain.payments import Dispute, DisputeStatus
from domain.ports import Services
from domain.webhooks import WebhookStatus
from resolvers.checkouts.subjects import SUBJECTS
from resolvers.ledger import disputes, holds
from resolvers.payments.booked import find_paid, find_subject
from resolvers.payments.costs import STRIPE, book_costs
from resolvers.payments.receive import find_or_receive
from resolvers.payouts.recover import promise

SUBJECT = "Dispute"


async def record_dispute(database: Database, services: Services, found: Dispute) -> WebhookStatus:
    """Book how a dispute stands at the processor. Doing it again changes nothing; the steps may come in any order.

    Returns:
        PROCESSED; UNKNOWN when it is of nothing that was paid to us.
    """
    payment_id = None
    if found.payment_id is not None:
        payment_id = await find_or_receive(database, services, found.payment_id)
    if payment_id is None:
        return WebhookStatus.UNKNOWN
    # Two transactions: each moves money once, so that no two wait for each other in a circle.
    async with database.transaction() as tx:
        payment = await _take(tx, payment_id)
        if await payments.find_dispute(tx.session, found.id) is None:
            await _open(tx, payment, found)
    if found.status is not DisputeStatus.OPEN:
        async with database.transaction() as tx:
            await _decide(tx, await _take(tx, payment_id), found)
    await book_costs(database, found.id, found.amount.currency, found.costs)
    return WebhookStatus.PROCESSED


async def _open(tx: Tx, payment: Payment, found: Dispute) -> None:
    occasion = Occasion(f"Dispute: {found.reason}", origin=(STRIPE, found.id))
    entry_id, paid_by = None, await find_paid(tx, payment)
    if paid_by is None and payment.hold_id is not None:
        # Nobody is to be paid of it while it is disputed. What went back already has come to its end.
        with suppress(Conflict):
            await holds.freeze(tx, payment.hold_id, occasion=Occasion("Disputed"))
    if paid_by is not None:
        try:
            entry_id = (await disputes.open_dispute(tx, paid_by, found.amount, occasion=occasion)).entry_id
        except Conflict:
            # Everybody has given it back already: there is nothing to withhold.
            entry_id = None
    dispute_id = await payments.add_dispute(
        tx.session, payment.id, vendor_id=found.id, reason=found.reason, amount=found.amount, entry_id=entry_id
    )
    await _note(tx, dispute_id, None, DisputeStatus.OPEN, found.reason)


async def _decide(tx: Tx, payment: Payment, found: Dispute) -> None:
    row = await payments.find_dispute(tx.session, found.id)
    assert row is not None
    if not await payments.close_dispute(tx.session, row.id, found.status):
        return
    await _note(tx, row.id, DisputeStatus.OPEN, found.status, found.reason)
    occasion = Occasion(
        f"Dispute {found.status.value.lower()}", origin=(STRIPE, f"{found.id}:{found.status.value.lower()}")
    )
    if found.status is DisputeStatus.WON:
        await _win(tx, payment, row, occasion)
        return
    await _tell_subject(tx, payment, found)
    await _lose(tx, payment, row, found, occasion)


async def _win(tx: Tx, payment: Payment, row: DisputeRow, occasion: Occasion) -> None:
    if row.entry_id is not None:
        await disputes.win_dispute(tx, row.entry_id, occasion=occasion)
    elif payment.hold_id is not None:
        with suppress(Conflict):
            await holds.thaw(tx, payment.hold_id, occasion=Occasion("Dispute won"))


async def _lose(tx: Tx, payment: Payment, row: DisputeRow, found: Dispute, occasion: Occasion) -> None:
    if row.entry_id is not None:
        lost = await disputes.lose_dispute(tx, row.entry_id, found.amount, occasion=occasion)
        paid_by = await find_paid(tx, payment)
        if paid_by is not None:
            await promise(tx, paid_by, because=lost.entry_id)
        return
    if payment.hold_id is not None and found.amount.minor >= payment.amount_minor:
        with suppress(Conflict):
            await holds.give_back(tx, payment.hold_id, occasion=occasion)
            return
    elif payment.hold_id is not None:
        # The rest of it is still held; a hold is released or returned whole, and the platform bears the part.
        with suppress(Conflict):
            await holds.thaw(tx, payment.hold_id, occasion=Occasion("Dispute lost in part"))
    # It went back to the payer before, and now once more: that is the platform's loss.
    await disputes.bear(tx, EntryKind.DISPUTE, found.amount, occasion=occasion)


async def _tell_subject(tx: Tx, payment: Payment, found: Dispute) -> None:
    checkout = None if found.amount.minor < payment.amount_minor else await find_subject(tx, payment)
    if checkout is not None:
        await SUBJECTS[checkout.subject_type].returned(tx, checkout, whole=True)


async def _take(tx: Tx, payment_id: UUID) -> Payment:
    payment = await payments.lock(tx.session, payment_id)
    assert payment is not None
    return payment


async def _note(tx: Tx, key: UUID, before: DisputeStatus | None, after: DisputeStatus, reason: str) -> None:
    await history.note(tx.session, (SUBJECT, key), before=before, after=after, by=None, reason=reason)
