"""Opening a page to pay at: the row first, then the vendor with the row's id as its key, then what the vendor made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from db.queries import checkouts
from db.session import Database, Tx
from db.tables import Checkout
from domain.checkouts import FIRST_LOOK, LASTS, MAX_DESCRIPTION, CheckoutState, CheckoutSubject, PaymentVendor
from domain.errors import RateLimited, Unavailable
from domain.ids import Prefix, new_id, to_wire
from domain.jobs import Job, JobKind
from domain.money import Money
from domain.payments import Checkout as Page
from domain.payments import NewCheckout, PaymentRefused
from domain.ports import Services
from resolvers.checkouts.subjects import SUBJECTS
from resolvers.patience import DEED_SECONDS, answered_within


async def begin(
    tx: Tx,
    payer_id: UUID,
    subject: tuple[CheckoutSubject, UUID],
    amount: Money,
    *,
    description: str,
    return_to: str,
    vendor: PaymentVendor = PaymentVendor.STRIPE,
) -> UUID:
    """Write that something waits for money, and promise to follow it. After the commit call `open_soon`.

    Args:
        tx: The deed's transaction.
        payer_id: Who is to pay, and alone sees the checkout.
        subject: What waits; see `resolvers/checkouts/subjects.py` for what becomes of it.
        amount: How much.
        description: What for, as the payer reads it.
        return_to: Where the payer's browser goes afterwards.
        vendor: Whose page it is.

    Returns:
        The checkout's id.
    """
    checkout_id, now = new_id(), datetime.now(UTC)
    await checkouts.add(
        tx.session,
        checkout_id,
        payer_id=payer_id,
        subject=subject,
        vendor=vendor,
        amount=amount,
        description=description[:MAX_DESCRIPTION],
        return_to=return_to,
        expires_at=now + LASTS,
    )
    payload = {"checkoutId": str(checkout_id)}
    await tx.later(Job(JobKind.FOLLOW_CHECKOUT, str(checkout_id), payload, run_at=now + FIRST_LOOK))
    return checkout_id


async def open_soon(database: Database, services: Services, checkout_id: UUID) -> None:
    """Open a checkout's page now, if the vendor answers; otherwise its job does so in a while.

    Raises:
        PaymentRefused: The vendor will never open it.
    """
    try:
        async with answered_within(DEED_SECONDS, "Stripe"):
            await open_page(database, services, checkout_id)
    except (Unavailable, RateLimited):
        return


async def open_page(database: Database, services: Services, checkout_id: UUID) -> None:
    """Ask the vendor for the page of a checkout that has none. The same key gives the same page, however often it is asked.

    Raises:
        PaymentRefused: The vendor will never open it; that is noted, with what waited.
        Unavailable: It is not known whether there is a page now.
        RateLimited: Later.
    """
    async with database.session() as session:
        checkout = await checkouts.find(session, checkout_id)
    if checkout is None or checkout.status is not CheckoutState.OPENING:
        if checkout is not None and checkout.status is CheckoutState.FAILED:
            raise PaymentRefused("This payment was refused. Begin another one.", reason=checkout.failure_code or "")
        return
    try:
        page = await services.payments.create_checkout(str(checkout.id), _asked(checkout))
    except PaymentRefused as refusal:
        async with database.transaction() as tx:
            if await checkouts.fail(tx.session, checkout.id, refusal.reason):
                await SUBJECTS[checkout.subject_type].over(tx, checkout, CheckoutState.FAILED)
        raise
    await record_page(database, services, checkout_id, page)


async def record_page(database: Database, services: Services, checkout_id: UUID, page: Page) -> None:
    """Note the page that the vendor made."""
    secret = page.client_secret and services.cipher.seal(page.client_secret, bound_to=str(checkout_id))
    async with database.transaction() as tx:
        await checkouts.open_page(
            tx.session, checkout_id, vendor_id=page.id, url=page.url, secret=secret or None, until=page.expires_at
        )


def _asked(checkout: Checkout) -> NewCheckout:
    name = to_wire(Prefix.CHECKOUT, checkout.id)
    back = {status: f"{checkout.return_to}?{urlencode({'checkout': name, 'status': status})}" for status in RETURNS}
    return NewCheckout(
        amount=Money(checkout.amount_minor, checkout.currency),
        description=checkout.description,
        reference=name,
        success_url=back["RETURNED"],
        cancel_url=back["CANCELED"],
        expires_at=checkout.expires_at,
    )


RETURNS: Final = ("RETURNED", "CANCELED")
"""What a browser that comes back says: nothing that could be believed, for anybody can type it."""
