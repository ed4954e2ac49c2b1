"""Transfers: money of the platform's to a connected account, and back by reversals."""

from __future__ import annotations

from typing import Final

from integrations.sandbox.stripe import balance, events
from integrations.sandbox.stripe.books import PLATFORM, Desk, equal, listed, make_id, merge
from integrations.sandbox.stripe.refusals import Json, Refused, insufficient, missing
from integrations.sandbox.stripe.shapes import CHARGE, REFUND, empty_list, make
from integrations.sandbox.stripe.shapes_connect import REVERSAL, TRANSFER, outcome

KIND: Final = "transfer"


def create(desk: Desk, params: Json) -> Json:
    """Send money to a connected account.

    Of a charge (`source_transaction`) it may be what is pending still, in sum no more than the charge; otherwise it is
    what is available now.
    """
    if desk.account != PLATFORM:
        raise Refused("A connected account cannot make transfers.", status=403, kind="invalid_request_error")
    amount, currency = params.get("amount"), params["currency"]
    balance.check_amount(amount, currency)
    destination = _find_destination(desk, params["destination"])
    source = None
    if "source_transaction" in params:
        source = _find_source(desk, params["source_transaction"], int(amount or 0), currency)
    balance.mature(desk)
    if source is None and balance.read_sums(desk, currency)["available"] < int(amount or 0):
        raise insufficient("transfer")
    transfer = make(
        TRANSFER,
        id=make_id("tr"),
        amount=amount,
        created=desk.now(),
        currency=currency,
        description=params.get("description"),
        destination=destination["id"],
        source_transaction=source and source["id"],
        transfer_group=_group(desk, params.get("transfer_group"), source),
    )
    transfer["reversals"] = empty_list(f"/v1/transfers/{transfer['id']}/reversals")
    merge(transfer, params.get("metadata"))
    on = (
        None
        if source is None
        else balance.retrieve_transaction(desk, {}, source["balance_transaction"])["available_on"]
    )
    _move(desk, transfer, on)
    desk.save(transfer)
    events.emit(desk, "transfer.created", transfer)
    return transfer


def _find_destination(desk: Desk, name: str) -> Json:
    found = desk.look(name)
    if found is None or found["object"] != "account":
        raise missing("destination", name, "destination", status=400)
    if found["capabilities"].get("transfers") != "active":
        raise Refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return found


def _find_source(desk: Desk, name: str, amount: int, currency: str) -> Json:
    charge = desk.look(name)
    if charge is None or charge["object"] != "charge":
        raise missing("charge", name, "source_transaction", status=400)
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise Refused("The source_transaction is not a captured charge.", param="source_transaction")
    if charge["currency"] != currency:
        raise Refused("The currency of source_transaction's balance transaction is another.", param="currency")
    left = charge["amount_captured"] - charge["_transferred"]
    if amount > left:
        raise Refused(
            "Cannot use source_transaction with an amount greater than the charge's amount that is left: "
            f"{amount} is more than {left}.",
            code="amount_too_large" if amount > charge["amount"] else "balance_insufficient",
            param="amount",
        )
    charge["_transferred"] += amount
    return desk.save(charge)


def _group(desk: Desk, asked: str | None, source: Json | None) -> str | None:
    if source is None or asked is not None:
        return asked
    if source["transfer_group"] is None:
        source["transfer_group"] = f"group_{source['id']}"
        desk.save(source)
    return str(source["transfer_group"])


def _move(desk: Desk, transfer: Json, on: int | None) -> None:
    theirs = desk.at(transfer["destination"])
    name, amount, currency = make_id("py"), transfer["amount"], transfer["currency"]
    out = balance.move(desk, "transfer", -amount, currency, transfer["id"], on=on)
    into = balance.move(theirs, "payment", amount, currency, name, on=on)
    payment = make(
        CHARGE,
        id=name,
        amount=amount,
        amount_captured=amount,
        balance_transaction=into["id"],
        captured=True,
        created=desk.now(),
        currency=currency,
        outcome=outcome(None),
        paid=True,
        payment_method_details={"stripe_account": {}, "type": "stripe_account"},
        refunds=empty_list(f"/v1/charges/{name}/refunds"),
        source_transfer=transfer["id"],
        _transferred=0,
    )
    theirs.save(payment)
    transfer |= {"balance_transaction": out["id"], "destination_payment": name}


def retrieve(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find(KIND, name, "transfer")


def update(desk: Desk, params: Json, name: str) -> Json:
    """Change what is said of one."""
    transfer = desk.find(KIND, name, "transfer")
    merge(transfer, params.get("metadata"))
    transfer["description"] = params.get("description", transfer["description"])
    desk.save(transfer)
    events.emit(desk, "transfer.updated", transfer)
    return transfer


def list_transfers(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all(KIND), "/v1/transfers", params, equal(params, "destination", "transfer_group"))


# Reversals


def reverse(desk: Desk, params: Json, name: str) -> Json:
    """Take back what was sent, or a part, as far as the connected account has it."""
    transfer = desk.find(KIND, name, "transfer")
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = params.get("amount", left)
    if not 1 <= amount <= left:
        raise Refused(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left}).",
            code="amount_too_large",
            param="amount",
        )
    theirs, currency = desk.at(transfer["destination"]), transfer["currency"]
    balance.mature(desk)
    if sum(balance.read_sums(theirs, currency).values()) < amount:
        raise insufficient("reversal")
    reversal = make(
        REVERSAL, id=make_id("trr"), amount=amount, created=desk.now(), currency=currency, transfer=transfer["id"]
    )
    merge(reversal, params.get("metadata"))
    returned = make(REFUND, id=make_id("pyr"), amount=amount, created=desk.now(), currency=currency)
    out = balance.move(theirs, "payment_refund", -amount, currency, returned["id"])
    theirs.save(returned | {"charge": transfer["destination_payment"], "balance_transaction": out["id"]})
    into = balance.move(desk, "transfer_refund", amount, currency, reversal["id"])
    reversal |= {"balance_transaction": into["id"], "destination_payment_refund": returned["id"]}
    desk.save(reversal)
    _note_reversal(desk, transfer, reversal)
    return reversal


def _note_reversal(desk: Desk, transfer: Json, reversal: Json) -> None:
    transfer["amount_reversed"] += reversal["amount"]
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    desk.save(transfer)
    if transfer["source_transaction"] is not None:
        charge = desk.find("charge", transfer["source_transaction"])
        desk.save(charge | {"_transferred": charge["_transferred"] - reversal["amount"]})
    events.emit(desk, "transfer.reversed", transfer)


def retrieve_reversal(desk: Desk, params: Json, transfer: str, name: str) -> Json:
    """Show one."""
    found = desk.find("transfer_reversal", name)
    if found["transfer"] != transfer:
        raise missing("transfer reversal", name)
    return found


def list_reversals(desk: Desk, params: Json, name: str) -> Json:
    """Show those of a transfer, newest first."""
    desk.find(KIND, name, "transfer")
    found = [each for each in desk.all("transfer_reversal") if each["transfer"] == name]
    return listed(found, f"/v1/transfers/{name}/reversals", params)
