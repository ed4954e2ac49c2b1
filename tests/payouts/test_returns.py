"""Money of payouts that comes back: for a debt, at Stripe's own desk, and what a bank did not take."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from db import tables
from domain.ids import new_id, to_wire
from domain.jobs import JobKind
from domain.money import AccountKind, Currency, Money
from domain.payments import NewTransfer
from tests.payments import conftest as payments
from tests.payments.conftest import event
from tests.payouts import conftest as payouts
from tests.payouts.conftest import STRIPE, wire

till, room, kofi, operator = payments.till, payments.room, payments.kofi, payments.operator
OWED = AccountKind.RECEIVABLE
SHOWN = "{ viewer { payouts(first: 5) { nodes { id status amount { amount } returned { amount } } } } }"


@pytest.fixture
def desk(make, sandbox):
    return payouts.Till(make, sandbox)


@pytest.fixture
async def paid(till, desk, room, kofi):
    """A tip of 100.00, and 60.00 of the curator's 95.00 paid out by Stripe; gives the payout's id."""
    await till.stripe("POST", "/balance", json={"amount": 1_000_000})
    tip = await till.tip(kofi, room, "100.00")
    await till.pay(tip["checkout"]["url"])
    await desk.stripe(room.curator)
    payout_id = await desk.request(room.curator, 6_000)
    await till.settle()
    assert await till.of(room.curator) == 3_500
    return payout_id


async def give_back(till, operator, amount):
    """Refund a part of the tip."""
    payment = (await till.rows(tables.Payment))[0]
    given = {"amount": amount, "currencyCode": "USD"}
    await till.refund(operator, to_wire("payment", payment.id), **given)
    await till.settle()


async def returned(till):
    return [(row.status.value, row.amount_minor) for row in await till.rows(tables.PayoutReturn)]


async def reversed_at_stripe(till):
    return [each["amount"] for each in await till.all_at_stripe("transfer_reversal")]


async def test_a_debt_is_taken_back_of_what_lies_at_stripe(till, desk, room, operator, api, paid):
    await give_back(till, operator, "50.00")
    # 47.50 were hers: 35.00 were there, 12.50 are owed and come back from her account at Stripe.
    assert await reversed_at_stripe(till) == [1_250]
    assert await returned(till) == [("DONE", 1_250)]
    assert (await till.of(room.curator), await till.of(room.curator, OWED)) == (0, 0)
    (shown,) = (await api(room.curator)(SHOWN))["viewer"]["payouts"]["nodes"]
    assert (shown["status"], shown["amount"]["amount"], shown["returned"]["amount"]) == ("PAID", "60.00", "12.50")
    news = (await api(room.curator)("{ viewer { notifications { nodes { kind title } } } }"))["viewer"]
    assert {"kind": "PAYOUT_RETURNED", "title": "12.50 USD of a payout came back"} in news["notifications"]["nodes"]
    moves = [tuple(row)[:2] for row in await desk.history((await till.rows(tables.PayoutReturn))[0].id)]
    assert moves == [(None, "REQUESTED"), ("REQUESTED", "DONE")]
    # And nothing more when there is no debt.
    await give_back(till, operator, "0.01")
    assert await reversed_at_stripe(till) == [1_250, 1]


async def test_only_as_much_as_is_there_and_the_rest_is_owed(till, desk, room, kofi, operator, paid):
    account = (await desk.method((await desk.payout(paid)).method_id)).account
    await till.stripe("POST", "/balance", json={"account": account, "amount": -5_000})
    await give_back(till, operator, "50.00")
    assert await returned(till) == [("DONE", 1_000)]
    assert await till.of(room.curator, OWED) == -250
    # What she earns next pays the rest.
    tip = await till.tip(kofi, room, "10.00")
    await till.pay(tip["checkout"]["url"])
    assert (await till.of(room.curator, OWED), await till.of(room.curator)) == (0, 700)


async def test_nothing_there_is_a_debt_and_no_fault(till, desk, room, operator, paid):
    account = (await desk.method((await desk.payout(paid)).method_id)).account
    await till.stripe("POST", "/balance", json={"account": account, "amount": -6_000})
    await give_back(till, operator, "50.00")
    assert (await returned(till), await reversed_at_stripe(till)) == ([], [])
    assert await till.of(room.curator, OWED) == -1_250


async def test_a_lost_dispute_takes_back_and_an_open_one_does_not(till, room, paid):
    (charge,) = [each for each in await till.all_at_stripe("charge") if each["id"].startswith("ch_")]
    dispute = await till.stripe("POST", f"/charges/{charge['id']}/dispute", json={})
    await till.settle()
    assert (await till.of(room.curator, OWED), await returned(till)) == (-6_000, [])
    await till.stripe("POST", f"/disputes/{dispute['id']}/lost", json={})
    await till.settle()
    assert (await returned(till), await till.of(room.curator, OWED)) == ([("DONE", 6_000)], 0)
    assert await till.of(room.curator, AccountKind.WITHHELD) == 0


async def test_what_was_on_its_way_is_looked_at_when_it_has_arrived(till, desk, room, kofi, operator, paid, sandbox):
    await sandbox.fault(kind="status", status=503, host=STRIPE, path="/v1/transfers", method="POST", times=1)
    tip = await till.tip(kofi, room, "100.00")
    await till.pay(tip["checkout"]["url"])
    await desk.request(room.curator, 10_000)
    await till.settle()
    # On a slow machine its next turn would come before the refund.
    await till.ring(JobKind.SEND_PAYOUT, func.now() + timedelta(hours=1))
    await give_back(till, operator, "100.00")
    # 30.00 were there, 60.00 came back of the first payout, and the second is not known to have arrived.
    assert (await returned(till), await till.of(room.curator, OWED)) == ([("DONE", 6_000)], -500)
    await till.ring(JobKind.SEND_PAYOUT)
    await till.settle()
    assert (await returned(till), await till.of(room.curator, OWED)) == ([("DONE", 6_000), ("DONE", 500)], 0)


async def test_a_dispute_that_is_won_takes_nothing(till, room, paid):
    (charge,) = [each for each in await till.all_at_stripe("charge") if each["id"].startswith("ch_")]
    dispute = await till.stripe("POST", f"/charges/{charge['id']}/dispute", json={})
    await till.settle()
    await till.stripe("POST", f"/disputes/{dispute['id']}/won", json={})
    await till.settle()
    assert (await returned(till), await till.of(room.curator), await till.of(room.curator, OWED)) == ([], 3_500, 0)


async def test_a_lost_answer_takes_back_once(till, room, operator, paid, sandbox):
    fault = {"host": STRIPE, "path": "/v1/transfers/*/reversals", "method": "POST", "times": 1}
    await till.stripe("POST", "/delivery", json={"copies": 0})
    await sandbox.fault(kind="drop_after_effect", **fault)
    await give_back(till, operator, "50.00")
    assert (await reversed_at_stripe(till), await returned(till)) == ([1_250], [("REQUESTED", 1_250)])
    await till.ring(JobKind.TAKE_BACK)
    await till.settle()
    assert (await reversed_at_stripe(till), await returned(till)) == ([1_250], [("DONE", 1_250)])
    assert await till.of(room.curator, OWED) == 0


async def test_a_refusal_is_kept_and_the_debt_stays(till, room, operator, paid, sandbox):
    no = '{"error": {"type": "invalid_request_error", "code": "balance_insufficient", "message": "no"}}'
    path = {"host": STRIPE, "path": "/v1/transfers/*/reversals", "method": "POST"}
    await sandbox.fault(kind="status", status=400, body=no, **path)
    await give_back(till, operator, "50.00")
    (row,) = await till.rows(tables.PayoutReturn)
    assert (row.status.value, row.failure_code) == ("FAILED", "balance_insufficient")
    assert (await till.of(room.curator, OWED), (await till.rows(tables.Payout))[0].returned_minor) == (-1_250, 0)


async def test_a_silent_stripe_is_asked_again(till, room, operator, paid, sandbox):
    await sandbox.fault(kind="status", status=503, host=STRIPE, path="/v1/balance", times=1)
    await give_back(till, operator, "50.00")
    assert await returned(till) == []
    await till.ring(JobKind.RECOVER_DEBT)
    await till.settle()
    assert await returned(till) == [("DONE", 1_250)]
    jobs = [row for row in await till.rows(tables.JobRow) if row.kind is JobKind.RECOVER_DEBT]
    assert {(row.status.value, row.failures) for row in jobs} == {("DONE", 0)}


async def reverse_by_hand(till, payout, minor):
    """Somebody reverses a transfer at Stripe's own desk."""
    amount = Money(minor, Currency.USD)
    await till.services.payments.reverse_transfer(f"by-hand-{minor}", payout.reference, amount, reference="by hand")


