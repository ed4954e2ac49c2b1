"""Sending a refund to the processor, and booking what it says of refunds, ours and those that began there."""

from __future__ import annotations

from contextlib import suppress
from typing import Final
from uuid import UUID

from db.queries import history, payments
from db.session import Database, Tx
from db.tables import Payment
from db.tables import Refund as RefundRow
from domain.errors import Conflict, NotFound
from domain.ids import Prefix, from_wire, new_id, to_wire
from domain.ledger import Occasion
from domain.money import EntryKind, Money
from domain.payments import PaymentRefused, Refund, RefundReason, RefundStatus
from domain.ports import Services
from domain.refunds import RefundState
from domain.webhooks import WebhookStatus
from resolvers.checkouts.subjects import SUBJECTS
from resolvers.ledger import disputes, holds
from resolvers.ledger.refund import refund as book
from resolvers.payments.booked import find_paid, find_subject
from resolvers.payments.costs import STRIPE
from resolvers.payments.receive import find_or_receive
from resolvers.payments.undo import undo_refund
from resolvers.payouts.recover import promise

POOR: Final = frozenset({"balance_insufficient", "insufficient_funds"})
"""The processor's words for not enough money on the platform's own account there: it comes with the next payments."""

PUT_OFF_SECONDS: Final = 3600.0
MOST_TRIES: Final = 14 * 24


async def send_refund(database: Database, services: Services, refund_id: UUID) -> float | None:
    """Have the processor give money back, if that is still to be done. The same key gives the same refund.

    Returns:
        Seconds until it is to be tried again, since the processor had not enough money; None when there is no more to do.

    Raises:
        Unavailable: It is not known whether it was done.
        RateLimited: Later.
    """
    async with database.session() as session:
        row = await payments.find_refund(session, refund_id)
        payment = None if row is None else await payments.find(session, row.payment_id)
    if row is None or payment is None or row.status is not RefundState.REQUESTED:
        return None
    try:
        found = await services.payments.refund(
            f"{row.id}:{row.tries}",
            payment.vendor_id,
            Money(row.amount_minor, row.currency),
            row.reason,
            reference=to_wire(Prefix.REFUND, row.id),
        )
    except (PaymentRefused, NotFound) as refusal:
        code = refusal.reason if isinstance(refusal, PaymentRefused) else "not_found"
        return await _refuse(database, payment.id, row, code)
    await _write(database, payment.id, row.id, found)
    return None


async def _refuse(database: Database, payment_id: UUID, row: RefundRow, code: str) -> float | None:
    async with database.transaction() as tx:
        payment = await _take(tx, payment_id)
        if code in POOR and row.tries < MOST_TRIES:
            await payments.put_off_refund(tx.session, row.id, row.tries + 1, code)
            return PUT_OFF_SECONDS
        await _fail(tx, payment, row.id, code)
    return None


async def record_refund(database: Database, services: Services, found: Refund) -> WebhookStatus:
    """Book what the processor says of a refund. Doing it again changes nothing.

    Returns:
        PROCESSED; UNKNOWN when it is of nothing that was paid to us.
    """
    payment_id = None
    if found.payment_id is not None:
        payment_id = await find_or_receive(database, services, found.payment_id)
    if payment_id is None:
        return WebhookStatus.UNKNOWN
    async with database.transaction() as tx:
        payment = await _take(tx, payment_id)
        row_id = await _find_row(tx, payment, found)
    if row_id is not None:
        await _write(database, payment_id, row_id, found)
    return WebhookStatus.PROCESSED


async def _find_row(tx: Tx, payment: Payment, found: Refund) -> UUID | None:
    """The row of a refund: by the processor's id, by our own name, or a new one for what began there."""
    known = await payments.find_refund_by_vendor(tx.session, found.id)
    if known is not None:
        return known.id
    with suppress(NotFound):
        ours = await payments.find_refund(tx.session, from_wire(Prefix.REFUND, found.reference or ""))
        if ours is not None and ours.payment_id == payment.id:
            return ours.id
    if found.status in (RefundStatus.FAILED, RefundStatus.CANCELED):
        return None
    refund_id = new_id()
    minor = min(found.amount.minor, payment.amount_minor - payment.refunded_minor)
    if minor <= 0:
        return None
    await payments.add_refund(
        tx.session, refund_id, payment, minor, RefundReason.REQUESTED, vendor_id=found.id, note="Begun at Stripe"
    )
    await payments.count_refunded(tx.session, payment.id)
    return refund_id


async def _write(database: Database, payment_id: UUID, refund_id: UUID, found: Refund) -> None:
    async with database.transaction() as tx:
        payment = await _take(tx, payment_id)
        if found.status in (RefundStatus.FAILED, RefundStatus.CANCELED):
            await _fail(tx, payment, refund_id, found.status.value.lower())
            return
        row = await payments.move_refund(tx.session, refund_id, RefundState.SENT, vendor_id=found.id)
        if row is None:
            return
        await _note(tx, row, RefundState.REQUESTED)
        if payment.refunded_minor == payment.amount_minor:
            await _tell_subject(tx, payment, whole=True)
        await payments.set_refund_entry(tx.session, row.id, await _book(tx, payment, row))


async def _book(tx: Tx, payment: Payment, row: RefundRow) -> UUID:
    amount = Money(row.amount_minor, row.currency)
    occasion = Occasion("Refund", origin=(STRIPE, str(row.vendor_id)), by=row.requested_by_id)
    paid_by = await find_paid(tx, payment)
    try:
        if paid_by is None:
            assert payment.hold_id is not None
            return (await holds.give_back(tx, payment.hold_id, occasion=occasion)).entry_id
        entry_id = (await book(tx, paid_by, amount, occasion=occasion)).entry_id
    except Conflict:
        # A dispute took it from those who were paid: what goes back besides is the platform's own.
        return (await disputes.bear(tx, EntryKind.REFUND, amount, occasion=occasion)).entry_id
    await promise(tx, paid_by, because=entry_id)
    return entry_id


async def _fail(tx: Tx, payment: Payment, refund_id: UUID, code: str) -> None:
    before = await payments.find_refund(tx.session, refund_id)
    whole = payment.refunded_minor == payment.amount_minor
    row = await payments.move_refund(tx.session, refund_id, RefundState.FAILED, failure_code=code)
    if row is None or before is None:
        return
    await _note(tx, row, before.status)
    await payments.count_refunded(tx.session, payment.id)
    if row.entry_id is None:
        return
    if whole:
        await _tell_subject(tx, payment, whole=False)
    occasion = Occasion("A refund that did not arrive", origin=(STRIPE, f"{row.vendor_id}:failed"))
    await undo_refund(tx, row.entry_id, occasion=occasion)


async def _tell_subject(tx: Tx, payment: Payment, *, whole: bool) -> None:
    checkout = await find_subject(tx, payment)
    if checkout is not None:
        await SUBJECTS[checkout.subject_type].returned(tx, checkout, whole=whole)


async def _take(tx: Tx, payment_id: UUID) -> Payment:
    payment = await payments.lock(tx.session, payment_id)
    if payment is None:
        raise NotFound("There is no such payment.")
    return payment


async def _note(tx: Tx, row: RefundRow, before: RefundState) -> None:
    subject = (Prefix.REFUND.title(), row.id)
    reason = row.failure_code or row.reason.value
    await history.note(tx.session, subject, before=before, after=row.status, by=None, reason=reason)
