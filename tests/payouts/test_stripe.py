"""Payouts by Stripe: asked for, sent once whatever happens on the way, refused, tried again."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from db.tables import JobRow, PayoutMethod
from domain.ids import new_id
from domain.jobs import JobKind, JobStatus
from domain.money import AccountKind
from domain.payouts import PayoutStatus
from tests.client import Refused
from tests.payouts.conftest import OWN, REQUEST, REVIEW, STRIPE, wire

TRANSFERS = {"host": STRIPE, "path": "/v1/transfers", "method": "POST"}


def asked(amount="50.00", key=None, currency="USD", **more):
    return {"amount": amount, "currencyCode": currency, "idempotencyKey": key or str(new_id()), **more}


async def again(database):
    """Let what waits for a silent vendor be due now."""
    async with database.transaction() as tx:
        waiting = JobRow.kind == JobKind.SEND_PAYOUT
        await tx.session.execute(update(JobRow).where(waiting).values(run_at=func.now()))


@pytest.fixture
async def paid(till, mina):
    """Somebody with 100.00 and an account at Stripe."""
    await till.fill()
    await till.earn(mina, 10_000)
    await till.stripe(mina)
    return mina


async def test_a_payout_goes_its_way(api, till, paid, run_jobs):
    payout = (await api(paid).do(REQUEST, **asked("60.00")))["payout"]
    assert (payout["status"], payout["amount"]["amount"], payout["fee"]["amount"]) == ("REQUESTED", "60.00", "0.00")
    assert (await till.has(paid), await till.has(paid, AccountKind.IN_TRANSIT)) == (4_000, 6_000)
    await run_jobs()
    (stored,) = await till.payouts()
    assert stored.status is PayoutStatus.PAID
    assert await till.sent() == {str(stored.id): [6_000]}
    assert await till.booked() == {stored.reference: 6_000}
    assert (await till.has(paid), await till.has(paid, AccountKind.IN_TRANSIT)) == (4_000, 0)
    assert [(before, after, reason) for before, after, _, reason in await till.history(stored.id)] == [
        (None, "REQUESTED", "REQUESTED"),
        ("REQUESTED", "SENDING", "SENDING"),
        ("SENDING", "PAID", "SENT"),
    ]
    shown = (await api(paid)(OWN, first=5))["viewer"]
    assert [method["label"] for method in shown["payoutMethods"]] == ["Stripe"]
    assert (shown["payouts"]["nodes"][0]["status"], shown["payouts"]["nodes"][0]["paidAt"] is None) == ("PAID", False)
    news = await api(paid)("{ viewer { notifications { nodes { kind subject { __typename id } } } } }")
    assert news["viewer"]["notifications"]["nodes"] == [
        {"kind": "PAYOUT_PAID", "subject": {"__typename": "Payout", "id": payout["id"]}}
    ]


async def insist(asker, **input):
    """Request it with its key until there is an answer: a hundred may be more than a slow machine does in time."""
    while True:
        try:
            return await asker.do(REQUEST, **input)
        except Refused as refused:
            if refused.errors[0]["extensions"]["code"] not in {"DEADLINE_EXCEEDED", "UNAVAILABLE"}:
                raise


async def test_a_hundred_with_one_key_are_one_payout(api, till, paid, run_jobs):
    same = asked(key="again")
    answers = await asyncio.gather(*(insist(api(paid), **same) for _ in range(100)))
    assert len({str(answer) for answer in answers}) == 1
    assert await till.has(paid) == 5_000
    error = await api(paid).refused(REQUEST, **asked("51.00", key="again"))
    assert error["code"] == "IDEMPOTENCY_MISMATCH"
    await run_jobs()
    assert await till.has(paid) == 5_000
    assert [sum(amounts) for amounts in (await till.sent()).values()] == [5_000]


@pytest.mark.parametrize(
    ("input", "code", "field"),
    [
        (asked("49.99"), "INVALID_INPUT", ["amount"]),
        (asked("0"), "INVALID_INPUT", ["amount"]),
        (asked("-50.00"), "INVALID_INPUT", ["amount"]),
        (asked("50.001"), "INVALID_INPUT", ["amount"]),
        (asked("9" * 30), "INVALID_INPUT", ["amount"]),
        (asked("92233720368547758.08"), "INVALID_INPUT", ["amount"]),
        (asked("50.00", currency="XYZ"), "INVALID_INPUT", ["currencyCode"]),
        (asked("50.00", currency="USDC"), "INVALID_INPUT", ["currencyCode"]),
        (asked("100.01"), "CONFLICT", ["amount"]),
        (asked("50.00", currency="NGN"), "INVALID_INPUT", ["currencyCode"]),
        (asked("50.00", payoutMethodId=f"method_{new_id()}"), "NOT_FOUND", ["payoutMethodId"]),
        (asked("50.00") | {"idempotencyKey": ""}, "INVALID_INPUT", ["idempotencyKey"]),
    ],
)
async def test_what_cannot_be_paid_out(api, till, paid, input, code, field):
    error = await api(paid).refused(REQUEST, **input)
    assert (error["code"], error["field"]) == (code, field)
    assert (await till.payouts(), await till.has(paid)) == ([], 10_000)


async def test_nobody_is_paid_where_nothing_is_verified(api, till, make):
    theo = await make.user("theo")
    await till.earn(theo, 10_000)
    assert (await api(theo).refused(REQUEST, **asked()))["code"] == "NOT_FOUND"
    await till.stripe(theo, complete=False)
    error = await api(theo).refused(REQUEST, **asked())
    assert (error["code"], error["field"]) == ("CONFLICT", ["payoutMethodId"])
    assert (await till.payouts(), await till.has(theo)) == ([], 10_000)


async def test_ten_a_minute_and_the_same_again_counts_nothing(api, till, paid):
    await till.earn(paid, 1_000_000)
    for number in range(10):
        await api(paid).do(REQUEST, **asked(key=f"k{number}"))
    error = await api(paid).refused(REQUEST, **asked(key="k10"))
    assert error["code"] == "RATE_LIMITED"
    assert error["retryAfterSeconds"] > 0
    await api(paid).do(REQUEST, **asked(key="k3"))
    assert len(await till.payouts()) == 10


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop_after_effect"},
        {"kind": "status_after_effect", "status": 500},
        {"kind": "half_json"},
        {"kind": "drop"},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429, "seconds": 1},
        {"kind": "html", "status": 502},
    ],
)
async def test_a_silent_vendor_is_asked_for_the_truth(till, paid, sandbox, run_jobs, database, fault):
    await sandbox.fault(**fault, **TRANSFERS, times=1)
    payout_id = await till.request(paid)
    await run_jobs()
    assert (await till.payout(payout_id)).status is PayoutStatus.SENDING
    assert await till.has(paid, AccountKind.IN_TRANSIT) == 5_000
    await again(database)
    await run_jobs()
    assert (await till.payout(payout_id)).status is PayoutStatus.PAID
    assert await till.sent() == {str(payout_id): [5_000]}
    assert list((await till.booked()).values()) == [5_000]
    asked = [call["method"] for call in await sandbox.calls(STRIPE, "/v1/transfers")]
    # First the payout, then the question, and the payout again only where nothing was found.
    assert asked[:2] == ["POST", "GET"]
    assert len(asked) == (2 if fault["kind"] in {"drop_after_effect", "status_after_effect", "half_json"} else 3)
    async with database.session() as session:
        job = (await session.scalars(select(JobRow).where(JobRow.kind == JobKind.SEND_PAYOUT))).one()
    assert (job.status, job.failures) == (JobStatus.DONE, 0)


async def test_a_refused_question_is_no_answer_about_the_money(till, paid, sandbox, run_jobs, database):
    await sandbox.fault(kind="drop_after_effect", **TRANSFERS, times=1)
    payout_id = await till.request(paid)
    await run_jobs()
    wrong = '{"error": {"type": "invalid_request_error", "code": "parameter_unknown", "message": "no"}}'
    await sandbox.fault(kind="status", status=400, body=wrong, host=STRIPE, path="/v1/transfers", method="GET", times=1)
    await again(database)
    await run_jobs()
    assert (await till.payout(payout_id)).status is PayoutStatus.SENDING
    await again(database)
    await run_jobs()
    assert (await till.payout(payout_id)).status is PayoutStatus.PAID
    assert await till.sent() == {str(payout_id): [5_000]}


async def test_only_a_definite_refusal_fails_and_can_be_tried_again(api, till, make, ines, run_jobs):
    theo = await make.user("theo")
    await till.earn(theo, 10_000)
    await till.stripe(theo)
    payout_id = await till.request(theo, 10_000)
    assert await till.has(theo) == 0
    await run_jobs()
    failed = await till.payout(payout_id)
    assert (failed.status, failed.failure_code) == (PayoutStatus.FAILED, "BALANCE_INSUFFICIENT")
    assert (await till.has(theo), await till.sent()) == (10_000, {})
    await till.fill()
    retried = await api(ines).do(REVIEW, payoutId=wire(payout_id), decision="RETRY")
    assert retried["payout"]["status"] == "REQUESTED"
    assert await till.has(theo) == 0
    await run_jobs()
    assert (await till.payout(payout_id)).status is PayoutStatus.PAID
    assert await till.sent() == {str(payout_id): [10_000]}
    error = await api(ines).refused(REVIEW, payoutId=wire(payout_id), decision="RETRY")
    assert error["code"] == "CONFLICT"


async def test_what_is_refused_cannot_be_tried_again_without_the_money(api, till, make, ines, run_jobs):
    theo = await make.user("theo")
    await till.earn(theo, 10_000)
    await till.stripe(theo)
    payout_id = await till.request(theo, 10_000)
    await run_jobs()
    await till.fill()
    other = await till.request(theo, 10_000)
    assert (await api(ines).refused(REVIEW, payoutId=wire(payout_id), decision="RETRY"))["code"] == "CONFLICT"
    await run_jobs()
    assert await till.sent() == {str(other): [10_000]}
    assert (await till.payout(payout_id)).status is PayoutStatus.FAILED


async def test_what_was_not_sent_can_be_cancelled_and_then_is_not_sent(api, till, paid, ines, run_jobs):
    payout_id = await till.request(paid)
    done = await api(ines).do(REVIEW, payoutId=wire(payout_id), decision="CANCEL")
    assert (done["payout"]["status"], await till.has(paid)) == ("CANCELLED", 10_000)
    await run_jobs()
    assert ((await till.payout(payout_id)).status, await till.sent()) == (PayoutStatus.CANCELLED, {})
    assert (await api(ines).refused(REVIEW, payoutId=wire(payout_id), decision="CANCEL"))["code"] == "CONFLICT"


async def test_what_may_be_under_way_cannot_be_cancelled(api, till, paid, ines, sandbox, run_jobs):
    await sandbox.fault(kind="drop", **TRANSFERS)
    payout_id = await till.request(paid)
    await run_jobs()
    assert (await api(ines).refused(REVIEW, payoutId=wire(payout_id), decision="CANCEL"))["code"] == "CONFLICT"
    assert await till.has(paid, AccountKind.IN_TRANSIT) == 5_000


async def test_an_account_that_takes_nothing_more_is_distrusted(till, paid, sandbox, run_jobs):
    (method,) = await methods_of(till, paid)
    await sandbox.control("POST", f"/stripe/accounts/{method.account}/restrict", json={})
    payout_id = await till.request(paid)
    await run_jobs()
    failed = await till.payout(payout_id)
    assert failed.failure_code == "INSUFFICIENT_CAPABILITIES_FOR_TRANSFER"
    assert (await till.method(method.id)).verified is False
    assert await till.has(paid) == 10_000


async def methods_of(till, person):
    async with till.database.session() as session:
        return (await session.scalars(select(PayoutMethod).where(PayoutMethod.user_id == person.id))).all()


async def test_an_owner_sees_payouts_move(api, till, paid, run_jobs):
    waiting = await till.request(paid)
    document = "subscription { payoutUpdated { id status } }"
    async with api(paid).subscribe(document) as stream:
        assert (await stream.next())["payoutUpdated"] == {"id": wire(waiting), "status": "REQUESTED"}
        await run_jobs()
        moves = [(await stream.next())["payoutUpdated"]["status"] for _ in range(2)]
    assert moves[-1] == "PAID"
    async with api(paid).subscribe(document) as stream:
        assert (await stream.next())["payoutUpdated"] == {"id": wire(waiting), "status": "PAID"}