async def test_what_is_reversed_at_stripe_is_booked_once(till, desk, room, api, paid):
    payout = await desk.payout(paid)
    await till.stripe("POST", "/delivery", json={"copies": 3, "shuffle": True})
    await reverse_by_hand(till, payout, 1_000)
    await till.settle()
    await reverse_by_hand(till, payout, 5_000)
    await till.settle()
    assert (await till.of(room.curator), await returned(till)) == (9_500, [("DONE", 1_000), ("DONE", 5_000)])
    (shown,) = (await api(room.curator)(SHOWN))["viewer"]["payouts"]["nodes"]
    assert (shown["id"], shown["status"], shown["returned"]["amount"]) == (wire(paid), "PAID", "60.00")
    entries = [row for row in await till.rows(tables.JournalEntry) if (row.reference or "").startswith("trr_")]
    assert [(row.subject_type, row.subject_id) for row in entries] == [("Payout", paid)] * 2


async def test_a_reversal_of_what_is_not_ours_is_unknown(till, desk, room, paid, sandbox):
    account = (await desk.method((await desk.payout(paid)).method_id)).account
    for reference in ("somebody else's", str(new_id())):
        asked = NewTransfer(account, Money(500, Currency.USD), reference)
        sent = await till.services.payments.transfer(reference, asked)
        await till.services.payments.reverse_transfer(f"{reference} back", sent.id, asked.amount, reference="x")
    await till.post(*till.signed(event("transfer.reversed", "transfer", "tr_nobody")))
    await till.settle()
    rows = [row for row in await till.rows(tables.WebhookEvent) if row.event_type == "transfer.reversed"]
    assert [row.status.value for row in rows] == ["UNKNOWN"] * 3
    assert (await till.of(room.curator), await returned(till)) == (3_500, [])


