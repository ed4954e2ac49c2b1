"""The inbox: signed, fresh and once; late, out of order and unknown things; faults that people can see."""

import asyncio
import os
import random

import pytest
from sqlalchemy import delete, func, select, text, update

from db import tables
from domain.events import EventKind
from domain.jobs import JobKind
from domain.money import AccountKind
from domain.webhooks import LONGEST_BODY
from jobs.sweeps import forget_old
from tests.payments.conftest import event

EVENTS = int(os.environ.get("TEST_WEBHOOKS", "40"))
"""How many events the storm has; 500 with TEST_WEBHOOKS=500."""


async def inbox(till):
    """What became of the events, by their ids at Stripe."""
    return {row.external_id: row for row in await till.rows(tables.WebhookEvent)}


@pytest.mark.parametrize("path", ["/webhooks/stripe", "/api/payments/webhook"])
async def test_what_is_signed_is_kept_once(till, path):
    content, header = till.signed(event("charge.succeeded", "charge", "ch_1"))
    for _ in range(3):
        assert (await till.post(content, header, path)).status_code == 202
    (row,) = await till.rows(tables.WebhookEvent)
    assert (row.payload.encode(), row.external_id, row.event_type) == (content, "evt_made_up", "charge.succeeded")
    await till.settle()
    (row,) = await till.rows(tables.WebhookEvent)
    assert (row.status, row.attempts, row.last_error) == ("IGNORED", 1, None)


async def test_what_was_said_long_ago_is_forgotten_and_never_counts_twice(till, services, database):
    sent = {name: till.signed(event("charge.succeeded", "charge", "ch_1", name)) for name in ("evt_old", "evt_new")}
    for content, header in sent.values():
        assert (await till.post(content, header)).status_code == 202
    await till.settle()
    async with database.transaction() as tx:
        row = tables.WebhookEvent
        age = func.now() - func.make_interval(0, 0, 0, 91)
        await tx.session.execute(update(row).where(row.external_id == "evt_old").values(received_at=age))
    for _ in range(2):
        await forget_old(database, services)
    found = await inbox(till)
    assert (found["evt_old"].payload, found["evt_new"].payload.encode()) == ("", sent["evt_new"][0])
    assert found["evt_old"].status == "IGNORED"
    assert (await till.post(*sent["evt_old"])).status_code == 202
    await till.settle()
    assert {name: (row.id, row.attempts, row.payload) for name, row in (await inbox(till)).items()} == {
        name: (row.id, 1, row.payload) for name, row in found.items()
    }


async def test_what_is_not_signed_leaves_nothing(till):
    good = event("checkout.session.completed", "checkout.session", "cs_1")
    content, header = till.signed(good)
    forged = till.signed(good, secret="whsec_somebody_elses")[1]
    stale = till.signed(good, ago=301)[1]
    early, signed = till.signed(good, ago=290)
    for bytes_, signature in (
        (content, None),
        (content, ""),
        (content, "nonsense"),
        (content, forged),
        (content, stale),
        (content + b" ", header),
        (content, header.replace("v1=", "v0=")),
    ):
        assert (await till.post(bytes_, signature)).status_code == 400
    assert await till.rows(tables.WebhookEvent) == []
    assert await till.rows(tables.JobRow) == []
    assert (await till.post(early, signed)).status_code == 202


@pytest.mark.parametrize("value", [[], {}, {"object": "event"}, "text", {"object": "charge", "id": "ch_1"}], ids=str)
async def test_what_is_signed_and_no_event_leaves_nothing(till, value):
    assert (await till.post(*till.signed(value))).status_code == 400
    assert await till.rows(tables.WebhookEvent) == []


async def test_too_much_is_cut_off(till):
    assert (await till.post(b" " * (LONGEST_BODY + 1), "t=1,v1=0")).status_code == 413
    assert (await till.sandbox.http.get(f"{till.settings.public_url}/webhooks/stripe")).status_code == 405
    assert (await till.post(b"{}", None, "/webhooks/nobody")).status_code == 404
    assert await till.rows(tables.WebhookEvent) == []


