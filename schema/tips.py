"""Tips: thanks in money for who is on air."""

from __future__ import annotations

from datetime import datetime

import strawberry

from db import tables
from db.access import payments as access
from db.expressions.money import decimal_text
from domain.ids import Prefix, from_wire
from domain.tips import TipStatus
from engine.declare import column, embedded, entity, one
from engine.executor import ref
from resolvers.tips import send
from schema.accounts.user import User
from schema.broadcasts.types import Broadcast
from schema.checkouts import Checkout
from schema.context import Info
from schema.deeds import DEAR, Payload, deed
from schema.money import Money
from schema.subjects import CheckoutSubject, NotificationSubject, TransactionSubject
from schema.words import describe

describe(
    TipStatus,
    "Where a tip stands.",
    AWAITING_PAYMENT="It waits for its money: see `checkout`.",
    PAID="The money is there, and the room was told.",
    EXPIRED="Nobody paid in time.",
    FAILED="It could not be paid.",
    REFUNDED="All of it went back.",
)


@entity(tables.Tip, id=Prefix.TIP, visible=access.tip)
class Tip(NotificationSubject, CheckoutSubject, TransactionSubject):
    """Thanks in money for a curator. Seen by who gave it and, once the money was there, by who got it."""

    status: TipStatus = column("Where it stands.")
    amount: Money = embedded(
        "How much, before fees.",
        amount=lambda tip, _viewer: decimal_text(tip.amount_minor, tip.currency),
        currency_code=tables.Tip.currency,
    )
    note: str | None = column("What was written with it.")
    created_at: datetime = column("When it was given.")
    paid_at: datetime | None = column("When the money was there; null before.")
    broadcast: Broadcast = one("In which room.", tables.Tip.broadcast_id)
    sender: User = one("Who gave it.", tables.Tip.sender_id)
    curator: User = one("Who got it.", tables.Tip.curator_id)
    checkout: Checkout | None = one("How it is paid; null for everybody but its sender.", tables.Tip.checkout_id)


@strawberry.input(description="What to give, and in which room.")
class SendTipInput:
    """The input of `sendTip`."""

    broadcast_id: strawberry.ID = strawberry.field(description="A room on air.")
    amount: str = strawberry.field(description="How much, such as `5.00`.")
    currency_code: str = strawberry.field(
        default="USD", description="In what: EUR, GBP, GHS, JPY, KES, NGN, USD or ZAR."
    )
    note: str | None = strawberry.field(default=None, description="What the room reads with it: up to 280 characters.")
    return_to: str | None = strawberry.field(
        default=None,
        description="Where the browser goes after paying, with `checkout` and `status` in the query. Exactly one of the "
        "addresses that this installation allows; a small page of ours unless given.",
    )
    idempotency_key: str = strawberry.field(
        description="Made up by you: the same key gives the same tip, however often it is sent."
    )


@strawberry.type(description="The answer to `sendTip`.")
class SendTipPayload(Payload):
    """The tip."""

    tip: Tip | None = strawberry.field(
        default=None,
        description="The tip: open the page of its checkout. While the checkout is OPENING, ask for it again.",
    )


@strawberry.type
class TipMutations:
    """Deeds about tips."""

    @deed(
        "Tip the curator of a room on air. It is begun here and paid at its checkout; when the money is there the room is "
        "told, once. Only a person can do this, not a program.",
        cost=DEAR,
    )
    async def send_tip(self, info: Info, input: SendTipInput) -> SendTipPayload:
        """Tip."""
        actor, context = info.context.signed_in, info.context
        asked = send.Asked(
            broadcast_id=from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId"),
            amount=input.amount,
            currency=input.currency_code,
            note=input.note,
            return_to=input.return_to,
            key=input.idempotency_key,
        )
        tip_id = await send.send(context.database, context.services, actor, asked)
        return SendTipPayload(tip=ref(Tip, tip_id))
