"""What to do about each kind of event at Stripe. Kinds that are not here do not concern us.

Events come twice, late and in any order: each function asks how the thing stands now, and writes that down once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from db.session import Database
from domain.payments import Checkout, Dispute, Payment, PaymentEvent, PaymentRefused, Refund, Transfer
from domain.ports import Services
from domain.webhooks import WebhookStatus
from resolvers.checkouts.follow import settle
from resolvers.payments.dispute import record_dispute
from resolvers.payments.receive import receive
from resolvers.payments.send_refund import record_refund
from resolvers.payouts.methods import note_account
from resolvers.payouts.returns import record_returns

React = Callable[[Database, Services, PaymentEvent], Awaitable[WebhookStatus]]
"""Does what follows from an event and says what to note of it. It may raise NotFound for what Stripe does not know."""


async def on_checkout(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """A page was paid at, left, or closed."""
    subject = await services.payments.fetch_subject(event)
    if not isinstance(subject, Checkout):
        return WebhookStatus.UNKNOWN
    given_up = event.kind == "checkout.session.async_payment_failed"
    return await settle(database, services, subject, given_up=given_up)


async def on_payment(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """Money came in."""
    subject = await services.payments.fetch_subject(event)
    return await receive(database, subject) if isinstance(subject, Payment) else WebhookStatus.UNKNOWN


async def on_refund(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """Money went back, or did not arrive there."""
    subject = await services.payments.fetch_subject(event)
    return await record_refund(database, services, subject) if isinstance(subject, Refund) else WebhookStatus.UNKNOWN


async def on_dispute(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """A bank takes a payment back, or it is decided."""
    subject = await services.payments.fetch_subject(event)
    return await record_dispute(database, services, subject) if isinstance(subject, Dispute) else WebhookStatus.UNKNOWN


async def on_account(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """Somebody who is paid there told more, or the vendor wants to know more."""
    return await _note_account(database, services, event.subject_id)


async def on_bank(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """Somebody's bank did not take what Stripe sent on: the money is theirs still, and their account may be shut off."""
    if event.account_id is None:
        # The platform's own bank.
        return WebhookStatus.IGNORED
    return await _note_account(database, services, event.account_id)


async def _note_account(database: Database, services: Services, account_id: str) -> WebhookStatus:
    try:
        account = await services.payments.account_status(account_id)
    except PaymentRefused:
        # It is not connected to us any more, or never was.
        return WebhookStatus.UNKNOWN
    async with database.transaction() as tx:
        known = await note_account(tx, account)
    return WebhookStatus.PROCESSED if known else WebhookStatus.UNKNOWN


async def on_transfer(database: Database, services: Services, event: PaymentEvent) -> WebhookStatus:
    """Money of a payout came back, asked for by us or at Stripe's own desk."""
    subject = await services.payments.fetch_subject(event)
    return await record_returns(database, services, subject) if isinstance(subject, Transfer) else WebhookStatus.UNKNOWN


STRIPE: Final[Mapping[str, React]] = {
    "checkout.session.completed": on_checkout,
    "checkout.session.async_payment_succeeded": on_checkout,
    "checkout.session.async_payment_failed": on_checkout,
    "checkout.session.expired": on_checkout,
    "payment_intent.succeeded": on_payment,
    "refund.created": on_refund,
    "refund.updated": on_refund,
    "refund.failed": on_refund,
    "account.updated": on_account,
    "payout.failed": on_bank,
    "transfer.reversed": on_transfer,
    "charge.dispute.created": on_dispute,
    "charge.dispute.updated": on_dispute,
    "charge.dispute.closed": on_dispute,
    "charge.dispute.funds_withdrawn": on_dispute,
    "charge.dispute.funds_reinstated": on_dispute,
}
