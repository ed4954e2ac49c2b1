"""Payouts: what an account has, sent to its bank. It takes a day."""

from __future__ import annotations

from typing import Final

from integrations.sandbox.stripe import accounts, balance, events
from integrations.sandbox.stripe.books import PLATFORM, Desk, equal, listed, make_id, merge
from integrations.sandbox.stripe.refusals import Json, Refused, insufficient, unexpected
from integrations.sandbox.stripe.shapes import make
from integrations.sandbox.stripe.shapes_connect import PAYOUT

KIND: Final = "payout"
DAY: Final = 24 * 60 * 60


def create(desk: Desk, params: Json) -> Json:
    """Send money of this account to its bank."""
    amount, currency = params["amount"], params["currency"]
    balance.check_amount(amount, currency)
    bank = None
    if desk.account != PLATFORM:
        account = desk.at(PLATFORM).find("account", desk.account)
        if not account["payouts_enabled"]:
            raise Refused("Cannot create payouts: this account has payouts disabled.", code="payouts_not_allowed")
        bank = account["external_accounts"]["data"][0]["id"]
    balance.mature(desk)
    if balance.read_sums(desk, currency)["available"] < amount:
        raise insufficient("payout")
    name = make_id("po")
    moved = balance.move(desk, "payout", -amount, currency, name, description="STRIPE PAYOUT")
    payout = make(
        PAYOUT,
        id=name,
        amount=amount,
        arrival_date=desk.now() + DAY,
        balance_transaction=moved["id"],
        created=desk.now(),
        currency=currency,
        description=params.get("description"),
        destination=bank,
        method=params.get("method", "standard"),
    )
    merge(payout, params.get("metadata"))
    desk.save(payout)
    desk.later(DAY, "pay_out", name)
    events.emit(desk, "payout.created", payout)
    return payout


def arrive(desk: Desk, payout: Json) -> Json:
    """Let it arrive."""
    _check_pending(payout, "pay")
    payout["status"] = "paid"
    desk.save(payout)
    events.emit(desk, "payout.paid", payout)
    return payout


def fail(desk: Desk, payout: Json, code: str = "account_closed") -> Json:
    """Let the bank send it back."""
    if payout["status"] not in {"pending", "paid"}:
        raise unexpected("payout", payout["status"], "fail")
    moved = balance.move(desk, "payout_failure", payout["amount"], payout["currency"], payout["id"])
    payout |= {
        "status": "failed",
        "failure_balance_transaction": moved["id"],
        "failure_code": code,
        "failure_message": "The bank account has been closed.",
    }
    desk.save(payout)
    events.emit(desk, "payout.failed", payout)
    if desk.account != PLATFORM:
        accounts.lose_bank(desk, desk.at(PLATFORM).find("account", desk.account))
    return payout


def cancel(desk: Desk, params: Json, name: str) -> Json:
    """Call it back before it has left."""
    payout = desk.find(KIND, name, "payout")
    _check_pending(payout, "cancel")
    balance.move(desk, "payout_failure", payout["amount"], payout["currency"], payout["id"])
    payout["status"] = "canceled"
    desk.save(payout)
    events.emit(desk, "payout.canceled", payout)
    return payout


def _check_pending(payout: Json, deed: str) -> None:
    if payout["status"] != "pending":
        raise unexpected("payout", payout["status"], deed)


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find(KIND, name, "payout")


def list_payouts(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all(KIND), "/v1/payouts", params, equal(params, "status", "destination"))
