"""What people and Stripe do in earnest is the same in both journals, and the books say what lies at Stripe."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from db import tables
from domain.ids import to_wire
from domain.money import AccountKind, EntryKind
from resolvers.payments.receive import receive
from resolvers.reconciliation.compare import compare
from resolvers.reconciliation.costs import book_journal_costs
from resolvers.reconciliation.read import read
from tests.payments import conftest as payments
from tests.payouts import conftest as payouts

till, room, kofi, operator = payments.till, payments.room, payments.kofi, payments.operator
FILLED = 100_000


@pytest.fixture
async def filled(till):
    """Money of the platform's own at Stripe, so that there is something to refund and pay out with."""
    await till.stripe("POST", "/balance", json={"amount": FILLED})


async def cleared(till):
    """What our books say that is outside."""
    row = tables.LedgerAccount
    statement = select(func.coalesce(func.sum(row.balance_minor), 0))
    async with till.database.session() as session:
        return -(await session.execute(statement.where(row.kind == AccountKind.CLEARING))).scalar_one()


async def at_stripe(till):
    """What is in the platform's balance there, without what it put there itself."""
    platform = [each for each in await till.all_at_stripe("balance_transaction") if "Platform" in each["account_of"]]
    return sum(each["net"] for each in platform if each["type"] != "topup")


@pytest.fixture
def agree(till, database, services):
    """See that both journals say the same, and the books what lies at Stripe."""

    async def check(*, before=True):
        await till.settle()
        if before:
            assert await cleared(till) == await at_stripe(till)
        now = datetime.now(UTC) + timedelta(seconds=2)
        assert await read(database, services, now)
        await book_journal_costs(database)
        async with database.transaction() as tx:
            await compare(tx, now + timedelta(days=2))
        assert await till.rows(tables.ReconciliationCase) == []
        assert await cleared(till) == await at_stripe(till)

    return check


async def pay(till, room, kofi, amount="20.00"):
    """A tip that was paid; gives Stripe's name of the charge."""
    tip = await till.tip(kofi, room, amount)
    await till.pay(tip["checkout"]["url"])
    return (await till.rows(tables.Payment))[-1].charge_id


async def fees(till):
    """What was booked of Stripe's fees, by what they are of."""
    statement = (
        select(tables.JournalEntry.reference, tables.JournalLine.amount_minor)
        .join(tables.JournalLine, tables.JournalLine.entry_id == tables.JournalEntry.id)
        .join(tables.LedgerAccount, tables.LedgerAccount.id == tables.JournalLine.account_id)
        .where(tables.JournalEntry.kind == EntryKind.FEE, tables.LedgerAccount.kind == AccountKind.FEES)
        .order_by(tables.JournalEntry.id)
    )
    async with till.database.session() as session:
        return [(name[:3], amount) for name, amount in await session.execute(statement)]


async def test_what_stripe_keeps_of_a_charge_is_the_platforms_cost(till, room, kofi, agree):
    await pay(till, room, kofi)
    # 2.9 % and 30 cents of 20.00; the curator's part is not touched by it.
    assert await fees(till) == [("pi_", -88)]
    assert await till.of(room.curator) == 1_900
    assert await cleared(till) == 2_000 - 88
    await agree()
    assert await fees(till) == [("pi_", -88)]


@pytest.mark.parametrize("decided", ["won", "lost"])
async def test_disputes_that_are_decided(till, room, kofi, filled, agree, decided):
    charge = await pay(till, room, kofi)
    dispute = await till.stripe("POST", f"/charges/{charge}/dispute", json={"amount": 1_500})
    await till.settle()
    assert await fees(till) == [("pi_", -88), ("du_", -1_500)]
    await till.stripe("POST", f"/disputes/{dispute['id']}/{decided}", json={})
    await agree()
    assert await till.of(room.curator) == (1_900 if decided == "won" else 1_900 - 1_425)


async def test_a_refund_that_comes_back(till, room, kofi, operator, filled, agree):
    await pay(till, room, kofi)
    (payment,) = await till.rows(tables.Payment)
    await till.refund(operator, to_wire("payment", payment.id), amount="5.00", currencyCode="USD")
    await agree()
    (refund,) = await till.all_at_stripe("refund")
    await till.stripe("POST", f"/refunds/{refund['id']}/fail", json={})
    await agree()
    assert [row.status for row in await till.rows(tables.Refund)] == ["FAILED"]
    assert await till.of(room.curator) == 1_900


async def test_payouts(till, room, kofi, make, sandbox, filled, agree):
    await pay(till, room, kofi, "200.00")
    desk = payouts.Till(make, sandbox)
    await desk.stripe(room.curator)
    payout_id = await desk.request(room.curator, 6_000)
    await agree()
    assert await desk.sent() == {str(payout_id): [6_000]}


async def test_payouts_that_come_back(till, room, kofi, operator, make, sandbox, filled, agree):
    await pay(till, room, kofi, "100.00")
    desk = payouts.Till(make, sandbox)
    await desk.stripe(room.curator)
    payout_id = await desk.request(room.curator, 9_000)
    await till.settle()
    (payment,) = await till.rows(tables.Payment)
    await till.refund(operator, to_wire("payment", payment.id), amount="50.00", currencyCode="USD")
    await till.settle()
    sent = (await desk.payout(payout_id)).reference
    await till.services.payments.reverse_transfer("by hand", sent, till.money(1_000), reference="by hand")
    await agree()
    # 47.50 of hers went back: 5.00 were there, 42.50 were owed and taken back, 10.00 more came at Stripe's desk.
    assert (await desk.payout(payout_id)).returned_minor == 5_250
    assert await till.of(room.curator) == 1_000


async def test_what_nobody_told_us_of_is_found_in_the_journal(till, room, kofi, database, services, agree):
    """A fee that Stripe knows a day later, and what it asks for itself."""
    await till.stripe("POST", "/delivery", json={"copies": 0})
    tip = await till.tip(kofi, room, "20.00")
    await till.decide(tip["checkout"]["url"])
    (intent,) = await till.all_at_stripe("payment_intent")
    found = await services.payments.find_payment(intent["id"])
    await receive(database, dataclasses.replace(found, costs=()))
    await till.stripe("POST", "/balance", json={"amount": -250, "kind": "stripe_fee"})
    assert await fees(till) == []
    await agree(before=False)
    assert sorted(await fees(till)) == [("pi_", -88), ("txn", -250)]
    await receive(database, found)
    await agree()
    assert len(await fees(till)) == 2


async def test_what_is_kept_of_what_is_not_ours_stays_out(till, room, database, services):
    link = await services.payments.create_link("k", amount=till.money(700), description="Not ours", reference="k")
    await till.pay(link.url)
    assert await read(database, services, datetime.now(UTC) + timedelta(seconds=2))
    await book_journal_costs(database)
    assert await till.make.count(tables.VendorMovement) == 1
    assert await till.rows(tables.JournalEntry) == []
