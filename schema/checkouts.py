"""Pages to pay at."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import case

from db import tables
from db.access import payments as access
from db.access.viewer import Viewer
from db.expressions.money import decimal_text
from domain.checkouts import CheckoutState
from domain.ids import Prefix
from engine.declare import SQL, Node, column, computed, embedded, entity, finished, listed, one_of
from schema.context import Context
from schema.money import Money
from schema.payments import Payment
from schema.subjects import CheckoutSubject
from schema.words import describe

describe(
    CheckoutState,
    "Where a checkout stands.",
    name="CheckoutStatus",
    OPENING="Its page is being made; ask again in some seconds.",
    OPEN="It can be paid.",
    PAID="The money is there.",
    EXPIRED="Nobody paid in time. Money that comes all the same is sent back.",
    FAILED="It could not be opened, and never will be.",
)


@entity(tables.Checkout, id=Prefix.CHECKOUT, visible=access.checkout)
class Checkout(Node):
    """How to pay for something that waits for money. Seen only by who pays; it can be taken up again while it is open."""

    status: CheckoutState = column("Where it stands.")
    amount: Money = embedded(
        "What is to be paid.",
        amount=lambda checkout, _viewer: decimal_text(checkout.amount_minor, checkout.currency),
        currency_code=tables.Checkout.currency,
    )
    description: str = column("What it is for, as the page says.")
    created_at: datetime = column("When it was begun.")
    expires_at: datetime = column("Until when it can be paid.")
    paid_at: datetime | None = column("When the money was there; null before.")
    subject: CheckoutSubject | None = one_of(
        "What it is for.", tables.Checkout.subject_type, tables.Checkout.subject_id
    )
    payments: list[Payment] = listed(
        "What was paid. More than one when somebody paid twice; what is too much is sent back.",
        tables.Payment.checkout_id,
        order=tables.Payment.received_at,
        limit=10,
    )

    @computed
    def url(checkout: type[tables.Checkout], viewer: Viewer) -> SQL[str | None]:
        """The page to open in a browser; null unless it is open."""
        return case((checkout.status == CheckoutState.OPEN, checkout.url))

    @finished(tables.Checkout.id, tables.Checkout.sealed_client_secret)
    def client_secret(checkout_id: UUID, sealed: bytes | None, context: Context) -> str | None:
        """What the processor's own form inside of an app needs; null where paying is on a page."""
        return None if sealed is None else context.services.cipher.open(bytes(sealed), bound_to=str(checkout_id))

    @finished()
    def x402_resource_url(context: Context) -> str | None:
        """Where a wallet can pay it in USDC; null where it cannot."""
        return None
