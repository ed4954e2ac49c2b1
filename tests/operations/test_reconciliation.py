"""The sandbox's Stripe against our books: what differs is found, once, and over when it is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from db import tables
from domain.ids import new_id, to_wire
from domain.jobs import Job, JobKind, JobStatus
from domain.ledger import Occasion
from domain.money import Currency, EntryKind, Money
from domain.splits import Share
from resolvers.ledger import adjust, receive
from resolvers.reconciliation.compare import compare
from resolvers.reconciliation.costs import book_journal_costs
from resolvers.reconciliation.read import read
from tests.client import operation
from tests.payments import conftest as payments

till, room = payments.till, payments.room
CASES = """query ($filter: ReconciliationCaseFilter) { reconciliationCases(first: 50, filter: $filter) { totalCount nodes {
  id vendor reference kind status vendorAmount { amount currencyCode } ledgerAmount { amount } closedAt
  closedBy { username } reason } } }"""
CLOSE = """mutation ($input: CloseReconciliationCaseInput!) { closeReconciliationCase(input: $input) {
  reconciliationCase { id status reason } userErrors { code message field } } }"""


@pytest.fixture
def reconcile(database, services):
    """Read and compare as the job does, so many days later."""

    async def run(days=2):
        # Stripe's journal counts in whole seconds.
        now = datetime.now(UTC) + timedelta(seconds=2)
        assert await read(database, services, now)
        await book_journal_costs(database)
        async with database.transaction() as tx:
            await compare(tx, now + timedelta(days=days))

    return run


@pytest.fixture
def cases(api, operator):
    async def listed(**filter):
        return (await api(operator)(CASES, filter=filter or None))["reconciliationCases"]["nodes"]

    return listed


async def book(database, person, minor, reference):
    """Book something as if Stripe had told it."""
    async with database.transaction() as tx:
        occasion = Occasion("Invented", origin=("stripe", reference))
        amount, shares = Money(minor, Currency.USD), [Share(person.id, 1)]
        return await receive.receive(tx, EntryKind.SALE, amount, shares, fee_basis_points=0, occasion=occasion)


async def pay_tip(till, room, kofi, amount="5.00"):
    """A tip that was paid, booked and told; gives Stripe's name of the payment."""
    tip = await till.tip(kofi, room, amount)
    await till.pay(tip["checkout"]["url"])
    return (await till.rows(tables.Payment))[-1].vendor_id


async def pay_elsewhere(till, minor=700):
    """A payment at Stripe that nobody here knows of."""
    key = str(new_id())
    link = await till.services.payments.create_link(
        key, amount=till.money(minor), description="Somebody else's", reference=key
    )
    await till.pay(link.url)


async def test_what_was_paid_and_given_back_is_the_same_on_both_sides(till, room, kofi, operator, reconcile, cases):
    await pay_tip(till, room, kofi)
    tip = await till.tip(kofi, room, "20.00")
    await till.pay(tip["checkout"]["url"])
    await till.refund(operator, (await till.payment(kofi, tip))["id"])
    await till.settle()
    await reconcile()
    assert await cases() == []
    assert await till.make.count(tables.VendorMovement) == 3


async def test_each_difference_is_one_case(till, room, kofi, database, reconcile, cases):
    known = await pay_tip(till, room, kofi)
    await pay_elsewhere(till)
    await book(database, kofi, 900, "pi_made_up")
    await book(database, kofi, 1, f"{known}:extra")
    await reconcile(days=0)
    assert await cases() == [], "what is a few seconds old may be under way"
    for _ in range(2):
        await reconcile()
        found = {case["kind"]: case for case in await cases()}
        assert len(await cases()) == 3
    here, there, differs = (found[kind] for kind in ("MISSING_HERE", "MISSING_THERE", "DIFFERENT_AMOUNT"))
    assert (here["vendorAmount"], here["ledgerAmount"]) == ({"amount": "6.50", "currencyCode": "USD"}, None)
    assert (there["reference"], there["vendorAmount"], there["ledgerAmount"]) == (
        "pi_made_up",
        None,
        {"amount": "9.00"},
    )
    assert (differs["reference"], differs["vendorAmount"]["amount"]) == (known, "4.55")
    assert differs["ledgerAmount"] == {"amount": "4.56"}
    assert {case["status"] for case in found.values()} == {"OPEN"}
    assert [case["kind"] for case in await cases(kind="MISSING_HERE", status="OPEN")] == ["MISSING_HERE"]
    assert await cases(status="CLOSED") == []
    assert await till.make.count(tables.StatusChange, tables.StatusChange.subject_type == "ReconciliationCase") == 3


