"""What was paid, and what of it went back or is disputed."""

from __future__ import annotations

from datetime import datetime

import strawberry

from db import tables
from db.access import payments as access
from db.expressions.money import decimal_text
from domain.ids import Prefix, from_wire
from domain.payments import DisputeStatus, RefundReason
from domain.refunds import RefundState
from engine.declare import Connection, Node, column, embedded, entity, listed, many, one, reads
from engine.executor import ref
from resolvers.payments import refund
from schema.accounts.user import User
from schema.context import Info
from schema.deeds import DEAR, Payload, deed
from schema.money import Money
from schema.words import describe

describe(
    RefundState,
    "Where a refund stands.",
    name="RefundStatus",
    REQUESTED="It is being sent.",
    SENT="It is on its way; banks take some days.",
    FAILED="It was refused, or came back. `failureCode` says why.",
)
describe(
    RefundReason,
    "Why money goes back.",
    REQUESTED="Who paid asked for it.",
    DUPLICATE="It was paid twice.",
    FRAUDULENT="The card was not theirs.",
)
describe(
    DisputeStatus,
    "Where a dispute stands.",
    OPEN="The bank has not decided; what people got of it is withheld.",
    WON="The money stays.",
    LOST="The bank took it.",
)


@entity(tables.Refund, id=Prefix.REFUND, visible=access.refund)
class Refund(Node):
    """Money back to who paid."""

    status: RefundState = column("Where it stands.")
    reason: RefundReason = column("Why.")
    note: str | None = column("Why, in the words of who sent it.")
    failure_code: str | None = column("The processor's own word for why it failed; null when it did not.")
    requested_at: datetime = column("When it was asked for.")
    settled_at: datetime | None = column("When it was sent, or failed.")
    amount: Money = embedded(
        "How much.",
        amount=lambda found, _viewer: decimal_text(found.amount_minor, found.currency),
        currency_code=tables.Refund.currency,
    )


@entity(tables.Dispute, id=None)
class Dispute:
    """A payment that the payer's bank takes back, until it is decided who is right."""

    status: DisputeStatus = column("Where it stands.")
    reason: str = column("Why, in the processor's word.")
    opened_at: datetime = column("When we heard of it.")
    closed_at: datetime | None = column("When it was decided.")
    amount: Money = embedded(
        "How much is disputed.",
        amount=lambda found, _viewer: decimal_text(found.amount_minor, found.currency),
        currency_code=tables.Dispute.currency,
    )


@entity(tables.Payment, id=Prefix.PAYMENT, visible=access.payment)
class Payment(Node):
    """Money that came in. Seen by who paid, and by who runs the platform."""

    received_at: datetime = column("When we knew that it is there.")
    amount: Money = embedded(
        "How much came.",
        amount=lambda found, _viewer: decimal_text(found.amount_minor, found.currency),
        currency_code=tables.Payment.currency,
    )
    refunded: Money = embedded(
        "How much of it went back, or is about to.",
        amount=lambda found, _viewer: decimal_text(found.refunded_minor, found.currency),
        currency_code=tables.Payment.currency,
    )
    payer: User | None = one("Who paid; null for somebody at a payment link.", tables.Payment.payer_id)
    refunds: list[Refund] = listed(
        "What went back of it.", tables.Refund.payment_id, order=tables.Refund.requested_at, limit=20
    )
    disputes: list[Dispute] = listed(
        "Whether the payer's bank took it back.", tables.Dispute.payment_id, order=tables.Dispute.opened_at, limit=10
    )


@strawberry.input(description="What to give back.")
class RefundPaymentInput:
    """The input of `refundPayment`."""

    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    amount: str | None = strawberry.field(
        default=None, description="How much, such as `5.00`; all that is left unless given."
    )
    currency_code: str | None = strawberry.field(default=None, description="In what; needed with an amount.")
    reason: RefundReason = strawberry.field(default=RefundReason.REQUESTED, description="Why.")
    note: str = strawberry.field(description="Why, for everybody who reads the books: 1 to 500 characters.")
    idempotency_key: str = strawberry.field(
        description="Made up by you: the same key gives the same refund, however often it is sent."
    )


@strawberry.type(description="The answer to `refundPayment`.")
class RefundPaymentPayload(Payload):
    """The refund."""

    refund: Refund | None = strawberry.field(
        default=None, description="The refund; while the processor is silent it is REQUESTED, and goes out later."
    )
    payment: Payment | None = strawberry.field(default=None, description="What was paid.")


@strawberry.type
class PaymentMutations:
    """Deeds about what was paid."""

    @deed(
        "Give back what was paid, whole or in part; for who runs the platform. Everybody who got a part of it gives their "
        "part back, the platform its fee; who no longer has theirs owes it, and the next earnings pay it.",
        cost=DEAR,
    )
    async def refund_payment(self, info: Info, input: RefundPaymentInput) -> RefundPaymentPayload:
        """Refund."""
        actor, context = info.context.signed_in, info.context
        payment_id = from_wire(Prefix.PAYMENT, input.payment_id, "paymentId")
        asked = refund.Asked(
            payment_id=payment_id,
            amount=input.amount,
            currency=input.currency_code,
            reason=input.reason,
            note=input.note,
            key=input.idempotency_key,
        )
        refund_id = await refund.refund(context.database, context.services, actor, asked)
        return RefundPaymentPayload(refund=ref(Refund, refund_id), payment=ref(Payment, payment_id))


@reads
class PaymentReads:
    """Reads of what was paid."""

    payments: Connection[Payment] = many(
        "What was paid, the latest first: by you, or by everybody if you run the platform.",
        tables.Payment,
        order=tables.Payment.received_at.desc(),
    )
