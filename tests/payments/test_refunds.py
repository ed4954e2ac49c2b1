"""Money that goes back: by an operator, from Stripe's own desk, and when a bank disputes it."""

import pytest

from db import tables
from domain.jobs import JobKind
from domain.ledger import Occasion
from domain.money import AccountKind, Currency, Money
from resolvers.ledger import payouts
from tests.payments.conftest import REFUND, ROOM


@pytest.fixture
async def paid(till, room, kofi):
    """A tip of 10.00 whose money is here; Stripe has enough for refunds."""
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    tip = await till.tip(kofi, room, "10.00")
    await till.pay(tip["checkout"]["url"])
    assert await till.of(room.curator) == 950
    return tip


async def spend(till, person, minor):
    """Let somebody have their money paid out, all the way."""
    async with till.database.transaction() as tx:
        about = Occasion("Payout", subject=("Payout", person.id))
        claimed = await payouts.claim(tx, person.id, Money(minor, Currency.USD), occasion=about)
    async with till.database.transaction() as tx:
        await payouts.settle(tx, claimed.entry_id, occasion=about)


async def tip_total(till, room):
    seen = await till.api()(ROOM, id=room.wire, messages=1, listeners=1, tracks=1)
    return [total["amount"] for total in seen["broadcast"]["tipTotal"]]


async def test_a_part_and_then_the_rest(till, room, kofi, operator, paid):
    payment = await till.payment(kofi, paid)
    given = await till.refund(operator, payment["id"], amount="4.00", currencyCode="USD")
    assert (given["refund"]["status"], given["payment"]["refunded"]["amount"]) == ("SENT", "4.00")
    await till.settle()
    assert (await till.of(room.curator), await tip_total(till, room)) == (570, ["6.00"])
    await till.refund(operator, payment["id"])
    await till.settle()
    assert (await till.of(room.curator), await tip_total(till, room)) == (0, [])
    after = await till.checkout(kofi, paid["checkout"]["id"])
    assert (after["status"], after["subject"]["tipStatus"]) == ("PAID", "REFUNDED")
    assert [refund["amount"] for refund in await till.all_at_stripe("refund")] == [400, 600]
    error = await till.api(operator).refused(
        REFUND, paymentId=payment["id"], note="Again", idempotencyKey="more", amount="0.01", currencyCode="USD"
    )
    assert (error["code"], error["field"]) == ("CONFLICT", ["amount"])


async def test_what_was_paid_out_is_owed_and_recovered(till, room, kofi, operator, paid, make):
    await spend(till, room.curator, 950)
    await till.refund(operator, (await till.payment(kofi, paid))["id"])
    await till.settle()
    assert await till.of(room.curator, AccountKind.RECEIVABLE) == -950
    again = await till.tip(kofi, room, "20.00")
    await till.pay(again["checkout"]["url"])
    assert (await till.of(room.curator, AccountKind.RECEIVABLE), await till.of(room.curator)) == (0, 950)


async def test_one_begun_at_stripe_is_booked(till, room, kofi, paid, services):
    (intent,) = await till.all_at_stripe("payment_intent")
    await services.payments.refund("by hand", intent["id"], Money(300, Currency.USD), "REQUESTED")
    await till.settle()
    assert await till.of(room.curator) == 665
    assert (await till.payment(kofi, paid))["refunded"]["amount"] == "3.00"


async def test_a_lost_answer_is_one_refund(till, room, kofi, operator, paid, sandbox):
    fault = {"host": "api.stripe.com", "path": "/v1/refunds", "method": "POST", "times": 1}
    await till.stripe("POST", "/delivery", json={"copies": 0})
    await sandbox.fault(kind="drop_after_effect", **fault)
    given = await till.refund(operator, (await till.payment(kofi, paid))["id"], idempotencyKey="lost")
    assert given["refund"]["status"] == "REQUESTED"
    await till.settle()
    assert len(await till.all_at_stripe("refund")) == 1
    assert (await till.of(room.curator), [row.status for row in await till.rows(tables.Refund)]) == (0, ["SENT"])


async def test_not_enough_at_stripe_is_tried_again_under_another_key(till, room, kofi, operator):
    tip = await till.tip(kofi, room, "10.00")
    await till.pay(tip["checkout"]["url"])
    given = await till.refund(operator, (await till.payment(kofi, tip))["id"])
    assert (given["refund"]["status"], given["refund"]["failureCode"]) == ("REQUESTED", "balance_insufficient")
    assert await till.of(room.curator) == 950
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    await till.ring(JobKind.SEND_REFUND)
    await till.settle()
    assert (await till.of(room.curator), len(await till.all_at_stripe("refund"))) == (0, 1)


async def test_one_that_comes_back_is_given_again(till, room, kofi, operator, paid, database, services):
    await till.refund(operator, (await till.payment(kofi, paid))["id"])
    await till.settle()
    (refund,) = await till.all_at_stripe("refund")
    found = await services.payments.list_refunds(refund["payment_intent"])
    assert await till.of(room.curator) == 0
    await till.fail_refund(found[0])
    assert await till.of(room.curator) == 950
    after = await till.checkout(kofi, paid["checkout"]["id"])
    assert (after["subject"]["tipStatus"], after["payments"][0]["refunded"]["amount"]) == ("PAID", "0.00")
    assert await tip_total(till, room) == ["10.00"]


