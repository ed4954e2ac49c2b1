"""Money came in: it is booked once, for what waited for it, and what nothing waits for goes back."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from db.queries import checkouts, payment_links, payments
from db.session import Database, Tx
from db.tables import Checkout, PaymentLink
from domain.checkouts import CheckoutState, PaymentVendor
from domain.errors import NotFound
from domain.ids import Prefix, from_wire, new_id
from domain.jobs import Job, JobKind
from domain.ledger import Occasion
from domain.money import EntryKind, Money
from domain.payments import Payment, PaymentStatus, RefundReason
from domain.ports import Services
from domain.webhooks import WebhookStatus
from resolvers.checkouts.subjects import SUBJECTS
from resolvers.ledger import holds
from resolvers.ledger.receive import receive as book
from resolvers.payments.costs import STRIPE, book_costs


async def receive(database: Database, payment: Payment) -> WebhookStatus:
    """Book a payment at Stripe as it stands there, if its money is here. Doing it again changes nothing.

    Returns:
        PROCESSED; UNKNOWN for one that we never asked for.
    """
    if payment.status is not PaymentStatus.SUCCEEDED:
        return WebhookStatus.PROCESSED
    async with database.transaction() as tx:
        await payments.keep_apart(tx.session, PaymentVendor.STRIPE, payment.id)
        known = await payments.find_by_vendor(tx.session, PaymentVendor.STRIPE, payment.id) is not None
        if not known:
            # It may carry a name, or none, that is not ours.
            with suppress(NotFound):
                known = await _record(tx, payment)
    if not known:
        return WebhookStatus.UNKNOWN
    await book_costs(database, payment.id, payment.received.currency, payment.costs)
    return WebhookStatus.PROCESSED


async def find_or_receive(database: Database, services: Services, vendor_id: str) -> UUID | None:
    """Find a payment of ours by its id at Stripe; one of which we have not heard yet is booked first.

    Returns:
        Its id; None when it is not ours.
    """
    async with database.session() as session:
        known = await payments.find_by_vendor(session, PaymentVendor.STRIPE, vendor_id)
    if known is not None:
        return known.id
    found = await services.payments.find_payment(vendor_id)
    if found is None or await receive(database, found) is WebhookStatus.UNKNOWN:
        return None
    async with database.session() as session:
        known = await payments.find_by_vendor(session, PaymentVendor.STRIPE, vendor_id)
    return None if known is None else known.id


async def _record(tx: Tx, payment: Payment) -> bool:
    reference = payment.reference or ""
    if reference.startswith(f"{Prefix.PAYMENT_LINK}_"):
        link = await payment_links.find(tx.session, from_wire(Prefix.PAYMENT_LINK, reference))
        if link is not None:
            await _record_link(tx, payment, link)
        return link is not None
    checkout = await checkouts.lock(tx.session, from_wire(Prefix.CHECKOUT, reference))
    if checkout is not None:
        await _record_checkout(tx, payment, checkout)
    return checkout is not None


async def _record_checkout(tx: Tx, payment: Payment, checkout: Checkout) -> None:
    facts = {"checkout_id": checkout.id, "payer_id": checkout.payer_id}
    fits = payment.received == Money(checkout.amount_minor, checkout.currency)
    if fits and await checkouts.pay(tx.session, checkout.id):
        booked = await SUBJECTS[checkout.subject_type].paid(tx, checkout, (STRIPE, payment.id))
        await _add(tx, payment, entry_id=booked.entry_id, hold_id=booked.hold_id, **facts)
        return
    twice = checkout.status is CheckoutState.PAID
    await _return(tx, payment, ("Checkout", checkout.id), RefundReason.DUPLICATE if twice else None, **facts)


async def _record_link(tx: Tx, payment: Payment, link: PaymentLink) -> None:
    facts = {"payment_link_id": link.id}
    if payment.received != Money(link.amount_minor, link.currency):
        await _return(tx, payment, ("PaymentLink", link.id), None, **facts)
        return
    shares = await payment_links.read_shares(tx.session, link.id)
    occasion = Occasion(link.title, subject=("PaymentLink", link.id), origin=(STRIPE, payment.id))
    posted = await book(
        tx, EntryKind.SALE, payment.received, shares, fee_basis_points=link.fee_basis_points, occasion=occasion
    )
    await _add(tx, payment, entry_id=posted.entry_id, **facts)


async def _return(
    tx: Tx, payment: Payment, subject: tuple[str, UUID], reason: RefundReason | None, **facts: object
) -> None:
    """Hold money that nothing waits for any more, and promise to send it back."""
    hold_id, payment_id, refund_id = new_id(), new_id(), new_id()
    occasion = Occasion("Paid too late, twice, or not as asked", subject=subject, origin=(STRIPE, payment.id))
    await holds.hold(tx, hold_id, payment.received, occasion=occasion)
    await _add(tx, payment, payment_id=payment_id, hold_id=hold_id, **facts)
    row = await payments.lock(tx.session, payment_id)
    assert row is not None
    await payments.add_refund(
        tx.session, refund_id, row, payment.received.minor, reason or RefundReason.REQUESTED, note=occasion.description
    )
    await payments.count_refunded(tx.session, payment_id)
    await tx.later(Job(JobKind.SEND_REFUND, str(refund_id), {"refundId": str(refund_id)}))


async def _add(tx: Tx, payment: Payment, *, payment_id: UUID | None = None, **facts: object) -> None:
    await payments.add(
        tx.session,
        payment_id or new_id(),
        amount=payment.received,
        vendor=PaymentVendor.STRIPE,
        vendor_id=payment.id,
        charge_id=payment.charge_id,
        **facts,
    )
