"""Stripe's objects, read into what the platform speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import orjson

from domain.errors import InvalidInput, Unavailable
from domain.money import Currency, Money
from domain.movements import Cost, Movement
from domain.payments import (
    Checkout,
    CheckoutStatus,
    Dispute,
    DisputeStatus,
    PayeeAccount,
    PayLink,
    Payment,
    PaymentEvent,
    PaymentStatus,
    Refund,
    RefundStatus,
    Reversal,
    Transfer,
)
from integrations.json_objects import JsonObject

VENDOR: Final = "Stripe"
REFERENCE: Final = "reference"
"""Under which name of its metadata a thing carries our own name for it."""

PAYMENTS: Final = {
    "requires_payment_method": PaymentStatus.OPEN,
    "requires_confirmation": PaymentStatus.OPEN,
    "requires_action": PaymentStatus.OPEN,
    "processing": PaymentStatus.OPEN,
    "requires_capture": PaymentStatus.HELD,
    "succeeded": PaymentStatus.SUCCEEDED,
    "canceled": PaymentStatus.CANCELED,
}
REFUNDS: Final = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}
DISPUTES: Final = {"won": DisputeStatus.WON, "lost": DisputeStatus.LOST, "warning_closed": DisputeStatus.WON}
"""The other states of disputes are steps on the way."""


def unknown() -> Unavailable:
    """Make the refusal of an answer that holds what we do not know."""
    return Unavailable(f"{VENDOR}'s answer cannot be understood; try again later.")


def read_currency(found: JsonObject) -> Currency:
    """Read in what a thing is counted.

    Raises:
        Unavailable: In nothing that we know.
    """
    try:
        return Currency(found.text("currency").upper())
    except ValueError:
        raise unknown() from None


def read_money(found: JsonObject, name: str) -> Money:
    """Read a sum: Stripe counts in the same minor units as we do."""
    return Money(found.whole(name), read_currency(found))


def read_time(found: JsonObject, name: str) -> datetime:
    """Read a moment.

    Raises:
        Unavailable: It is none.
    """
    try:
        return datetime.fromtimestamp(found.whole(name), UTC)
    except (OverflowError, OSError, ValueError):
        raise unknown() from None


def read_reference(found: JsonObject) -> str | None:
    """Read our own name for a thing."""
    metadata = found.maybe_part("metadata")
    return metadata.maybe_text(REFERENCE) if metadata is not None else None


def read_checkout(found: JsonObject) -> Checkout:
    """Read a Checkout Session."""
    paid = found.text("payment_status") in {"paid", "no_payment_required"}
    status = {
        "open": CheckoutStatus.OPEN,
        "complete": CheckoutStatus.PAID if paid else CheckoutStatus.COMPLETE,
        "expired": CheckoutStatus.EXPIRED,
    }.get(found.text("status"))
    if status is None:
        raise unknown()
    return Checkout(
        id=found.text("id"),
        status=status,
        url=found.maybe_text("url"),
        client_secret=found.maybe_text("client_secret"),
        expires_at=read_time(found, "expires_at"),
        amount=read_money(found, "amount_total"),
        reference=found.maybe_text("client_reference_id") or read_reference(found),
        payment_id=found.maybe_text("payment_intent"),
    )


def read_costs(movements: Iterable[JsonObject]) -> tuple[Cost, ...]:
    """Read what Stripe kept of balance transactions; those of which it kept nothing are left out."""
    return tuple(Cost(each.text("id"), read_money(each, "fee")) for each in movements if each.whole("fee"))


def read_payment(found: JsonObject) -> Payment:
    """Read a PaymentIntent, with its latest charge as a name or whole."""
    status = PAYMENTS.get(found.text("status"))
    if status is None:
        raise unknown()
    charge = found.part_or_text("latest_charge")
    moved = None if charge is None or isinstance(charge, str) else charge.part_or_text("balance_transaction")
    return Payment(
        id=found.text("id"),
        status=status,
        amount=read_money(found, "amount"),
        received=read_money(found, "amount_received"),
        charge_id=charge.text("id") if isinstance(charge, JsonObject) else charge,
        group=found.maybe_text("transfer_group"),
        reference=read_reference(found),
        costs=read_costs([moved]) if isinstance(moved, JsonObject) else (),
    )


def read_refund(found: JsonObject) -> Refund:
    """Read a refund."""
    status = REFUNDS.get(found.text("status"))
    if status is None:
        raise unknown()
    return Refund(
        id=found.text("id"),
        status=status,
        amount=read_money(found, "amount"),
        payment_id=found.maybe_text("payment_intent"),
        reference=read_reference(found),
    )


def read_transfer(found: JsonObject) -> Transfer:
    """Read a transfer."""
    return Transfer(
        id=found.text("id"),
        account_id=found.text("destination"),
        amount=read_money(found, "amount"),
        returned=read_money(found, "amount_reversed"),
        group=found.maybe_text("transfer_group"),
        reference=read_reference(found),
        charge_id=found.maybe_text("source_transaction"),
    )


def read_reversal(found: JsonObject) -> Reversal:
    """Read a reversal."""
    return Reversal(
        id=found.text("id"),
        transfer_id=found.text("transfer"),
        amount=read_money(found, "amount"),
        reference=read_reference(found),
    )


def read_account(found: JsonObject) -> PayeeAccount:
    """Read a connected account."""
    capabilities, requirements = found.maybe_part("capabilities"), found.maybe_part("requirements")
    return PayeeAccount(
        id=found.text("id"),
        transfers_enabled=capabilities is not None and capabilities.maybe_text("transfers") == "active",
        payouts_enabled=found.flag("payouts_enabled"),
        details_submitted=found.flag("details_submitted"),
        requirements_due=() if requirements is None else requirements.texts("currently_due"),
        disabled_reason=None if requirements is None else requirements.maybe_text("disabled_reason"),
    )


def read_funds(found: JsonObject, currency: Currency) -> Money:
    """Read what is available in a balance."""
    columns = [each for each in found.parts("available") if each.text("currency").upper() == currency]
    return Money(max(0, sum(each.whole("amount") for each in columns)), currency)


def read_link(found: JsonObject) -> PayLink:
    """Read a payment link."""
    return PayLink(id=found.text("id"), url=found.text("url"), active=found.flag("active"))


def read_dispute(found: JsonObject) -> Dispute:
    """Read a dispute."""
    return Dispute(
        id=found.text("id"),
        status=DISPUTES.get(found.text("status"), DisputeStatus.OPEN),
        amount=read_money(found, "amount"),
        payment_id=found.maybe_text("payment_intent"),
        charge_id=found.text("charge"),
        reason=found.text("reason"),
        costs=read_costs(found.parts("balance_transactions")),
    )


def read_movement(found: JsonObject) -> Movement:
    """Read a balance transaction."""
    return Movement(
        id=found.text("id"),
        kind=found.text("type"),
        amount=read_money(found, "amount"),
        fee=read_money(found, "fee"),
        source_id=found.maybe_text("source"),
        occurred_at=read_time(found, "created"),
        available_at=read_time(found, "available_on"),
    )


def read_event(content: bytes) -> PaymentEvent:
    """Read an event whose signature holds.

    Raises:
        InvalidInput: It is none.
    """
    try:
        value = orjson.loads(content)
        if not isinstance(value, dict) or value.get("object") != "event":
            raise InvalidInput("This is no event of Stripe's.")
        found = JsonObject(VENDOR, value)
        subject = found.part("data").part("object")
        return PaymentEvent(
            id=found.text("id"),
            kind=found.text("type"),
            occurred_at=read_time(found, "created"),
            account_id=found.maybe_text("account"),
            subject_kind=subject.text("object"),
            # A few kinds, such as a balance, have no id.
            subject_id=subject.maybe_text("id") or "",
        )
    except (orjson.JSONDecodeError, Unavailable):
        raise InvalidInput("This is no event of Stripe's.") from None
