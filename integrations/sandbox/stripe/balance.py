"""Balances and the journal behind them: each movement of money is a balance transaction, and the sums are the balance.

What comes in by card is pending for some days and then available. Fees are 2.9 % and 30 cents of a charge, 15.00 of a
dispute, in whatever currency.
"""

from __future__ import annotations

from typing import Any, Final

from integrations.sandbox.stripe.books import Desk, equal, listed, make_id
from integrations.sandbox.stripe.refusals import Json, Refused

TRANSACTION: Final = "balance_transaction"
SUMS: Final = "stripe_sums"
MATURING: Final = "stripe_maturing"
DAY: Final = 24 * 60 * 60

CATEGORIES: Final = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "adjustment": "dispute",
    "payout": "payout",
    "payout_failure": "payout_reversal",
    "topup": "topup",
    "stripe_fee": "fee",
}
"""Types of transactions and what reports call them."""


def card_fee(amount: int) -> int:
    """What Stripe keeps of a charge."""
    return min(amount, (amount * 29 + 500) // 1000 + 30)


def available_on(desk: Desk) -> int:
    """When a charge of now becomes available: at midnight, some days on."""
    days = desk.registration.stripe_pending_days
    return desk.now() if days == 0 else (desk.now() // DAY + days) * DAY


def move(
    desk: Desk,
    kind: str,
    amount: int,
    currency: str,
    source: str | None,
    *,
    fee: int = 0,
    on: int | None = None,
    description: str | None = None,
) -> Json:
    """Write a movement of this account's money and change its balance; returns the balance transaction.

    Args:
        desk: whose money it is.
        kind: such as `charge`; see `CATEGORIES`.
        amount: what comes in, or less than 0 for what goes.
        currency: in small letters.
        source: the id of what it follows from.
        fee: what Stripe keeps of it.
        on: when it becomes available; now when None.
        description: what it says.
    """
    at = desk.now() if on is None else on
    _add(desk, amount - fee, currency, at)
    return desk.save(
        {
            "id": make_id("txn"),
            "object": TRANSACTION,
            "amount": amount,
            "available_on": at,
            "balance_type": "payments",
            "created": desk.now(),
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": _fees(fee, currency),
            "net": amount - fee,
            "reporting_category": CATEGORIES[kind],
            "source": source,
            "status": "pending" if at > desk.now() else "available",
            "type": kind,
        }
    )


def _fees(fee: int, currency: str) -> list[Json]:
    named = {"application": None, "currency": currency, "description": "Stripe fee", "type": "stripe_fee"}
    return [{"amount": fee, **named}] if fee else []


def _add(desk: Desk, net: int, currency: str, at: int) -> None:
    """Change this account's balance, now or when the time has come."""
    mature(desk)
    pending = at > desk.now()
    sums = read_sums(desk, currency)
    sums["pending" if pending else "available"] += net
    desk.world.put(SUMS, f"{desk.account}:{currency}", sums)
    if pending:
        name = f"{desk.account}:{currency}:{at}"
        waiting = desk.world.get(MATURING, name) or {"account": desk.account, "currency": currency, "on": at, "net": 0}
        desk.world.put(MATURING, name, waiting | {"net": waiting["net"] + net})


def read_sums(desk: Desk, currency: str) -> dict[str, int]:
    """What this account has: `{available, pending}`."""
    return desk.world.get(SUMS, f"{desk.account}:{currency}") or {"available": 0, "pending": 0}


def mature(desk: Desk, *, at_once: bool = False) -> int:
    """Make available whatever's time has come, of all accounts, or everything at once; returns how many sums."""
    count = 0
    for name, waiting in desk.world.all(MATURING).items():
        if waiting["on"] > desk.now() and not at_once:
            continue
        desk.world.delete(MATURING, name)
        theirs = desk.at(waiting["account"])
        sums = read_sums(theirs, waiting["currency"])
        sums["pending"] -= waiting["net"]
        sums["available"] += waiting["net"]
        desk.world.put(SUMS, f"{theirs.account}:{waiting['currency']}", sums)
        if at_once:
            _hasten(theirs, waiting)
        count += 1
    return count


def _hasten(desk: Desk, waiting: Json) -> None:
    for each in desk.all(TRANSACTION):
        if each["available_on"] == waiting["on"] and each["currency"] == waiting["currency"]:
            desk.save(each | {"available_on": desk.now(), "status": "available"})


def retrieve(desk: Desk, params: Json) -> Json:
    """Show the balance."""
    mature(desk)
    prefix = f"{desk.account}:"
    sums = {name.removeprefix(prefix): of for name, of in desk.world.all(SUMS).items() if name.startswith(prefix)}
    sums = sums or {"usd": {"available": 0, "pending": 0}}

    def column(name: str) -> list[Json]:
        return [
            {"amount": of[name], "currency": currency, "source_types": {"card": of[name]}}
            for currency, of in sorted(sums.items())
        ]

    return {
        "object": "balance",
        "available": column("available"),
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in sorted(sums)],
        "livemode": False,
        "pending": column("pending"),
    }


def _fresh(desk: Desk, value: Json) -> Json:
    return value | {"status": "pending" if value["available_on"] > desk.now() else "available"}


def retrieve_transaction(desk: Desk, params: Json, name: str) -> Json:
    """Show one movement."""
    return _fresh(desk, desk.find(TRANSACTION, name))


def list_transactions(desk: Desk, params: Json) -> Json:
    """Show the journal, newest first."""
    page = listed(
        desk.all(TRANSACTION), "/v1/balance_transactions", params, equal(params, "currency", "source", "type")
    )
    return page | {"data": [_fresh(desk, each) for each in page["data"]]}


def check_amount(amount: Any, currency: str) -> None:
    """Check what is to be moved.

    Raises:
        Refused: It is nothing, too much, or no money.
    """
    if not isinstance(amount, int) or amount < 1:
        raise Refused(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > 99_999_999:
        raise Refused("Amount must be no more than 99999999.", code="amount_too_large", param="amount")
    if currency not in CURRENCIES:
        raise Refused(f"Invalid currency: {currency}.", param="currency")


CURRENCIES: Final = frozenset({"eur", "gbp", "ghs", "jpy", "kes", "ngn", "usd", "zar"})
