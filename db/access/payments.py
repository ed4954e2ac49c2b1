"""Who may see what was paid, and what waits to be."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_

from db.access.viewer import Viewer, operates
from db.tables import Checkout, Payment, PaymentLink, Refund, Split, Tip
from domain.tips import TipStatus


def checkout(row: type[Checkout], viewer: Viewer) -> ColumnElement[bool]:
    """Only who pays."""
    return row.payer_id == viewer.id


def tip(row: type[Tip], viewer: Viewer) -> ColumnElement[bool]:
    """Who gave it; and once the money was there, who got it."""
    arrived = row.status.in_((TipStatus.PAID, TipStatus.REFUNDED))
    return or_(row.sender_id == viewer.id, and_(row.curator_id == viewer.id, arrived))


def payment_link(row: type[PaymentLink], viewer: Viewer) -> ColumnElement[bool]:
    """Who made it, and who gets a part."""
    shares = exists().where(Split.payment_link_id == row.id, Split.recipient_id == viewer.id)
    return or_(row.owner_id == viewer.id, shares)


def payment(row: type[Payment], viewer: Viewer) -> ColumnElement[bool]:
    """Who paid, and who runs the platform."""
    return or_(row.payer_id == viewer.id, operates(viewer))


def refund(row: type[Refund], viewer: Viewer) -> ColumnElement[bool]:
    """Who paid what goes back, and who runs the platform."""
    paid = exists().where(Payment.id == row.payment_id, Payment.payer_id == viewer.id)
    return or_(paid, operates(viewer))
