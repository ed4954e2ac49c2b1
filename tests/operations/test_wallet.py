"""One's own movements of money, and what one earned."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from db.tables import JournalEntry, JournalLine, LedgerAccount, Transaction
from domain.ids import new_id
from domain.ledger import PERSONAL, Occasion
from domain.money import Currency, EntryKind, Money
from domain.splits import Share
from resolvers.ledger import receive
from tests.client import operation
from tests.payments import conftest as payments

till, room = payments.till, payments.room
WALLET, EARNINGS = map(operation, ("Wallet", "CuratorEarnings"))


@pytest.fixture
def wallet(api):
    async def read(person, first=50, **variables):
        return (await api(person)(WALLET, first=first, **variables))["viewer"]

    return read


async def moved(wallet, person, **filter):
    """Kind and amount of each, the latest first."""
    found = await wallet(person, filter=filter or None)
    return [(each["kind"], each["amount"]["amount"]) for each in found["transactions"]["nodes"]]


async def book(make, person, minor, *, kind=EntryKind.TIP, currency=Currency.USD, at=None, by=None, subject=None):
    """Something that somebody earned at a moment."""
    occasion = Occasion("A tip", subject=subject, by=by and by.id, occurred_at=at)
    async with make.database.transaction() as tx:
        return await receive.receive(
            tx, kind, Money(minor, currency), [Share(person.id, 1)], fee_basis_points=500, occasion=occasion
        )


async def test_each_entry_is_one_row_and_adds_up(desk, wallet, mina, kofi, operator):
    tip = await desk.receive(1000, {mina.id: 1, kofi.id: 1})
    await desk.refund(tip.entry_id, 200)
    sale = await desk.receive(400, {mina.id: 1}, kind=EntryKind.SALE, pending=True)
    await desk.mature(sale.entry_id)
    await desk.adjust(operator.actor, mina.id, 25)
    claim = await desk.claim(mina.id, 300)
    await desk.settle(claim.entry_id, fee=10)
    assert await moved(wallet, mina) == [
        ("PAYOUT", "-3.00"),
        ("PAYOUT", "0.00"),
        ("ADJUSTMENT", "0.25"),
        ("RELEASE", "0.00"),
        ("SALE", "3.80"),
        ("REFUND", "-0.95"),
        ("TIP", "4.75"),
    ]
    assert await moved(wallet, kofi) == [("REFUND", "-0.95"), ("TIP", "4.75")]
    assert await moved(wallet, operator) == []
    balance = (await wallet(mina))["balances"]
    assert balance == [
        {
            "currencyCode": "USD",
            "available": {"amount": "4.85", "currencyCode": "USD"},
            "pending": {"amount": "0.00", "currencyCode": "USD"},
            "withheld": {"amount": "0.00", "currencyCode": "USD"},
        }
    ]


async def test_held_money_is_the_payees_when_it_is_released(desk, wallet, mina, kofi):
    await desk.receive(1000, {kofi.id: 1}, fee=0)
    first, _ = await desk.hold(600, payer=kofi.id, payee=mina.id)
    second, _ = await desk.hold(100, payer=kofi.id, payee=mina.id)
    assert (await moved(wallet, kofi))[:2] == [("HOLD", "-1.00"), ("HOLD", "-6.00")]
    assert await moved(wallet, mina) == []
    assert (await wallet(mina))["balances"][0]["pending"]["amount"] == "7.00"
    released = await desk.release(first, {mina.id: 1})
    await desk.give_back(second)
    await desk.refund(released.entry_id, 60)
    assert await moved(wallet, mina) == [("REFUND", "-0.57"), ("RELEASE", "5.70")]
    assert (await moved(wallet, kofi))[:2] == [("REFUND", "0.60"), ("REFUND", "1.00")]
    others = {
        (each["kind"], (each["counterparty"] or {}).get("username"))
        for person in (mina, kofi)
        for each in (await wallet(person))["transactions"]["nodes"]
    }
    assert others == {("TIP", None), ("HOLD", "mina"), ("RELEASE", "kofi"), ("REFUND", "mina"), ("REFUND", "kofi")}


async def test_who_paid_and_what_for(make, wallet, api, mina, kofi):
    room = await make.room(mina)
    await book(make, mina, 1000, by=kofi, subject=("Broadcast", room.id))
    await book(make, mina, 1000, by=mina, subject=("Upload", new_id()))
    oneself, tip = (await wallet(mina))["transactions"]["nodes"]
    assert (tip["counterparty"]["username"], tip["description"]) == ("kofi", "A tip")
    assert tip["subject"] == {"__typename": "Broadcast", "id": room.wire}
    assert (oneself["counterparty"], oneself["subject"]) == (None, None)
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await api(mina)(node, id=tip["id"]))["node"] == {"id": tip["id"]}
    assert (await api(kofi)(node, id=tip["id"]))["node"] is None


async def test_a_tip_says_who_gave_it_and_where(till, room, kofi, wallet):
    tip = await till.tip(kofi, room, "5.00")
    await till.pay(tip["checkout"]["url"])
    (moved,) = (await wallet(room.curator))["transactions"]["nodes"]
    assert (moved["kind"], moved["amount"]["amount"], moved["counterparty"]["username"]) == ("TIP", "4.75", "kofi")
    assert moved["subject"] == {"__typename": "Broadcast", "id": room.wire}
    assert (await wallet(kofi))["transactions"]["totalCount"] == 0


async def test_it_is_ones_own_whoever_asks(desk, wallet, api, mina, kofi, operator):
    tip = await desk.receive(1000, {mina.id: 1})
    key = (await wallet(mina))["transactions"]["nodes"][0]["id"]
    for person in (kofi, operator):
        assert await moved(wallet, person) == []
        assert (await api(person)("query ($id: ID!) { node(id: $id) { id } }", id=key))["node"] is None
    assert (await api()(WALLET, first=5)) == {"viewer": None}
    assert tip.new


async def test_filters_and_pages(make, wallet, mina):
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for hour in range(7):
        kind = EntryKind.TIP if hour % 2 else EntryKind.SALE
        currency = Currency.JPY if hour == 6 else Currency.USD
        await book(make, mina, 100 + hour, kind=kind, currency=currency, at=start + timedelta(hours=hour))
    assert len(await moved(wallet, mina, kinds=["TIP", "PAYOUT"])) == 3
    assert await moved(wallet, mina, kinds=[]) == []
    assert await moved(wallet, mina, currencyCode="JPY") == [("SALE", "101")]
    between = {"from": (start + timedelta(hours=1)).isoformat(), "to": (start + timedelta(hours=3)).isoformat()}
    assert [amount for _, amount in await moved(wallet, mina, **between)] == ["0.97", "0.96"]
    seen, after = [], None
    while True:
        page = (await wallet(mina, first=3, after=after, filter={"currencyCode": "USD"}))["transactions"]
        seen += [each["amount"]["amount"] for each in page["nodes"]]
        assert page["totalCount"] in (6, 7)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        # What comes meanwhile is later, and moves nothing.
        if len(seen) == 3:
            await book(make, mina, 5000)
    assert seen == ["1.00", "0.99", "0.98", "0.97", "0.96", "0.95"]


async def test_a_page_is_a_walk_along_an_index(database, make, mina):
    await book(make, mina, 1000)
    statement = "EXPLAIN SELECT * FROM transactions WHERE owner_id = :id ORDER BY occurred_at DESC, id DESC LIMIT 20"
    async with database.session() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_sort = off"))
        plan = "\n".join((await session.execute(text(statement), {"id": mina.id})).scalars())
    assert "Index Scan Backward using ix_transactions_owner" in plan


async def test_nobody_writes_them_by_hand(database, desk, mina):
    await desk.receive(1000, {mina.id: 1})
    for statement in (
        "UPDATE transactions SET amount_minor = 1",
        "DELETE FROM transactions",
        "TRUNCATE transactions",
        "INSERT INTO transactions SELECT * FROM transactions",
    ):
        with pytest.raises(DBAPIError, match=r"transactions follow from journal lines only|refused"):
            async with database.transaction() as tx:
                await tx.session.execute(text(statement))


async def test_they_are_what_the_lines_say_also_line_by_line(database, desk, mina, kofi):
    """Lines that come in several statements of one transaction end in one row for each person."""
    tip = await desk.receive(1000, {mina.id: 1, kofi.id: 2}, pending=True)
    await desk.mature(tip.entry_id)
    accounts = select(LedgerAccount.id).where(
        LedgerAccount.owner_id.in_([mina.id, kofi.id]), LedgerAccount.kind == "AVAILABLE"
    )
    async with database.transaction() as tx:
        first, second = (await tx.session.execute(accounts)).scalars()
        entry = JournalEntry(id=new_id(), kind=EntryKind.TIP, description="By hand")
        tx.session.add(entry)
        await tx.session.flush()
        for account, amount in ((first, -50), (second, 30), (second, 20)):
            tx.session.add(JournalLine(id=new_id(), entry_id=entry.id, account_id=account, amount_minor=amount))
            await tx.session.flush()
    lines = (
        select(JournalLine.entry_id, LedgerAccount.owner_id, func.sum(JournalLine.amount_minor))
        .join_from(JournalLine, LedgerAccount)
        .where(LedgerAccount.kind.in_(PERSONAL))
        .group_by(JournalLine.entry_id, LedgerAccount.owner_id)
    )
    rows = select(Transaction.entry_id, Transaction.owner_id, Transaction.amount_minor)
    async with database.session() as session:
        assert sorted((await session.execute(lines)).all()) == sorted((await session.execute(rows)).all())


async def earned(api, person, first="2026-03-01", last="2026-03-31"):
    found = (await api(person)(EARNINGS, **{"from": first, "to": last}))["viewer"]["earnings"]

    def sums(total):
        return [f"{each['amount']} {each['currencyCode']}" for each in total]

    sources = {each["source"]: sums(each["total"]) for each in found["bySource"]}
    return sums(found["total"]), sources, {each["day"]: sums(each["total"]) for each in found["byDay"]}


async def test_earnings_by_source_and_day_in_utc(make, api, mina, kofi):
    for kind, minor, moment in (
        (EntryKind.TIP, 1000, "2026-02-28T23:59:59.999+00:00"),
        (EntryKind.TIP, 1000, "2026-03-01T00:00:00+00:00"),
        (EntryKind.SALE, 2000, "2026-03-02T01:00:00+02:00"),
        (EntryKind.TIP, 3000, "2026-03-31T23:59:59.999+00:00"),
        (EntryKind.TIP, 9000, "2026-04-01T00:00:00+00:00"),
    ):
        await book(make, mina, minor, kind=kind, at=datetime.fromisoformat(moment))
    await book(make, mina, 500, currency=Currency.JPY, at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    await book(make, kofi, 700, at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    total, sources, days = await earned(api, mina)
    assert total == ["475 JPY", "57.00 USD"]
    assert sources == {"TIP": ["475 JPY", "38.00 USD"], "SALE": ["19.00 USD"]}
    assert days == {"2026-03-01": ["475 JPY", "28.50 USD"], "2026-03-31": ["28.50 USD"]}


async def test_earnings_are_net_of_what_is_taken_back(desk, api, mina, kofi, operator):
    today = datetime.now(UTC).date().isoformat()
    tip = await desk.receive(1000, {mina.id: 1})
    await desk.refund(tip.entry_id, 400)
    sale = await desk.receive(1000, {mina.id: 1}, kind=EntryKind.SALE)
    opened = await desk.dispute(sale.entry_id, 1000)
    assert (await earned(api, mina, today, today))[0] == ["15.20 USD"]
    await desk.lose(opened.entry_id, 1000)
    await desk.receive(100, {kofi.id: 1}, fee=0)
    held, _ = await desk.hold(100, payer=kofi.id, payee=mina.id)
    await desk.release(held, {mina.id: 1}, fee=0)
    mistake = await desk.receive(300, {mina.id: 1}, kind=EntryKind.ROYALTY)
    await desk.reverse(operator.actor, mistake.entry_id)
    # What is no earning: an adjustment, a payout, held money that comes back to who put it aside.
    await desk.adjust(operator.actor, mina.id, 5000)
    await desk.settle((await desk.claim(mina.id, 100)).entry_id)
    again, _ = await desk.hold(100, payer=mina.id, payee=kofi.id)
    await desk.give_back(again)
    total, sources, days = await earned(api, mina, today, today)
    assert total == ["6.70 USD"]
    assert sources == {"TIP": ["6.70 USD"], "SALE": ["0.00 USD"], "ROYALTY": ["0.00 USD"]}
    assert list(days) == [today]
    assert (await earned(api, kofi, today, today))[0] == ["1.00 USD"]


async def test_days_that_cannot_be(api, mina):
    for first, last in (("2026-03-02", "2026-03-01"), ("2024-01-01", "2026-01-01")):
        answer = await api(mina).answer(EARNINGS, {"from": first, "to": last})
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert await earned(api, mina, "2026-03-01", "2026-03-01") == ([], {}, {})
    assert await api()(EARNINGS, **{"from": "2026-03-01", "to": "2026-03-01"}) == {"viewer": None}
