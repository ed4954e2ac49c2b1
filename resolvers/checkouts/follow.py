"""Following a checkout to its end: opened after all, paid, or expired here only when the vendor has closed its page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from db.queries import checkouts
from db.session import Database
from db.tables import Checkout
from domain.checkouts import OPENED_WITHIN, CheckoutState
from domain.errors import NotFound, RateLimited, Unavailable
from domain.ids import Prefix, from_wire, to_wire
from domain.payments import Checkout as Page
from domain.payments import CheckoutStatus, PaymentRefused
from domain.ports import Services
from domain.webhooks import WebhookStatus
from resolvers.checkouts.open import open_page, record_page
from resolvers.checkouts.subjects import SUBJECTS
from resolvers.payments.receive import receive

SOON_SECONDS: Final = 15.0
ON_ITS_WAY_SECONDS: Final = 600.0
"""How soon to look again at a page that was gone through and whose money is not here yet."""

WAITED_FOR: Final = timedelta(days=14)
"""No way to pay takes longer than that; money that comes later still is sent back."""

MARGIN: Final = timedelta(seconds=2)


async def follow(database: Database, services: Services, payload: Mapping[str, Any]) -> float | None:
    """Do what a checkout needs now.

    Returns:
        Seconds until it is to be looked at again; None when it has come to its end.
    """
    checkout_id = UUID(str(payload["checkoutId"]))
    async with database.session() as session:
        checkout = await checkouts.find(session, checkout_id)
    if checkout is None or checkout.status not in (CheckoutState.OPENING, CheckoutState.OPEN):
        return None
    try:
        if checkout.status is CheckoutState.OPENING:
            return await _open(database, services, checkout)
        left = (checkout.expires_at + MARGIN - datetime.now(UTC)).total_seconds()
        return left if left > 0 else await _close(database, services, checkout)
    except (Unavailable, RateLimited) as fault:
        return max(SOON_SECONDS, fault.retry_after_seconds or 0.0)


async def settle(database: Database, services: Services, page: Page, *, given_up: bool = False) -> WebhookStatus:
    """Write down how a page stands at the vendor. One that is still open, or whose money is on its way, changes nothing.

    Args:
        database: Where it is written.
        services: The vendor.
        page: How it stands.
        given_up: Whether the money that was on its way will not come.

    Raises:
        NotFound: The page carries a name that is none of ours.

    Returns:
        What to note of the event that told of it.
    """
    if page.status is CheckoutStatus.PAID and page.payment_id is not None:
        payment = await services.payments.find_payment(page.payment_id)
        return WebhookStatus.UNKNOWN if payment is None else await receive(database, payment)
    reference = page.reference or ""
    if reference.startswith(f"{Prefix.PAYMENT_LINK}_"):
        # A page of a payment link that somebody left is nothing that we wait for.
        return WebhookStatus.PROCESSED
    async with database.session() as session:
        checkout = await checkouts.find(session, from_wire(Prefix.CHECKOUT, reference))
    if checkout is None:
        return WebhookStatus.UNKNOWN
    if page.status is CheckoutStatus.EXPIRED or (page.status is CheckoutStatus.COMPLETE and given_up):
        await _expire(database, checkout)
    return WebhookStatus.PROCESSED


async def _open(database: Database, services: Services, checkout: Checkout) -> float | None:
    if datetime.now(UTC) - checkout.created_at < OPENED_WITHIN:
        try:
            await open_page(database, services, checkout.id)
        except PaymentRefused:
            return None
        return (checkout.expires_at + MARGIN - datetime.now(UTC)).total_seconds()
    # Too late to begin; but what the vendor made without our hearing of it must not stay open.
    since = checkout.created_at - timedelta(minutes=5)
    page = await services.payments.find_checkout(to_wire(Prefix.CHECKOUT, checkout.id), since=since)
    if page is None:
        await _expire(database, checkout)
        return None
    await record_page(database, services, checkout.id, page)
    return 0.0


async def _close(database: Database, services: Services, checkout: Checkout) -> float | None:
    assert checkout.vendor_id is not None
    try:
        page = await services.payments.expire_checkout(f"{checkout.id}:expire", checkout.vendor_id)
    except NotFound:
        await _expire(database, checkout)
        return None
    late = datetime.now(UTC) - checkout.created_at > WAITED_FOR
    await settle(database, services, page, given_up=late)
    return None if late or page.status in (CheckoutStatus.PAID, CheckoutStatus.EXPIRED) else ON_ITS_WAY_SECONDS


async def _expire(database: Database, checkout: Checkout) -> None:
    async with database.transaction() as tx:
        if await checkouts.expire(tx.session, checkout.id):
            await SUBJECTS[checkout.subject_type].over(tx, checkout, CheckoutState.EXPIRED)