async def test_noise_is_limited_and_what_is_signed_is_not(till):
    answers = [await till.post(b"{}", "t=1,v1=0") for _ in range(140)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:120] == [400] * 120
    assert 429 in statuses
    limited = next(answer for answer in answers if answer.status_code == 429)
    assert int(limited.headers["retry-after"]) >= 1
    content, header = till.signed(event("charge.succeeded", "charge", "ch_1"))
    assert (await till.post(content, header)).status_code == 202


@pytest.mark.parametrize(
    ("kind", "subject", "name"),
    [
        ("checkout.session.completed", "checkout.session", "cs_test_nobody"),
        ("payment_intent.succeeded", "payment_intent", "pi_nobody"),
        ("refund.created", "refund", "re_nobody"),
        ("charge.dispute.created", "dispute", "du_nobody"),
        ("transfer.reversed", "transfer", "tr_nobody"),
        ("account.updated", "account", "acct_nobody"),
    ],
)
async def test_an_unknown_thing_is_noted_as_such(till, kind, subject, name):
    assert (await till.post(*till.signed(event(kind, subject, name)))).status_code == 202
    await till.settle()
    (row,) = await till.rows(tables.WebhookEvent)
    assert (row.status, row.attempts, row.processed_at is None) == ("UNKNOWN", 1, False)
    assert await till.rows(tables.Payment) == []


NOBODY = "01900000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "name", ["somebody else's", "checkout_1", "link_1", f"checkout_{NOBODY}", f"link_{NOBODY}", f"tip_{NOBODY}"]
)
async def test_somebody_elses_payment_is_unknown(till, services, name):
    """What the platform's account took without us, such as by hand at Stripe's desk."""
    link = await services.payments.create_link("by hand", amount=till.money(500), description="By hand", reference=name)
    await till.pay(link.url)
    statuses = {row.event_type: row.status for row in await till.rows(tables.WebhookEvent)}
    assert statuses["checkout.session.completed"] == statuses["payment_intent.succeeded"] == "UNKNOWN"
    assert await till.rows(tables.JournalEntry) == []


async def test_a_silent_stripe_is_asked_again(till, room, kofi, sandbox):
    tip = await till.tip(kofi, room)
    await sandbox.fault(kind="status", status=503, host="api.stripe.com", method="GET")
    await till.decide(tip["checkout"]["url"])
    await till.settle()
    waiting = [row for row in await till.rows(tables.WebhookEvent) if row.status == "PENDING"]
    assert waiting
    assert {(row.attempts, row.last_error, row.processed_at) for row in waiting} == {(1, "Unavailable", None)}
    await sandbox.calm()
    await till.ring(JobKind.PROCESS_WEBHOOK)
    await till.settle()
    assert await till.of(room.curator) == 475
    assert {row.status for row in await till.rows(tables.WebhookEvent)} <= {"PROCESSED", "IGNORED"}


async def test_a_fault_is_tried_three_times_and_parked_where_people_see_it(till, room, kofi, database):
    tip = await till.tip(kofi, room)
    async with database.transaction() as tx:
        # As no deed could leave it: the checkout waits, its tip does not.
        await tx.session.execute(update(tables.Tip).values(status="EXPIRED"))
    await till.decide(tip["checkout"]["url"])
    for _ in range(4):
        await till.settle()
        await till.ring(JobKind.PROCESS_WEBHOOK)
    failed = [row for row in await till.rows(tables.WebhookEvent) if row.status == "FAILED"]
    assert {(row.attempts, row.last_error) for row in failed} == {(3, "Conflict")}
    async with database.session() as session:
        parked = select(func.count()).where(tables.JobRow.status == "PARKED", tables.JobRow.last_error == "Conflict")
        assert (await session.execute(parked)).scalar_one() == len(failed) > 0
    assert (await till.of(room.curator), await till.rows(tables.Payment)) == (0, [])