@pytest.mark.parametrize("decided", ["won", "lost"])
async def test_a_dispute_withholds_and_is_decided(till, room, kofi, paid, decided):
    (charge,) = await till.all_at_stripe("charge")
    dispute = await till.stripe("POST", f"/charges/{charge['id']}/dispute", json={})
    await till.settle()
    assert (await till.of(room.curator), await till.of(room.curator, AccountKind.WITHHELD)) == (0, 950)
    await till.stripe("POST", f"/disputes/{dispute['id']}/{decided}", json={})
    await till.settle()
    had = (await till.of(room.curator), await till.of(room.curator, AccountKind.WITHHELD))
    assert had == ((950, 0) if decided == "won" else (0, 0))
    assert (await till.payment(kofi, paid))["disputes"] == [{"status": decided.upper(), "reason": "fraudulent"}]
    assert await tip_total(till, room) == (["10.00"] if decided == "won" else [])


async def test_a_dispute_after_the_payout_is_owed(till, room, kofi, paid):
    await spend(till, room.curator, 950)
    (charge,) = await till.all_at_stripe("charge")
    dispute = await till.stripe("POST", f"/charges/{charge['id']}/dispute", json={"amount": 500})
    await till.stripe("POST", f"/disputes/{dispute['id']}/lost", json={})
    await till.settle()
    assert await till.of(room.curator, AccountKind.RECEIVABLE) == -475


async def test_a_dispute_that_is_heard_of_before_the_payment(till, room, kofi, database):
    await till.stripe("POST", "/delivery", json={"hold": True})
    tip = await till.tip(kofi, room, "10.00")
    await till.decide(tip["checkout"]["url"])
    (charge,) = await till.all_at_stripe("charge")
    dispute = await till.stripe("POST", f"/charges/{charge['id']}/dispute", json={})
    await till.stripe("POST", f"/disputes/{dispute['id']}/lost", json={})
    await till.stripe("POST", "/release", json={"order": "reverse"})
    await till.settle()
    assert (await till.of(room.curator), await till.of(room.curator, AccountKind.WITHHELD)) == (0, 0)
    assert (await till.payment(kofi, tip))["disputes"][0]["status"] == "LOST"


async def test_only_operators_give_back(till, room, kofi, operator, paid, api):
    payment = await till.payment(kofi, paid)
    given = {"paymentId": payment["id"], "note": "Mine", "idempotencyKey": "k"}
    for person in (kofi, room.curator):
        assert (await api(person).refused(REFUND, **given))["code"] == "FORBIDDEN"
    listed = "{ payments(first: 5) { nodes { id } } }"
    assert (await api(operator)(listed))["payments"]["nodes"] == [{"id": payment["id"]}]
    assert (await api(kofi)(listed))["payments"]["nodes"] == [{"id": payment["id"]}]
    assert (await api(room.curator)(listed))["payments"]["nodes"] == []
    assert await till.rows(tables.Refund) == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"amount": "0", "currencyCode": "USD"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "-1", "currencyCode": "USD"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "1.001", "currencyCode": "USD"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "92233720368547758.08", "currencyCode": "USD"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "1.00", "currencyCode": "XYZ"}, "INVALID_INPUT", ["currencyCode"]),
        ({"amount": "1.00", "currencyCode": "EUR"}, "INVALID_INPUT", ["currencyCode"]),
        ({"amount": "1.00"}, "INVALID_INPUT", ["currencyCode"]),
        ({"amount": "10.01", "currencyCode": "USD"}, "CONFLICT", ["amount"]),
        ({"note": ""}, "INVALID_INPUT", ["note"]),
        ({"paymentId": "payment_01900000-0000-7000-8000-000000000000"}, "NOT_FOUND", ["paymentId"]),
    ],
    ids=str,
)
async def test_bad_input_is_named_and_leaves_nothing(till, room, kofi, operator, paid, api, change, code, field):
    payment = await till.payment(kofi, paid)
    given = {"paymentId": payment["id"], "note": "Asked for", "idempotencyKey": "k", **change}
    error = await api(operator).refused(REFUND, **given)
    assert (error["code"], error["field"]) == (code, field)
    assert (await till.rows(tables.Refund), await till.of(room.curator)) == ([], 950)


async def test_the_same_key_for_another_amount_is_refused(till, kofi, operator, paid, api):
    payment = await till.payment(kofi, paid)
    first = {"amount": "1.00", "currencyCode": "USD", "idempotencyKey": "one"}
    await till.refund(operator, payment["id"], **first)
    await till.refund(operator, payment["id"], **first)
    given = {"paymentId": payment["id"], "note": "Asked for", "idempotencyKey": "one"}
    assert (await api(operator).refused(REFUND, **given))["code"] == "IDEMPOTENCY_MISMATCH"
    assert len(await till.all_at_stripe("refund")) == 1
