"""Checkout sessions: a page of Stripe's on which somebody pays, until it expires."""

from __future__ import annotations

import secrets
from typing import Any, Final

from integrations.sandbox.stripe import catalogue, events, intents
from integrations.sandbox.stripe.books import Desk, equal, listed, make_id, merge
from integrations.sandbox.stripe.refusals import Json, Refused, lacking
from integrations.sandbox.stripe.shapes import SESSION, empty_list, make
from integrations.sandbox.stripe.shapes_connect import customer

KIND: Final = "checkout.session"
HALF_HOUR: Final = 30 * 60
DAY: Final = 24 * 60 * 60
INTENT_FIELDS: Final = frozenset(
    {
        "capture_method",
        "description",
        "metadata",
        "receipt_email",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    }
)


def create(desk: Desk, params: Json) -> Json:
    """Open a page to pay at."""
    if params.get("mode") != "payment":
        raise lacking("mode") if "mode" not in params else Refused("The sandbox knows payments only.", param="mode")
    hosted = params.get("ui_mode", "hosted_page") == "hosted_page"
    if hosted and "success_url" not in params:
        raise lacking("success_url")
    expires_at = params.get("expires_at", desk.now() + DAY)
    # A little less than half an hour is let through, as by Stripe: the question was on its way.
    if not HALF_HOUR - 60 <= expires_at - desk.now() <= DAY + 60:
        raise Refused(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    data = params.get("payment_intent_data") or {}
    if strange := sorted(set(data) - INTENT_FIELDS):
        raise Refused(f"The sandbox knows no {strange[0]}.", param=f"payment_intent_data[{strange[0]}]")
    items = catalogue.read_items(desk, params.get("line_items") or [])
    return begin(desk, items, params, hosted=hosted, expires_at=expires_at)


def begin(desk: Desk, items: list[Json], params: Json, *, hosted: bool, expires_at: int) -> Json:
    """Make a session."""
    name = make_id("cs_test", 58)
    total = sum(each["amount_total"] for each in items)
    session = make(
        SESSION,
        id=name,
        amount_subtotal=total,
        amount_total=total,
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        client_secret=None if hosted else f"{name}_secret_{secrets.token_hex(16)}",
        created=desk.now(),
        currency=items[0]["currency"],
        customer_email=params.get("customer_email"),
        expires_at=expires_at,
        line_items=empty_list(f"/v1/checkout/sessions/{name}/line_items") | {"data": items},
        success_url=params.get("success_url"),
        ui_mode=params.get("ui_mode", "hosted_page"),
        url=f"{desk.site}/checkout.stripe.com/c/pay/{name}" if hosted else None,
        payment_link=params.get("payment_link"),
        _intent_data=params.get("payment_intent_data") or {},
    )
    merge(session, params.get("metadata"))
    desk.save(session)
    desk.later(expires_at - desk.now(), "expire_session", name)
    return catalogue.without_items(session)


def look(desk: Desk, name: str) -> Json:
    """Find a session; one whose time has passed has expired.

    Raises:
        Refused: It is not there.
    """
    session = desk.find(KIND, name, "session")
    if session["status"] == "open" and session["expires_at"] <= desk.now():
        _end(desk, session)
    return session


def _end(desk: Desk, session: Json) -> None:
    session |= {"status": "expired", "url": None, "client_secret": None}
    desk.save(session)
    events.emit(desk, "checkout.session.expired", catalogue.without_items(session))


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return catalogue.without_items(look(desk, name))


def update(desk: Desk, params: Json, name: str) -> Json:
    """Change what is said of one."""
    session = look(desk, name)
    merge(session, params.get("metadata"))
    return catalogue.without_items(desk.save(session))


def expire(desk: Desk, params: Json, name: str) -> Json:
    """Close one before its time, so that nobody pays any more."""
    session = look(desk, name)
    if session["status"] != "open":
        raise Refused(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}.",
        )
    _end(desk, session)
    return catalogue.without_items(session)


def list_sessions(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    found = [look(desk, each["id"]) for each in desk.all(KIND)]
    page = listed(found, "/v1/checkout/sessions", params, equal(params, "payment_intent", "payment_link", "status"))
    return page | {"data": [catalogue.without_items(each) for each in page["data"]]}


def list_items(desk: Desk, params: Json, name: str) -> Json:
    """Show what a session sells."""
    return dict(look(desk, name)["line_items"])


def pay(desk: Desk, name: str, method: str, email: str | None = None) -> Json:
    """Pay at a session with a card of tests; a declined card leaves it open.

    Raises:
        Refused: The card is declined, or the session is not open.
    """
    session = look(desk, name)
    if session["status"] != "open":
        raise Refused(f"This Checkout Session is {session['status']}.", code="checkout_session_not_open")
    intent = _find_intent(desk, session)
    intent["payment_method"] = method
    paid = intents.pay(desk, intent)
    email = email or session["customer_email"] or "payer@stripe.example"
    session |= {
        "client_secret": None,
        "customer_details": customer(email),
        "payment_status": "paid" if paid["status"] == "succeeded" else "unpaid",
        "status": "complete",
        "url": None,
    }
    desk.save(session)
    if session["payment_link"] is not None:
        _count(desk, session["payment_link"])
    events.emit(desk, "checkout.session.completed", catalogue.without_items(session))
    return session


def _find_intent(desk: Desk, session: Json) -> Json:
    """The session's intent; it is made when somebody begins to pay."""
    if session["payment_intent"] is not None:
        return desk.find("payment_intent", session["payment_intent"])
    asked: dict[str, Any] = {"amount": session["amount_total"], "currency": session["currency"]}
    intent = intents.create(desk, asked | session["_intent_data"])
    session["payment_intent"] = intent["id"]
    desk.save(session)
    return intent


def _count(desk: Desk, name: str) -> None:
    link = desk.find("payment_link", name)
    if link["restrictions"] is None:
        return
    completed = link["restrictions"]["completed_sessions"]
    completed["count"] += 1
    if completed["count"] >= completed["limit"]:
        link["active"] = False
    desk.save(link)


def visit_link(desk: Desk, name: str) -> Json:
    """Begin a session as somebody who opens a payment link; the link's metadata becomes the session's alone.

    Raises:
        Refused: The link does not take payments any more.
    """
    link = desk.find("payment_link", name)
    if not link["active"]:
        raise Refused("This link is no longer active.", code="payment_link_inactive")
    data = {field: value for field, value in (link["payment_intent_data"] or {}).items() if value}
    params = {"metadata": link["metadata"], "payment_intent_data": data, "payment_link": name}
    after = link["after_completion"]
    if after["type"] == "redirect":
        params["success_url"] = after["redirect"]["url"]
    return begin(desk, link["line_items"]["data"], params, hosted=True, expires_at=desk.now() + DAY)
