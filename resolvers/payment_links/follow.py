"""Keeping a link at the processor as our row says: made once, and closed when it is to take no more payments."""

from __future__ import annotations

from uuid import UUID

from db.queries import payment_links
from db.session import Database
from domain.errors import NotFound
from domain.ids import Prefix, to_wire
from domain.money import Money
from domain.payments import PaymentRefused
from domain.ports import Services


async def bring_in_line(database: Database, services: Services, link_id: UUID) -> None:
    """Make what is not made, and close what is not to be open. Doing it again changes nothing.

    Raises:
        PaymentRefused: The processor will never make it; it takes no payments then.
        Unavailable: It is not known what was done.
        RateLimited: Later.
    """
    async with database.session() as session:
        link = await payment_links.find(session, link_id)
    if link is None:
        return
    vendor_id = link.vendor_id
    if vendor_id is None:
        amount, name = Money(link.amount_minor, link.currency), to_wire(Prefix.PAYMENT_LINK, link.id)
        try:
            made = await services.payments.create_link(
                str(link.id), amount=amount, description=link.title, reference=name
            )
        except PaymentRefused:
            async with database.transaction() as tx:
                await payment_links.deactivate(tx.session, link.id)
            raise
        vendor_id = made.id
        async with database.transaction() as tx:
            await payment_links.make(tx.session, link.id, vendor_id=made.id, url=made.url)
    if not link.active:
        try:
            await services.payments.deactivate_link(f"{link.id}:end", vendor_id)
        except NotFound:
            # What is not there takes no payments either.
            return
