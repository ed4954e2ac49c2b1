"""Tips, the whole way: begun here, paid at Stripe's page, told by webhook, booked and shown once."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import update

from db import tables
from domain.checkouts import CheckoutState
from domain.events import EventKind
from domain.jobs import JobKind
from domain.money import AccountKind
from domain.payments import CheckoutStatus
from domain.tips import TipStatus
from resolvers import follows
from resolvers.broadcasts import stop
from resolvers.checkouts.follow import settle
from resolvers.payments import receive
from tests.client import operation
from tests.payments.conftest import CHECKOUT, ROOM, TIP

EVENTS, NEWS = operation("BroadcastEvents"), operation("Notifications")
LONG_AGO = tables.Checkout.created_at - timedelta(minutes=1)
SUBJECT = (
    "{ viewer { notifications { nodes { kind title subject { __typename ... on Tip { note amount { amount } } } } } } }"
)


async def test_a_tip_goes_all_the_way(till, room, kofi, api):
    async with api(kofi).subscribe(EVENTS, broadcastId=room.wire) as stream:
        assert (await stream.next())["broadcastEvents"]["event"]["__typename"] == "BroadcastSnapshot"
        tip = await till.tip(kofi, room, "5.00", note="That bassline")
        assert (tip["status"], tip["amount"]) == ("AWAITING_PAYMENT", {"amount": "5.00", "currencyCode": "USD"})
        checkout = tip["checkout"]
        assert (checkout["status"], checkout["clientSecret"], checkout["x402ResourceUrl"]) == ("OPEN", None, None)
        assert await stream.silent()
        answer = await till.pay(checkout["url"])
        assert answer.headers["location"].endswith(f"checkout={checkout['id']}&status=RETURNED")
        told = (await stream.next())["broadcastEvents"]["event"]
        assert told["__typename"] == "TipReceived"
        assert (told["amount"], told["note"]) == ({"amount": "5.00", "currencyCode": "USD"}, "That bassline")
        assert told["sender"]["username"] == "kofi"
    after = await till.checkout(kofi, checkout["id"])
    assert (after["status"], after["url"]) == ("PAID", None)
    assert after["subject"] == {"__typename": "Tip", "id": tip["id"], "tipStatus": "PAID"}
    assert (await till.of(room.curator), await till.of(kofi)) == (475, 0)
    seen = await api(kofi)(ROOM, id=room.wire, messages=1, listeners=1, tracks=1)
    assert seen["broadcast"]["tipTotal"] == [{"amount": "5.00", "currencyCode": "USD"}]
    (news,) = (await api(room.curator)(SUBJECT))["viewer"]["notifications"]["nodes"]
    assert (news["kind"], news["title"]) == ("TIP_RECEIVED", "Kofi tipped you 5.00 USD")
    assert news["subject"] == {"__typename": "Tip", "note": "That bassline", "amount": {"amount": "5.00"}}


async def test_the_fee_is_taken_once_and_rounded_for_the_curator(till, room, kofi):
    tip = await till.tip(kofi, room, "1.19")
    await till.pay(tip["checkout"]["url"])
    # 5 % of 1.19 is 0.0595: five cents.
    assert await till.of(room.curator) == 114


async def test_a_checkout_can_be_taken_up_again(till, room, kofi):
    tip = await till.tip(kofi, room, key="again")
    declined = await till.decide(tip["checkout"]["url"], "decline")
    assert declined.status_code == 402
    await till.settle()
    same = await till.tip(kofi, room, key="again")
    assert same == tip
    assert (await till.checkout(kofi, tip["checkout"]["id"]))["url"] == tip["checkout"]["url"]
    await till.pay(tip["checkout"]["url"])
    assert await till.of(room.curator) == 475
    assert len(await till.all_at_stripe("checkout.session")) == 1


async def test_an_abandoned_one_expires_by_webhook(till, room, kofi):
    tip = await till.tip(kofi, room)
    (session,) = await till.all_at_stripe("checkout.session")
    await till.stripe("POST", f"/checkouts/{session['id']}/expire", json={})
    await till.settle()
    after = await till.checkout(kofi, tip["checkout"]["id"])
    assert (after["status"], after["url"], after["subject"]["tipStatus"]) == ("EXPIRED", None, "EXPIRED")
    assert await till.of(room.curator) == 0


async def test_an_abandoned_one_expires_by_its_job(till, room, kofi, make, database):
    tip = await till.tip(kofi, room)
    await till.stripe("POST", "/delivery", json={"hold": True})
    async with database.transaction() as tx:
        await tx.session.execute(update(tables.Checkout).values(expires_at=LONG_AGO))
    await till.follow()
    assert (await till.checkout(kofi, tip["checkout"]["id"]))["status"] == "EXPIRED"
    (session,) = await till.all_at_stripe("checkout.session")
    assert session["status"] == "expired"
    await till.stripe("POST", "/release", json={})


async def test_money_on_its_way_is_waited_for_until_it_is_given_up(till, room, kofi, database, services):
    tip = await till.tip(kofi, room)
    (session,) = await till.all_at_stripe("checkout.session")
    page = await services.payments.find_checkout(session["id"])
    waiting = dataclasses.replace(page, status=CheckoutStatus.COMPLETE)
    for given_up, status in ((False, "OPEN"), (True, "EXPIRED")):
        assert await settle(database, services, waiting, given_up=given_up) == "PROCESSED"
        assert (await till.checkout(kofi, tip["checkout"]["id"]))["status"] == status


async def test_the_job_finds_what_was_paid_without_our_hearing(till, room, kofi, database):
    tip = await till.tip(kofi, room)
    await till.stripe("POST", "/delivery", json={"copies": 0})
    await till.decide(tip["checkout"]["url"])
    async with database.transaction() as tx:
        await tx.session.execute(update(tables.Checkout).values(expires_at=LONG_AGO))
    await till.follow()
    assert (await till.checkout(kofi, tip["checkout"]["id"]))["status"] == "PAID"
    assert await till.of(room.curator) == 475


async def test_money_for_an_expired_one_goes_back(till, room, kofi, make, database):
    tip = await till.tip(kofi, room)
    async with database.transaction() as tx:
        await tx.session.execute(update(tables.Checkout).values(status=CheckoutState.EXPIRED))
        await tx.session.execute(update(tables.Tip).values(status=TipStatus.EXPIRED))
    await till.stripe("POST", "/balance", json={"amount": 10_000})
    await till.pay(tip["checkout"]["url"])
    after = await till.checkout(kofi, tip["checkout"]["id"])
    (paid,) = after["payments"]
    assert (after["status"], paid["refunded"]["amount"]) == ("EXPIRED", "5.00")
    assert [refund["status"] for refund in paid["refunds"]] == ["SENT"]
    (refund,) = await till.all_at_stripe("refund")
    assert refund["amount"] == 500
    assert await till.of(room.curator) == 0
    assert await make.count_events(room, EventKind.TIP_RECEIVED) == 0
    (hold,) = await till.rows(tables.Hold)
    assert hold.status == "RETURNED"


async def test_a_tip_that_comes_after_the_end_is_booked_and_told_to_the_curator_alone(till, room, kofi, make, database):
    tip = await till.tip(kofi, room)
    async with database.transaction() as tx:
        await stop.stop(tx, room.curator.actor, room.id)
    await till.pay(tip["checkout"]["url"])
    assert await till.of(room.curator) == 475
    assert await make.count_events(room, EventKind.TIP_RECEIVED) == 0
    assert await make.count(tables.Notification, tables.Notification.kind == "TIP_RECEIVED") == 1


async def test_a_tip_of_somebody_blocked_meanwhile_has_no_name(till, room, kofi, api, database):
    tip = await till.tip(kofi, room, note="Hello")
    async with database.transaction() as tx:
        await follows.block(tx, room.curator.actor, kofi.id)
    async with api(room.curator).subscribe(EVENTS, broadcastId=room.wire) as stream:
        await stream.next()
        await till.pay(tip["checkout"]["url"])
        told = (await stream.next())["broadcastEvents"]["event"]
    assert (told["sender"], told["note"], told["amount"]["amount"]) == (None, None, "5.00")


async def test_a_silent_stripe_opens_the_page_later_and_once(till, room, kofi, sandbox):
    await sandbox.fault(kind="status", status=503, host="api.stripe.com", path="/v1/checkout", method="POST", times=1)
    tip = await till.tip(kofi, room, key="later")
    assert (tip["checkout"]["status"], tip["checkout"]["url"]) == ("OPENING", None)
    await till.follow()
    same = await till.tip(kofi, room, key="later")
    assert (same["id"], same["checkout"]["status"]) == (tip["id"], "OPEN")
    await till.pay(same["checkout"]["url"])
    assert len(await till.all_at_stripe("checkout.session")) == 1


async def test_an_effect_without_an_answer_is_one_page_and_one_tip(till, room, kofi, sandbox):
    fault = {"host": "api.stripe.com", "path": "/v1/checkout", "method": "POST", "times": 2}
    await sandbox.fault(kind="drop_after_effect", **fault)
    first = await till.tip(kofi, room, key="lost")
    assert first["checkout"]["status"] == "OPENING"
    second = await till.tip(kofi, room, key="lost")
    assert (second["id"], second["checkout"]["status"]) == (first["id"], "OPENING")
    await till.follow()
    third = await till.tip(kofi, room, key="lost")
    assert third["checkout"]["status"] == "OPEN"
    assert len(await till.all_at_stripe("checkout.session")) == 1
    assert (len(await till.rows(tables.Tip)), len(await till.rows(tables.Checkout))) == (1, 1)


async def test_a_hundred_at_once_with_one_key_are_one_tip(till, room, kofi, api):
    given = {"broadcastId": room.wire, "amount": "2.00", "idempotencyKey": "same"}
    answers = await asyncio.gather(*(api(kofi)(TIP, input=given) for _ in range(10)))
    tips = {answer["sendTip"]["tip"]["id"] for answer in answers if answer["sendTip"]["tip"]}
    assert len(tips) == 1
    assert (len(await till.rows(tables.Tip)), len(await till.all_at_stripe("checkout.session"))) == (1, 1)


async def test_both_events_and_a_second_look_at_once_book_once(till, room, kofi, database, services):
    tip = await till.tip(kofi, room)
    await till.stripe("POST", "/delivery", json={"copies": 0})
    await till.decide(tip["checkout"]["url"])
    (intent,) = await till.all_at_stripe("payment_intent")
    payment = await services.payments.find_payment(intent["id"])
    await asyncio.gather(*(receive.receive(database, payment) for _ in range(8)))
    assert await till.of(room.curator) == 475
    assert len(await till.rows(tables.Payment)) == 1


async def test_others_see_neither_tip_nor_checkout(till, room, kofi, make, api):
    tip = await till.tip(kofi, room)
    asked = "query ($id: ID!) { node(id: $id) { id } }"
    stranger = await make.user("stranger")
    for person in (stranger, room.curator, None):
        assert await api(person)(asked, id=tip["id"]) == {"node": None}
        assert await api(person)(CHECKOUT, id=tip["checkout"]["id"]) == {"node": None}
    await till.pay(tip["checkout"]["url"])
    seen = "query ($id: ID!) { node(id: $id) { ... on Tip { status checkout { id } } } }"
    assert await api(room.curator)(seen, id=tip["id"]) == {"node": {"status": "PAID", "checkout": None}}
    assert await api(stranger)(asked, id=tip["id"]) == {"node": None}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"amount": "0"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "-5"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "5.005"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "9" * 30}, "INVALID_INPUT", ["amount"]),
        ({"amount": "92233720368547758.08"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "0.99"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "1000.01"}, "INVALID_INPUT", ["amount"]),
        ({"amount": "5,00"}, "INVALID_INPUT", ["amount"]),
        ({"currencyCode": "XYZ"}, "INVALID_INPUT", ["currencyCode"]),
        ({"currencyCode": "USDC"}, "INVALID_INPUT", ["currencyCode"]),
        ({"note": "n" * 281}, "INVALID_INPUT", ["note"]),
        ({"returnTo": "https://evil.example"}, "INVALID_INPUT", ["returnTo"]),
        ({"idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
        ({"broadcastId": "broadcast_0190"}, "NOT_FOUND", ["broadcastId"]),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_bad_input_is_named_and_leaves_nothing(till, room, kofi, api, change, code, field):
    good = {"broadcastId": room.wire, "amount": "5.00", "currencyCode": "USD", "idempotencyKey": "k"}
    error = await api(kofi).refused(TIP, **{**good, **change})
    assert (error["code"], error["field"]) == (code, field)
    assert await till.rows(tables.Tip) == []
    assert await till.all_at_stripe("checkout.session") == []


async def test_who_may_not_tip(till, room, kofi, make, api, database):
    good = {"broadcastId": room.wire, "amount": "5.00", "idempotencyKey": "k"}
    error = await api(room.curator).refused(TIP, **good)
    assert (error["code"], error["field"]) == ("FORBIDDEN", ["broadcastId"])
    async with database.transaction() as tx:
        await follows.block(tx, room.curator.actor, kofi.id)
    assert (await api(kofi).refused(TIP, **good))["code"] == "FORBIDDEN"
    async with database.transaction() as tx:
        await stop.stop(tx, room.curator.actor, room.id)
    assert (await api(await make.user()).refused(TIP, **good))["code"] == "CONFLICT"
    assert await till.rows(tables.Tip) == []


async def test_one_key_for_two_things_is_refused(till, room, kofi, api):
    await till.tip(kofi, room, "5.00", key="one")
    given = {"broadcastId": room.wire, "amount": "6.00", "idempotencyKey": "one"}
    error = await api(kofi).refused(TIP, **given)
    assert (error["code"], error["field"]) == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    assert len(await till.rows(tables.Tip)) == 1


async def test_a_refusal_of_stripes_fails_the_tip(till, room, kofi, api, sandbox):
    body = '{"error": {"type": "invalid_request_error", "code": "amount_too_small", "message": "m"}}'
    headers = {"content-type": "application/json"}
    fault = {"host": "api.stripe.com", "path": "/v1/checkout", "method": "POST", "times": 1}
    await sandbox.fault(kind="status", status=400, body=body, headers=headers, **fault)
    given = {"broadcastId": room.wire, "amount": "5.00", "idempotencyKey": "refused"}
    for _ in range(2):
        assert (await api(kofi).refused(TIP, **given))["code"] == "CONFLICT"
    (tip,), (checkout,) = await till.rows(tables.Tip), await till.rows(tables.Checkout)
    assert (tip.status, checkout.status, checkout.failure_code) == ("FAILED", "FAILED", "amount_too_small")
    await till.ring(JobKind.FOLLOW_CHECKOUT)
    await till.settle()
    assert await till.all_at_stripe("checkout.session") == []
    assert await till.of(room.curator, AccountKind.AVAILABLE) == 0
