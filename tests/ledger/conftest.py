"""The ledger's deeds, each in a transaction of its own, and what the books say afterwards."""

import pytest
from sqlalchemy import select

from db.expressions.money import HOLDER_ID
from db.queries import books
from db.tables import JournalEntry, JournalLine, LedgerAccount
from domain.accounts import Role
from domain.ids import new_id
from domain.ledger import NOBODY, Occasion
from domain.money import AccountKind, Currency, EntryKind, Money
from domain.splits import Share
from resolvers.ledger import adjust, disputes, holds, payouts, receive, refund

USD = Currency.USD


def usd(minor):
    return Money(minor, USD)


class Desk:
    """Does deeds: `await desk.receive(1000, {mina.id: 1})`."""

    def __init__(self, make):
        self.make = make
        self.database = make.database
        self.subject = ("Broadcast", new_id())

    def occasion(self, reference=None, description="Test"):
        return Occasion(description, subject=self.subject, origin=reference and ("stripe", reference))

    async def do(self, deed, *args, **kwargs):
        async with self.database.transaction() as tx:
            return await deed(tx, *args, **kwargs)

    async def receive(self, minor, shares, *, kind=EntryKind.TIP, fee=500, reference=None, pending=False):
        split = [Share(person, parts) for person, parts in shares.items()]
        about = self.occasion(reference)
        return await self.do(
            receive.receive, kind, usd(minor), split, fee_basis_points=fee, occasion=about, pending=pending
        )

    async def mature(self, entry_id):
        return await self.do(receive.mature, entry_id, self.occasion())

    async def hold(self, minor, *, payer=None, payee=None, reference=None, hold_id=None):
        hold_id = hold_id or new_id()
        about = self.occasion(reference)
        posted = await self.do(holds.hold, hold_id, usd(minor), occasion=about, payer_id=payer, payee_id=payee)
        return hold_id, posted

    async def release(self, hold_id, shares, *, fee=500, reference=None):
        split = [Share(person, parts) for person, parts in shares.items()]
        return await self.do(holds.release, hold_id, split, fee_basis_points=fee, occasion=self.occasion(reference))

    async def give_back(self, hold_id, reference=None):
        return await self.do(holds.give_back, hold_id, occasion=self.occasion(reference))

    async def refund(self, entry_id, minor=None, reference=None):
        amount = None if minor is None else usd(minor)
        return await self.do(refund.refund, entry_id, amount, occasion=self.occasion(reference))

    async def dispute(self, entry_id, minor, reference=None):
        return await self.do(disputes.open_dispute, entry_id, usd(minor), occasion=self.occasion(reference))

    async def win(self, opening_id, reference=None):
        return await self.do(disputes.win_dispute, opening_id, occasion=self.occasion(reference))

    async def lose(self, opening_id, minor, reference=None):
        return await self.do(disputes.lose_dispute, opening_id, usd(minor), occasion=self.occasion(reference))

    async def claim(self, person, minor, reference=None):
        return await self.do(payouts.claim, person, usd(minor), occasion=self.occasion(reference))

    async def settle(self, claim_id, fee=0, reference=None):
        return await self.do(payouts.settle, claim_id, fee_minor=fee, occasion=self.occasion(reference))

    async def fail(self, claim_id, reference=None):
        return await self.do(payouts.fail, claim_id, occasion=self.occasion(reference))

    async def bring_back(self, settled_id, minor, reference=None):
        return await self.do(payouts.bring_back, settled_id, usd(minor), occasion=self.occasion(reference))

    async def adjust(self, actor, person, minor, reason="Goodwill", **rest):
        return await self.do(adjust.adjust, actor, person, usd(minor), reason=reason, **rest)

    async def reverse(self, actor, entry_id, reason="Booked by mistake"):
        return await self.do(adjust.reverse, actor, entry_id, reason=reason)

    async def balances(self):
        """What is in all accounts that have something, by kind and holder; the platform's by kind alone."""
        columns = (LedgerAccount.kind, HOLDER_ID, LedgerAccount.balance_minor)
        async with self.database.session() as session:
            rows = (await session.execute(select(*columns).where(LedgerAccount.balance_minor != 0))).all()
        return {kind.value if holder == NOBODY else (kind.value, holder): balance for kind, holder, balance in rows}

    async def of(self, person, kind=AccountKind.AVAILABLE):
        return (await self.balances()).get((kind.value, person.id), 0)

    async def lines(self, entry_id):
        """An entry's amounts by kind of account."""
        statement = (
            select(LedgerAccount.kind, JournalLine.amount_minor)
            .join_from(JournalLine, LedgerAccount)
            .where(JournalLine.entry_id == entry_id)
        )
        async with self.database.session() as session:
            return sorted((kind.value, amount) for kind, amount in await session.execute(statement))

    async def check(self):
        """Books without a fault."""
        async with self.database.session() as session:
            assert await books.check_books(session) == []
            assert (await books.read_trial_balance(session)).balanced

    async def state(self):
        """Everything in the books, to compare."""
        async with self.database.session() as session:
            entries = (await session.execute(select(JournalEntry.id).order_by(JournalEntry.id))).scalars().all()
            lines = (await session.execute(select(JournalLine.id).order_by(JournalLine.id))).scalars().all()
        return entries, lines, await self.balances()


@pytest.fixture
async def desk(make):
    """Deeds of the ledger; the books are checked after each test."""
    made = Desk(make)
    yield made
    await made.check()


@pytest.fixture
async def mina(make):
    return await make.user("mina")


@pytest.fixture
async def kofi(make):
    return await make.user("kofi")


@pytest.fixture
async def operator(make):
    return await make.user("ines", roles=(Role.LISTENER, Role.OPERATOR))
