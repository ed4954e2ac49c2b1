"""Disputes: a bank takes back what its customer paid, until it is decided who is right."""

from __future__ import annotations

from typing import Final

from integrations.sandbox.stripe import balance, events
from integrations.sandbox.stripe.books import Desk, equal, listed, make_id, merge
from integrations.sandbox.stripe.refusals import Json, Refused
from integrations.sandbox.stripe.shapes import make
from integrations.sandbox.stripe.shapes_connect import DISPUTE

KIND: Final = "dispute"
FEE: Final = 1_500
WEEK: Final = 7 * 24 * 60 * 60
CLOSED: Final = frozenset({"won", "lost"})


def open_dispute(desk: Desk, charge: Json, reason: str, amount: int | None = None) -> Json:
    """Begin one: the money leaves the balance at once, whatever is in it, and a fee with it.

    Raises:
        Refused: The charge cannot be disputed.
    """
    if charge["status"] != "succeeded" or not charge["captured"] or charge["disputed"]:
        raise Refused(f"Charge {charge['id']} cannot be disputed.")
    disputed = charge["amount"] - charge["amount_refunded"] if amount is None else amount
    if not 1 <= disputed <= charge["amount"]:
        raise Refused("That is no amount that could be disputed.", param="amount")
    name = make_id("du")
    taken = balance.move(
        desk, "adjustment", -disputed, charge["currency"], name, fee=FEE, description=f"Chargeback for {charge['id']}"
    )
    dispute = make(
        DISPUTE,
        id=name,
        amount=disputed,
        balance_transactions=[taken],
        charge=charge["id"],
        created=desk.now(),
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        reason=reason,
    )
    dispute["evidence_details"]["due_by"] = desk.now() + WEEK
    desk.save(dispute)
    charge["disputed"] = True
    desk.save(charge)
    events.emit(desk, "charge.dispute.created", dispute)
    events.emit(desk, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(desk: Desk, dispute: Json, status: str) -> Json:
    """End one: `won` gives the money back, `lost` does not; the fee is gone either way.

    Raises:
        Refused: It has ended, or that is no end.
    """
    if dispute["status"] in CLOSED:
        raise Refused("This dispute is already closed.", code="dispute_already_closed")
    if status not in CLOSED:
        raise Refused("A dispute is won or lost.", param="status")
    dispute["status"] = status
    desk.save(dispute)
    events.emit(desk, "charge.dispute.closed", dispute)
    if status == "won":
        given = balance.move(
            desk,
            "adjustment",
            dispute["amount"],
            dispute["currency"],
            dispute["id"],
            description=f"Chargeback reversal for {dispute['charge']}",
        )
        dispute["balance_transactions"].append(given)
        desk.save(dispute)
        events.emit(desk, "charge.dispute.funds_reinstated", dispute)
    return dispute


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find(KIND, name, "dispute")


def update(desk: Desk, params: Json, name: str) -> Json:
    """Send evidence; submitted evidence waits for the bank's word."""
    dispute = desk.find(KIND, name, "dispute")
    if dispute["status"] in CLOSED:
        raise Refused("This dispute is already closed.", code="dispute_already_closed")
    merge(dispute, params.get("metadata"))
    if params.get("evidence"):
        dispute["evidence"] |= params["evidence"]
        dispute["evidence_details"]["has_evidence"] = True
        if params.get("submit", True):
            dispute["evidence_details"]["submission_count"] += 1
            dispute["status"] = "under_review"
    desk.save(dispute)
    events.emit(desk, "charge.dispute.updated", dispute)
    return dispute


def close(desk: Desk, params: Json, name: str) -> Json:
    """Give it up: it is lost."""
    return decide(desk, desk.find(KIND, name, "dispute"), "lost")


def list_disputes(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all(KIND), "/v1/disputes", params, equal(params, "charge", "payment_intent"))
