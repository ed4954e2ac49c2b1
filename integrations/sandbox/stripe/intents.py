"""Payment intents and the charges that come of them."""

from __future__ import annotations

from typing import Any, Final

from integrations.sandbox.stripe import balance, cards, disputes, events
from integrations.sandbox.stripe.books import Desk, equal, listed, make_id, merge, searched, shown
from integrations.sandbox.stripe.cards import Card
from integrations.sandbox.stripe.refusals import Json, Refused, lacking, unexpected
from integrations.sandbox.stripe.shapes import CHARGE, INTENT, empty_list, make
from integrations.sandbox.stripe.shapes_connect import card_details, outcome

KIND: Final = "payment_intent"
NOUN: Final = "PaymentIntent"
WEEK: Final = 7 * 24 * 60 * 60
OPEN: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
NOT_HERE: Final = ("application_fee_amount", "customer", "on_behalf_of", "transfer_data")
"""What Stripe can and the sandbox does not: better said than passed over."""

TAKEN_OVER: Final = (
    "capture_method",
    "description",
    "payment_method",
    "payment_method_types",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def create(desk: Desk, params: Json) -> Json:
    """Begin a payment, and confirm it if asked to."""
    for name in NOT_HERE:
        if name in params:
            raise Refused(f"The sandbox knows no {name}.", param=name, begun=False)
    balance.check_amount(params["amount"], params["currency"])
    if "payment_method" in params:
        cards.find(params["payment_method"])
    name = make_id("pi")
    intent = make(
        INTENT,
        id=name,
        amount=params["amount"],
        currency=params["currency"],
        created=desk.now(),
        client_secret=f"{name}_secret_{make_id('s')[2:]}",
        **{each: params[each] for each in TAKEN_OVER if each in params},
    )
    if (params.get("automatic_payment_methods") or {}).get("enabled"):
        intent["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
    if intent["payment_method"] is not None:
        intent["status"] = "requires_confirmation"
    merge(intent, params.get("metadata"))
    desk.save(intent)
    events.emit(desk, "payment_intent.created", intent)
    return pay(desk, intent) if params.get("confirm") else intent


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find(KIND, name, "intent")


def update(desk: Desk, params: Json, name: str) -> Json:
    """Change one that is not paid; what is only said of it may be changed always."""
    intent = desk.find(KIND, name, "intent")
    changing = {"amount", "currency", "payment_method", "capture_method"} & set(params)
    if changing and intent["status"] not in OPEN:
        raise unexpected(NOUN, intent["status"], "update")
    merge(intent, params.get("metadata"))
    for each in ("amount", "currency", *TAKEN_OVER):
        intent[each] = params.get(each, intent[each])
    return desk.save(intent)


def list_intents(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all(KIND), "/v1/payment_intents", params, equal(params, "customer"))


def search(desk: Desk, params: Json) -> Json:
    """Find them by metadata or state. Stripe's own search lags behind by up to a minute; this one does not."""
    return searched(desk.all(KIND), "/v1/payment_intents/search", params)


def confirm(desk: Desk, params: Json, name: str) -> Json:
    """Pay."""
    intent = desk.find(KIND, name, "intent")
    if intent["status"] not in OPEN:
        raise unexpected(NOUN, intent["status"], "confirm")
    intent["payment_method"] = params.get("payment_method", intent["payment_method"])
    if intent["payment_method"] is None:
        raise lacking("payment_method")
    cards.find(intent["payment_method"])
    return pay(desk, intent)


def pay(desk: Desk, intent: Json) -> Json:
    """Charge an intent's card.

    Raises:
        Refused: The card is declined; the failed charge and the intent say so as well.
    """
    if intent["payment_method"] is None:
        raise lacking("payment_method")
    card = cards.find(intent["payment_method"])
    held = intent["capture_method"] == "manual"
    charge = _charge(desk, intent, card, captured=not held)
    intent["latest_charge"] = charge["id"]
    if card.decline is not None:
        _decline(desk, intent, charge, card)
    intent["last_payment_error"] = None
    if held:
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        desk.save(intent)
        desk.later(WEEK, "release_hold", intent["id"])
        events.emit(desk, "payment_intent.amount_capturable_updated", intent)
        return intent
    _take(desk, charge, card, intent["amount"])
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    desk.save(intent)
    events.emit(desk, "charge.succeeded", charge)
    events.emit(desk, "payment_intent.succeeded", intent)
    if card.disputed is not None:
        disputes.open_dispute(desk, charge, card.disputed)
    return intent


def _charge(desk: Desk, intent: Json, card: Card, *, captured: bool) -> Json:
    good = card.decline is None
    name = make_id("ch")
    charge = make(
        CHARGE,
        id=name,
        amount=intent["amount"],
        captured=good and captured,
        created=desk.now(),
        currency=intent["currency"],
        description=intent["description"],
        failure_code=card.decline,
        failure_message=card.words or None,
        metadata=dict(intent["metadata"]),
        outcome=outcome(card.reason),
        paid=good,
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        payment_method_details=card_details(intent["amount"]),
        receipt_email=intent["receipt_email"],
        receipt_url=f"{desk.site}/checkout.stripe.com/receipts/{name}" if good else None,
        refunds=empty_list(f"/v1/charges/{name}/refunds"),
        status="succeeded" if good else "failed",
        transfer_group=intent["transfer_group"],
        _transferred=0,
    )
    if not captured:
        charge["payment_method_details"]["card"]["capture_before"] = desk.now() + WEEK
    return desk.save(charge)


def _take(desk: Desk, charge: Json, card: Card, amount: int) -> None:
    """Book what a charge brings in."""
    on = desk.now() if card.immediate else balance.available_on(desk)
    fee = balance.card_fee(amount)
    moved = balance.move(
        desk, "charge", amount, charge["currency"], charge["id"], fee=fee, on=on, description=charge["description"]
    )
    charge |= {"balance_transaction": moved["id"], "captured": True, "amount_captured": amount}
    desk.save(charge)


def _decline(desk: Desk, intent: Json, charge: Json, card: Card) -> None:
    error: dict[str, Any] = {
        "charge": charge["id"],
        "code": card.decline,
        "decline_code": card.reason,
        "message": card.words,
        "type": "card_error",
    }
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
    desk.save(intent)
    events.emit(desk, "charge.failed", charge)
    events.emit(desk, "payment_intent.payment_failed", intent)
    raise Refused(
        card.words,
        status=402,
        code=card.decline,
        kind="card_error",
        charge=charge["id"],
        decline_code=card.reason,
        payment_intent=shown(intent),
    )


def capture(desk: Desk, params: Json, name: str) -> Json:
    """Take what a card holds, or a part; the rest is let go."""
    intent = desk.find(KIND, name, "intent")
    if intent["status"] != "requires_capture":
        raise unexpected(NOUN, intent["status"], "capture")
    amount: int = params["amount_to_capture"] if "amount_to_capture" in params else intent["amount_capturable"]
    if not 1 <= amount <= intent["amount_capturable"]:
        raise Refused("The amount is more than can be captured.", code="amount_too_large", param="amount_to_capture")
    charge = desk.find("charge", intent["latest_charge"])
    _take(desk, charge, cards.find(intent["payment_method"]), amount)
    # The rest was never taken; Stripe shows it as refunded.
    charge["amount_refunded"] = charge["amount"] - amount
    desk.save(charge)
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    merge(intent, params.get("metadata"))
    desk.save(intent)
    events.emit(desk, "charge.captured", charge)
    events.emit(desk, "payment_intent.succeeded", intent)
    return intent


def cancel(desk: Desk, params: Json, name: str) -> Json:
    """Give a payment up; what a card holds is let go."""
    intent = desk.find(KIND, name, "intent")
    if intent["status"] not in OPEN | {"requires_capture"}:
        raise unexpected(NOUN, intent["status"], "cancel")
    return give_up(desk, intent, params.get("cancellation_reason"))


def give_up(desk: Desk, intent: Json, reason: str | None) -> Json:
    """Cancel an intent."""
    if intent["status"] == "requires_capture":
        charge = desk.find("charge", intent["latest_charge"])
        desk.save(charge | {"refunded": True, "amount_refunded": charge["amount"]})
    intent |= {
        "status": "canceled",
        "amount_capturable": 0,
        "canceled_at": desk.now(),
        "cancellation_reason": reason,
    }
    desk.save(intent)
    events.emit(desk, "payment_intent.canceled", intent)
    return intent


# Charges


def retrieve_charge(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find("charge", name, "charge")


def list_charges(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    keep = equal(params, "payment_intent", "transfer_group", "customer")
    return listed(desk.all("charge"), "/v1/charges", params, keep)