async def test_a_reversal_before_our_own_record_waits_for_it(till, desk, room, paid, database):
    """Stripe's word may be faster than ours."""
    payout = await desk.payout(paid)
    async with database.transaction() as tx:
        row = tables.Payout
        await tx.session.execute(update(row).where(row.id == paid).values(status="SENDING", paid_at=None))
    await reverse_by_hand(till, payout, 1_000)
    await till.settle()
    (waiting,) = [row for row in await till.rows(tables.WebhookEvent) if row.event_type == "transfer.reversed"]
    assert (waiting.status.value, waiting.last_error, await returned(till)) == ("PENDING", "Unavailable", [])
    async with database.transaction() as tx:
        await tx.session.execute(update(row).where(row.id == paid).values(status="PAID", paid_at=func.now()))
    await till.ring(JobKind.PROCESS_WEBHOOK)
    await till.settle()
    assert await returned(till) == [("DONE", 1_000)]


async def test_many_debts_at_once_take_back_no_more_than_is_owed(till, desk, room, operator, paid):
    (payment,) = await till.rows(tables.Payment)
    name = to_wire("payment", payment.id)
    await asyncio.gather(
        *(
            till.refund(operator, name, amount="20.00", currencyCode="USD", idempotencyKey=f"k{each}")
            for each in range(4)
        )
    )
    await asyncio.gather(*(till.make.run_jobs() for _ in range(3)))
    await till.settle()
    # 76.00 of 95.00 went back: 35.00 were there, 41.00 are taken back.
    assert sum(await reversed_at_stripe(till)) == 4_100
    assert (await till.of(room.curator), await till.of(room.curator, OWED)) == (0, 0)


async def test_a_bank_that_takes_nothing_shuts_the_way(till, desk, room, paid, services, database):
    payout = await desk.payout(paid)
    account = (await desk.method(payout.method_id)).account
    # Only the word about the payout is heard, not the one about the account.
    await till.stripe("POST", "/delivery", json={"copies": 0})
    sent_on = await payout_of(till, account, 6_000)
    await till.stripe("POST", f"/payouts/{sent_on}/fail", json={})
    told = event("payout.failed", "payout", sent_on) | {"account": account}
    await till.post(*till.signed(told))
    await till.settle()
    method = await desk.method(payout.method_id)
    assert (method.verified, method.requirements_due) == (False, ["external_account"])
    assert (await till.of(room.curator), (await desk.payout(paid)).status.value) == (3_500, "PAID")
    (row,) = [row for row in await till.rows(tables.WebhookEvent) if row.event_type == "payout.failed"]
    assert row.status.value == "PROCESSED"


async def payout_of(till, account, minor):
    """What Stripe sends on to the bank of an account's owner."""
    params = {"amount": minor, "currency": "usd"}
    made = await till.services.payments._api.v1.payouts.create_async(params, {"stripe_account": account})
    return made.id