async def test_an_expiry_that_comes_after_the_payment_changes_nothing(till, room, kofi):
    tip = await till.tip(kofi, room)
    await till.pay(tip["checkout"]["url"])
    (session,) = await till.all_at_stripe("checkout.session")
    await till.post(*till.signed(event("checkout.session.expired", "checkout.session", session["id"])))
    await till.settle()
    assert (await till.checkout(kofi, tip["checkout"]["id"]))["status"] == "PAID"
    assert await till.of(room.curator) == 475


async def state(till, room):
    """What the storm may not change: balances, tips, payments, what the room was told."""
    async with till.database.session() as session:
        columns = (tables.LedgerAccount.kind, tables.LedgerAccount.balance_minor)
        found = await session.execute(select(*columns).where(tables.LedgerAccount.balance_minor != 0))
        accounts = sorted((kind.value, balance) for kind, balance in found)
    return {
        "accounts": accounts,
        "tips": sorted((row.status.value, row.amount_minor) for row in await till.rows(tables.Tip)),
        "checkouts": sorted(row.status.value for row in await till.rows(tables.Checkout)),
        "payments": sorted((row.amount_minor, row.refunded_minor) for row in await till.rows(tables.Payment)),
        "refunds": sorted((row.status.value, row.amount_minor) for row in await till.rows(tables.Refund)),
        "disputes": sorted((row.status.value, row.amount_minor) for row in await till.rows(tables.Dispute)),
        "told": await till.make.count_events(room, EventKind.TIP_RECEIVED),
        "news": await till.make.count(tables.Notification, tables.Notification.kind == "TIP_RECEIVED"),
        "entries": len(await till.rows(tables.JournalEntry)),
    }


async def business(till, room, senders, events):
    """Let people pay, leave, get money back and dispute until so many events have happened; nothing is delivered yet."""
    dice = random.Random(4)
    await till.stripe("POST", "/balance", json={"amount": 10_000_000})
    await till.stripe("POST", "/delivery", json={"copies": 0})
    count = 0
    while count < events:
        sender = senders[count % len(senders)]
        tip = await till.tip(sender, room, f"{dice.randint(1, 50)}.{dice.randint(0, 99):02d}")
        name = (await till.all_at_stripe("checkout.session"))[-1]["id"]
        fate = dice.choice(["paid", "paid", "paid", "left", "returned", "disputed", "won"])
        if fate == "left":
            await till.stripe("POST", f"/checkouts/{name}/expire", json={})
        else:
            await till.decide(tip["checkout"]["url"])
            await follow_up(till, fate, dice)
        count = len(await till.all_at_stripe("event"))


