"""Rows of payments for tests that only look at them."""

from sqlalchemy import insert, text

from db import tables
from domain.ids import new_id, to_wire


async def pay(database, owner, friend, room):
    """A tip that the owner gave, with its checkout, what was paid and what went back; and a payment link of theirs."""
    keys = {name: new_id() for name in ("Checkout", "Tip", "PaymentLink", "Hold", "Payment", "Refund")}
    sum_ = {"currency": "USD", "amount_minor": 500}
    paid = {"status": "PAID", "paid_at": text("now()")}
    checkout = {"payer_id": owner.id, "subject_type": "Tip", "subject_id": keys["Tip"], "vendor": "STRIPE", **paid}
    checkout |= {"description": "Canary tip", "return_to": "https://app.example", "expires_at": text("now()")}
    tip = {"broadcast_id": room.id, "sender_id": owner.id, "curator_id": friend.id, "checkout_id": keys["Checkout"]}
    tip |= {"fee_basis_points": 500, "note": "Canary thanks", **paid}
    link = {"owner_id": owner.id, "title": "Canary link", "fee_basis_points": 500, "vendor": "STRIPE"}
    link |= {"vendor_id": "plink_canary", "url": "https://canary.example"}
    held = {"subject_type": "Checkout", "subject_id": keys["Checkout"]}
    payment = {"vendor": "STRIPE", "vendor_id": "pi_canary", "checkout_id": keys["Checkout"], "payer_id": owner.id}
    payment |= {"hold_id": keys["Hold"]}
    refund = {"payment_id": keys["Payment"], "reason": "REQUESTED", "note": "Canary refund"}
    dispute = {"payment_id": keys["Payment"], "vendor_id": "du_canary", "status": "OPEN", "reason": "fraudulent"}
    split = {"payment_link_id": keys["PaymentLink"], "place": 0, "recipient_id": owner.id, "parts": 300_000}
    rows = (
        *((tables.Checkout, "Checkout", checkout), (tables.Tip, "Tip", tip), (tables.PaymentLink, "PaymentLink", link)),
        *((tables.Hold, "Hold", held), (tables.Payment, "Payment", payment), (tables.Refund, "Refund", refund)),
    )
    async with database.transaction() as tx:
        for table, name, row in rows:
            await tx.session.execute(insert(table).values(id=keys[name], **sum_, **row))
        await tx.session.execute(insert(tables.Dispute).values(id=new_id(), **sum_, **dispute))
        await tx.session.execute(insert(tables.Split).values(id=new_id(), **split))
    prefixes = {"PaymentLink": "link"}
    return {name: to_wire(prefixes.get(name, name.lower()), key) for name, key in keys.items() if name != "Hold"}
