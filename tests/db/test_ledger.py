"""The ledger's laws, held by the database whatever the code does."""

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from db.tables import Balance, JournalEntry, JournalLine, LedgerAccount, TipTotal
from domain.ids import new_id


@pytest.fixture
async def accounts(database, make):
    """A person's available account and the platform's two, in USD, and one in EUR."""
    mina = await make.user("mina")
    ids = {name: new_id() for name in ("available", "clearing", "fees", "euro")}
    async with database.transaction() as tx:
        rows = [
            ("available", "AVAILABLE", mina.id, "USD"),
            ("clearing", "CLEARING", None, "USD"),
            ("fees", "FEES", None, "USD"),
            ("euro", "CLEARING", None, "EUR"),
        ]
        for name, kind, owner, currency in rows:
            await tx.session.execute(
                insert(LedgerAccount).values(id=ids[name], kind=kind, owner_id=owner, currency=currency)
            )
    return {**ids, "mina": mina}


async def post(database, kind="TIP", subject=None, **lines):
    entry = new_id()
    async with database.transaction() as tx:
        await tx.session.execute(
            insert(JournalEntry).values(
                id=entry, kind=kind, description="Test", subject_type=subject and "Broadcast", subject_id=subject
            )
        )
        for account, amount in lines.values():
            await tx.session.execute(
                insert(JournalLine).values(id=new_id(), entry_id=entry, account_id=account, amount_minor=amount)
            )
    return entry


async def balance(database, account):
    async with database.session() as session:
        return (
            await session.execute(select(LedgerAccount.balance_minor).where(LedgerAccount.id == account))
        ).scalar_one()


async def test_a_tip_moves_money_and_the_views_sum_it(database, make, accounts):
    room = await make.room(accounts["mina"])
    for _ in range(2):
        await post(
            database,
            subject=room.id,
            gross=(accounts["clearing"], -1000),
            net=(accounts["available"], 950),
            fee=(accounts["fees"], 50),
        )
    async with database.session() as session:
        (mine,) = (await session.execute(select(Balance).where(Balance.owner_id == accounts["mina"].id))).scalars()
        assert (mine.currency.value, mine.available_minor, mine.pending_minor, mine.withheld_minor) == (
            "USD",
            1900,
            0,
            0,
        )
        (total,) = (await session.execute(select(TipTotal).where(TipTotal.broadcast_id == room.id))).scalars()
        assert (total.currency.value, total.amount_minor) == ("USD", 2000)
        stored = select(LedgerAccount.id, LedgerAccount.balance_minor)
        summed = select(JournalLine.account_id, func.sum(JournalLine.amount_minor)).group_by(JournalLine.account_id)
        balances = dict((await session.execute(stored)).all())
        for account, amount in await session.execute(summed):
            assert balances[account] == amount


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"net": ("available", 950)},
        {"gross": ("clearing", -1000), "net": ("available", 950)},
        {"gross": ("euro", -1000), "net": ("available", 1000)},
    ],
    ids=["no lines", "one line", "off by 50", "across currencies"],
)
async def test_an_entry_that_does_not_balance_is_refused_at_the_commit(database, accounts, lines):
    with pytest.raises(DBAPIError, match="does not balance"):
        await post(database, **{name: (accounts[account], amount) for name, (account, amount) in lines.items()})
    assert await balance(database, accounts["available"]) == 0
    async with database.session() as session:
        assert (await session.execute(select(func.count()).select_from(JournalEntry))).scalar_one() == 0


async def test_a_late_line_is_caught(database, accounts):
    entry = await post(database, gross=(accounts["clearing"], -500), net=(accounts["available"], 500))
    with pytest.raises(DBAPIError, match="does not balance"):
        async with database.transaction() as tx:
            await tx.session.execute(
                insert(JournalLine).values(
                    id=new_id(), entry_id=entry, account_id=accounts["available"], amount_minor=100
                )
            )
    assert await balance(database, accounts["available"]) == 500


async def test_nobody_goes_below_zero(database, accounts):
    with pytest.raises(DBAPIError, match="not_overdrawn"):
        await post(database, out=(accounts["available"], -1), back=(accounts["clearing"], 1))
    assert await balance(database, accounts["clearing"]) == 0


@pytest.mark.parametrize(
    "statement",
    [
        update(JournalLine).values(amount_minor=1),
        update(JournalEntry).values(description="Changed"),
        delete(JournalLine),
        delete(JournalEntry),
        text("TRUNCATE journal_lines"),
        text("TRUNCATE journal_entries CASCADE"),
        update(LedgerAccount).values(balance_minor=10**6),
        update(LedgerAccount).values(currency="EUR"),
        delete(LedgerAccount),
        text("TRUNCATE ledger_accounts CASCADE"),
    ],
    ids=str,
)
async def test_nothing_in_the_ledger_is_changed_or_removed(database, accounts, statement):
    await post(database, gross=(accounts["clearing"], -500), net=(accounts["available"], 500))
    with pytest.raises(DBAPIError, match=r"refused|journal lines only"):
        async with database.transaction() as tx:
            await tx.session.execute(statement)
    assert await balance(database, accounts["available"]) == 500


async def test_an_account_does_not_begin_with_money(database, accounts):
    with pytest.raises(DBAPIError, match="journal lines only"):
        async with database.transaction() as tx:
            await tx.session.execute(
                insert(LedgerAccount).values(id=new_id(), kind="HOLD", owner_id=None, currency="GBP", balance_minor=5)
            )