async def follow_up(till, fate, dice):
    intent = (await till.all_at_stripe("payment_intent"))[-1]
    if fate == "returned":
        amount = dice.choice([intent["amount"], intent["amount"] // 2])
        await till.services.payments.refund(f"{intent['id']}-back", intent["id"], till.money(amount), "REQUESTED")
    elif fate in ("disputed", "won"):
        dispute = await till.stripe("POST", f"/charges/{intent['id']}/dispute", json={})
        if fate == "won" or dice.random() < 0.5:
            end = "won" if fate == "won" else "lost"
            await till.stripe("POST", f"/disputes/{dispute['id']}/{end}", json={})


async def deliver(till, names, *, forged=False, stale=0):
    """Let Stripe send events, several at a time; gives the answers' statuses."""
    answers = []
    for start in range(0, len(names), 10):
        sent = [
            till.stripe("POST", f"/events/{name}/send", json={"forged": forged, "stale": stale})
            for name in names[start : start + 10]
        ]
        answers += [status for answer in await asyncio.gather(*sent) for status in answer["statuses"]]
        await till.make.run_jobs()
    return answers


async def forget(till):
    """Put our own side back to before anything was delivered: people have begun, and nobody has paid."""
    gone = (
        *(tables.WebhookEvent, tables.Dispute, tables.Refund, tables.Payment, tables.Hold, tables.Notification),
        *(tables.JournalLine, tables.JournalEntry, tables.JobRow, tables.StatusChange),
    )
    async with till.database.transaction() as tx:
        await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in gone:
            await tx.session.execute(delete(table))
        await tx.session.execute(delete(tables.EventRow).where(tables.EventRow.kind == EventKind.TIP_RECEIVED))
        await tx.session.execute(update(tables.LedgerAccount).values(balance_minor=0))
        await tx.session.execute(update(tables.Checkout).values(status="OPEN", paid_at=None))
        await tx.session.execute(update(tables.Tip).values(status="AWAITING_PAYMENT", paid_at=None))


@pytest.mark.timeout(120 + 3 * EVENTS)
async def test_a_storm_leaves_what_one_clean_pass_leaves(till, room, make):
    senders = [await make.user() for _ in range(max(8, EVENTS // 6))]
    await business(till, room, senders, EVENTS)
    names = [each["id"] for each in await till.all_at_stripe("event")]
    dice = random.Random(9)
    storm = [(name, "good") for name in names for _ in range(5)]
    dice.shuffle(storm)
    bad = dict(enumerate(dice.choices(("forged", "stale", "good"), (10, 5, 85), k=len(storm))))
    # A forged or stale copy comes besides the five good ones.
    answers = {"good": [], "forged": [], "stale": []}
    for start in range(0, len(storm), 20):
        batch = range(start, min(start + 20, len(storm)))
        for kind in ("forged", "stale"):
            chosen = [storm[index][0] for index in batch if bad[index] == kind]
            answers[kind] += await deliver(till, chosen, forged=kind == "forged", stale=400 * (kind == "stale"))
        answers["good"] += await deliver(till, [storm[index][0] for index in batch])
    await till.settle()
    assert set(answers["good"]) == {202}
    assert set(answers["forged"]) | set(answers["stale"]) <= {400, 429}
    assert min(len(answers["forged"]), len(answers["stale"])) > 0
    assert len(await till.rows(tables.WebhookEvent)) == len(names)
    stormy = await state(till, room)
    await till.check()
    assert {row.status for row in await till.rows(tables.WebhookEvent)} <= {"PROCESSED", "IGNORED"}
    await forget(till)
    assert (await state(till, room))["accounts"] == []
    for name in names:
        assert await deliver(till, [name]) == [202]
    await till.settle()
    assert await state(till, room) == stormy
    # And both are what Stripe's own objects say.
    assert await truth(till) == {
        "paid": sum(amount for amount, _ in stormy["payments"]),
        "back": sum(amount for status, amount in stormy["refunds"] if status == "SENT"),
        "lost": sum(amount for status, amount in stormy["disputes"] if status == "LOST"),
        "clearing": -dict(stormy["accounts"])["CLEARING"],
    }
    assert stormy["told"] == stormy["news"] == len(stormy["payments"])


async def truth(till):
    """What Stripe's own objects say, as one clean pass over them would find."""
    intents = [each for each in await till.all_at_stripe("payment_intent") if each["status"] == "succeeded"]
    paid = sum(each["amount_received"] for each in intents)
    back = sum(each["amount"] for each in await till.all_at_stripe("refund"))
    lost = sum(each["amount"] for each in await till.all_at_stripe("dispute") if each["status"] == "lost")
    kept = sum(each["fee"] for each in await till.all_at_stripe("balance_transaction"))
    return {"paid": paid, "back": back, "lost": lost, "clearing": paid - back - lost - kept}


async def test_copies_shuffled_by_stripe_itself_book_once(till, room, kofi):
    await till.stripe("POST", "/delivery", json={"copies": 5, "shuffle": True})
    tip = await till.tip(kofi, room)
    await till.pay(tip["checkout"]["url"])
    assert (await till.of(room.curator), len(await till.rows(tables.Payment))) == (475, 1)
    assert await till.make.count_events(room, EventKind.TIP_RECEIVED) == 1
    assert await till.of(room.curator, AccountKind.PENDING) == 0