async def test_a_case_is_over_when_the_journals_agree(till, kofi, database, reconcile, cases):
    await pay_elsewhere(till)
    await reconcile()
    (case,) = await cases()
    await book(database, kofi, 700, case["reference"])
    await reconcile(days=0)
    (after,) = await cases()
    assert (after["id"], after["status"], after["reason"]) == (case["id"], "RESOLVED", None)
    assert after["closedAt"] is not None
    await book(database, kofi, 5, f"{case['reference']}:again")
    await reconcile()
    (again,) = await cases()
    assert (again["id"], again["status"], again["kind"]) == (case["id"], "OPEN", "DIFFERENT_AMOUNT")


async def test_what_is_reversed_by_hand_counts(till, kofi, operator, database, reconcile, cases):
    invented = await book(database, kofi, 900, "pi_made_up")
    await reconcile()
    assert [case["status"] for case in await cases()] == ["OPEN"]
    async with database.transaction() as tx:
        await adjust.reverse(tx, operator.actor, invented.entry_id, reason="Nobody paid this")
    await reconcile(days=0)
    assert [case["status"] for case in await cases()] == ["RESOLVED"]


async def test_an_operator_closes_a_case_for_good(till, api, mina, operator, reconcile, cases, refusal):
    await pay_elsewhere(till)
    await reconcile()
    (case,) = await cases()
    for person, code in ((None, "UNAUTHENTICATED"), (mina, "FORBIDDEN")):
        assert await refusal(person, CLOSE, caseId=case["id"], reason="No") == code
        assert (await api(person)(CASES))["reconciliationCases"] == {"totalCount": 0, "nodes": []}
    assert await refusal(operator, CLOSE, caseId=case["id"], reason=" ") == "INVALID_INPUT"
    assert await refusal(operator, CLOSE, caseId=to_wire("case", new_id()), reason="Gone") == "NOT_FOUND"
    assert (await cases())[0]["status"] == "OPEN"
    await api(operator).do(CLOSE, caseId=case["id"], reason="A test by Stripe's support")
    assert await refusal(operator, CLOSE, caseId=case["id"], reason="Twice") == "CONFLICT"
    await reconcile()
    (closed,) = await cases()
    assert (closed["status"], closed["closedBy"]["username"]) == ("CLOSED", "ines")
    assert closed["reason"] == "A test by Stripe's support"
    log = (await api(operator)(operation("AuditLog"), first=1, filter={"subjectId": case["id"]}))["auditLog"]["nodes"]
    assert log[0]["detail"] == "OPEN -> CLOSED: A test by Stripe's support"


async def test_what_is_disputed_waits_for_its_end(till, room, kofi, reconcile, cases):
    await pay_tip(till, room, kofi)
    charge = (await till.rows(tables.Payment))[-1].charge_id
    await till.stripe("POST", f"/charges/{charge}/dispute", {})
    await till.settle()
    await reconcile()
    assert await cases() == []


async def test_the_job(till, database, kofi, cases, sandbox):
    await pay_elsewhere(till)
    await sandbox.fault(host="api.stripe.com", path="/v1/balance_transactions*", kind="status", status=503)
    async with database.transaction() as tx:
        job_id = await tx.later(Job(JobKind.RECONCILE, "now"))
    await till.make.run_jobs()
    async with database.session() as session:
        job = await session.get(tables.JobRow, job_id)
        assert (job.status, job.failures) == (JobStatus.PENDING, 0)
    await sandbox.calm()
    await asyncio.sleep(1.1)
    await till.ring(JobKind.RECONCILE)
    await till.make.run_jobs()
    async with database.session() as session:
        assert (await session.get(tables.JobRow, job_id)).status is JobStatus.DONE
    assert await till.make.count(tables.VendorMovement) == 1
    assert await cases() == []


async def test_many_at_once_open_one_case(till, reconcile, cases):
    await pay_elsewhere(till)
    await asyncio.gather(*(reconcile() for _ in range(4)))
    assert len(await cases()) == 1
