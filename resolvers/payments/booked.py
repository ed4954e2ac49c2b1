"""How a payment was booked: whom it paid, or as what it is held."""

from __future__ import annotations

from uuid import UUID

from db.queries import checkouts, holds
from db.session import Tx
from db.tables import Checkout, Payment
from domain.ledger import HoldStatus


async def find_paid(tx: Tx, payment: Payment) -> UUID | None:
    """The entry by which people were paid of it: at once, or when what was held was released; None while nobody was.

    A hold stays as it is until the commit.
    """
    if payment.hold_id is None:
        return payment.entry_id
    held = await holds.lock(tx.session, payment.hold_id)
    if held is None or held.status is not HoldStatus.RELEASED:
        return None
    return await holds.find_release(tx.session, held.id)


async def find_subject(tx: Tx, payment: Payment) -> Checkout | None:
    """The checkout whose thing got this money; None where it was too much, too late, or not as asked."""
    checkout = None if payment.checkout_id is None else await checkouts.find(tx.session, payment.checkout_id)
    if checkout is None or payment.hold_id is None:
        return checkout
    subject = await holds.find_subject(tx.session, payment.hold_id)
    return checkout if subject == (checkout.subject_type.value, checkout.subject_id) else None
