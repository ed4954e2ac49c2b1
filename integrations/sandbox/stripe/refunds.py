"""Refunds: money back to who paid, out of the platform's balance. They touch no transfer."""

from __future__ import annotations

from typing import Final

from integrations.sandbox.stripe import balance, events
from integrations.sandbox.stripe.books import Desk, equal, listed, make_id, merge
from integrations.sandbox.stripe.refusals import Json, Refused, insufficient, lacking, missing, unexpected
from integrations.sandbox.stripe.shapes import REFUND, make

KIND: Final = "refund"
REASONS: Final = frozenset({"duplicate", "fraudulent", "requested_by_customer"})


def create(desk: Desk, params: Json) -> Json:
    """Give back what was paid, or a part."""
    charge = _find_charge(desk, params)
    if charge["refunded"]:
        raise Refused(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise Refused(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
    if not charge["captured"]:
        raise Refused("This charge is not captured; cancel its PaymentIntent instead.", code="charge_not_refundable")
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if amount < 1:
        raise Refused("This value must be greater than or equal to 1.", param="amount")
    if amount > left:
        raise Refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
            code="amount_too_large",
            param="amount",
        )
    balance.mature(desk)
    if sum(balance.read_sums(desk, charge["currency"]).values()) < amount:
        raise insufficient("refund")
    name = make_id("re")
    moved = balance.move(desk, "refund", -amount, charge["currency"], name, description="REFUND FOR CHARGE")
    refund = make(
        REFUND,
        id=name,
        amount=amount,
        balance_transaction=moved["id"],
        charge=charge["id"],
        created=desk.now(),
        currency=charge["currency"],
        destination_details={"card": {"type": "refund"}, "type": "card"},
        payment_intent=charge["payment_intent"],
        reason=params.get("reason"),
    )
    merge(refund, params.get("metadata"))
    desk.save(refund)
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    charge["refunds"]["data"].insert(0, refund)
    desk.save(charge)
    events.emit(desk, "refund.created", refund)
    events.emit(desk, "charge.refunded", charge, before)
    return refund


def fail(desk: Desk, refund: Json, reason: str = "lost_or_stolen_card") -> Json:
    """Let the payer's bank send it back, as banks do days later: the money is in the balance again."""
    if refund["status"] == "failed":
        raise unexpected("refund", refund["status"], "fail")
    moved = balance.move(desk, "refund_failure", refund["amount"], refund["currency"], refund["id"])
    refund |= {"status": "failed", "failure_balance_transaction": moved["id"], "failure_reason": reason}
    desk.save(refund)
    charge = desk.find("charge", refund["charge"])
    left = charge["amount_refunded"] - refund["amount"]
    desk.save(charge | {"amount_refunded": left, "refunded": False})
    events.emit(desk, "refund.failed", refund)
    return refund


def _find_charge(desk: Desk, params: Json) -> Json:
    if "charge" in params:
        return desk.find("charge", params["charge"], "charge", status=400)
    if "payment_intent" not in params:
        raise lacking("payment_intent")
    intent = desk.find("payment_intent", params["payment_intent"], "payment_intent", status=400)
    if intent["latest_charge"] is None:
        raise Refused(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            code="charge_not_refundable",
        )
    charge = desk.find("charge", intent["latest_charge"])
    if charge["status"] != "succeeded":
        raise missing("successful charge", charge["id"], "payment_intent", status=400)
    return charge


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find(KIND, name, "refund")


def update(desk: Desk, params: Json, name: str) -> Json:
    """Change what is said of one."""
    refund = desk.find(KIND, name, "refund")
    merge(refund, params.get("metadata"))
    return desk.save(refund)


def list_refunds(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all(KIND), "/v1/refunds", params, equal(params, "charge", "payment_intent"))
