"""Giving money back: asked for by an operator, sent with the row's key, booked when the processor has taken it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from db.queries import history, payments
from db.session import Database, Tx
from db.tables import Payment
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound, RateLimited, Unavailable
from domain.ids import Prefix, new_id
from domain.jobs import Job, JobKind
from domain.money import Money, parse_money
from domain.payments import RefundReason
from domain.ports import Services
from domain.refunds import MAX_NOTE, RefundState
from domain.texts import clean_text
from resolvers.idempotency import once
from resolvers.patience import DEED_SECONDS, answered_within
from resolvers.payments.booked import find_paid
from resolvers.payments.send_refund import send_refund


@dataclass(frozen=True)
class Asked:
    """A refund, as it was typed.

    Attributes:
        payment_id: Of what.
        amount: How much; None for all that is left.
        currency: In what; needed with an amount.
        reason: Why, for the processor.
        note: Why, for everybody who reads the books.
        key: What the client made up.
    """

    payment_id: UUID
    amount: str | None
    currency: str | None
    reason: RefundReason
    note: str
    key: str


@dataclass(frozen=True)
class Wish:
    """A refund, read and found right; without an amount it is all that is left."""

    payment_id: UUID
    amount: Money | None
    reason: RefundReason
    note: str


async def refund(database: Database, services: Services, actor: Actor, asked: Asked) -> UUID:
    """Give back what was paid, or a part of it. The same key gives the same refund.

    Returns:
        The refund's id. While the processor is silent, or has not enough money, its job goes on.

    Raises:
        Forbidden: The actor is no operator.
        NotFound: There is no such payment.
        InvalidInput: The amount cannot be, or is in another currency.
        Conflict: Less than that is left.
        IdempotencyMismatch: The key came with other input before.
        NotConfigured: This installation takes no cards.
    """
    actor.require_person()
    if Role.OPERATOR not in actor.roles:
        raise Forbidden("Only operators give money back.")
    services.payments.require()
    amount = None if asked.amount is None else parse_money(asked.amount, asked.currency or "")
    wish = Wish(asked.payment_id, amount, asked.reason, clean_text(asked.note, "note", most=MAX_NOTE, lines=True))
    said = {"payment": wish.payment_id, "amount": amount and str(amount), "reason": wish.reason, "note": wish.note}
    async with database.transaction() as tx:
        refund_id = new_id()
        earlier = await once(tx, actor, "refundPayment", asked.key, said, answer_id=refund_id)
        if earlier is None:
            await _write(tx, actor, refund_id, wish)
    # A processor that is silent is asked by the job.
    with suppress(Unavailable, RateLimited):
        async with answered_within(DEED_SECONDS, "Stripe"):
            await send_refund(database, services, earlier or refund_id)
    return earlier or refund_id


async def _write(tx: Tx, actor: Actor, refund_id: UUID, wish: Wish) -> None:
    payment = await payments.lock(tx.session, wish.payment_id)
    if payment is None:
        raise NotFound("There is no such payment.", "paymentId")
    minor = _check(payment, wish.amount, whole=await find_paid(tx, payment) is None)
    await payments.add_refund(tx.session, refund_id, payment, minor, wish.reason, by=actor.user_id, note=wish.note)
    await payments.count_refunded(tx.session, payment.id)
    subject = (Prefix.REFUND.title(), refund_id)
    after = RefundState.REQUESTED
    await history.note(tx.session, subject, before=None, after=after, by=actor.user_id, reason=wish.reason.value)
    await tx.later(Job(JobKind.SEND_REFUND, str(refund_id), {"refundId": str(refund_id)}))


def _check(payment: Payment, amount: Money | None, *, whole: bool) -> int:
    left = Money(payment.amount_minor - payment.refunded_minor, payment.currency)
    if amount is not None and amount.currency is not payment.currency:
        raise InvalidInput(f"This was paid in {payment.currency.value}.", "currencyCode")
    minor = left.minor if amount is None else amount.minor
    if not 0 < minor <= left.minor:
        raise Conflict(f"Only {left} of this can be given back.", "amount")
    if whole and minor != payment.amount_minor:
        raise Conflict("What nobody was paid of goes back whole.", "amount")
    return minor
