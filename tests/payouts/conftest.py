"""People with money, ways to be paid, and the sandbox's Stripe that pays them."""

import pytest
from sqlalchemy import select, update

from db.queries import books
from db.tables import JournalEntry, JournalLine, LedgerAccount, Payout, PayoutMethod, StatusChange
from domain.accounts import Role
from domain.ids import new_id, to_wire
from domain.ledger import Occasion
from domain.money import AccountKind, Currency, EntryKind, Money
from domain.payouts import PayoutMethodKind
from domain.splits import Share
from resolvers.ledger import receive
from resolvers.payouts import methods, request
from tests.client import operation

REQUEST, ADD, REMOVE, DEFAULT, OWN = (
    operation(name)
    for name in ("RequestPayout", "AddPayoutMethod", "RemovePayoutMethod", "SetDefaultPayoutMethod", "Payouts")
)
SETTLE, CONFIRM, REVIEW, RUN, ALL = (
    operation(name)
    for name in ("SettleManualPayout", "ConfirmManualPayout", "ReviewPayout", "RunPayouts", "AllPayouts")
)
VERIFY = """mutation ($input: VerifyPayoutMethodInput!) {
  verifyPayoutMethod(input: $input) { payoutMethod { id verified } userErrors { code message field } }
}"""
STRIPE = "api.stripe.com"
USD = Currency.USD


def usd(minor):
    return Money(minor, USD)


class Till:
    """Gives people money and ways to be paid, and looks at what became of it."""

    def __init__(self, make, sandbox):
        self.make, self.sandbox = make, sandbox
        self.database, self.services = make.database, make.services
        self.subject = ("Broadcast", new_id())

    async def earn(self, person, minor, currency=USD):
        """Let somebody have earned so much."""
        async with self.database.transaction() as tx:
            await receive.receive(
                tx,
                EntryKind.TIP,
                Money(minor, currency),
                [Share(person.id, 1)],
                fee_basis_points=0,
                occasion=Occasion("Test", subject=self.subject),
            )

    async def fill(self, minor=10_000_000, currency="usd"):
        """Put money into the platform's balance at Stripe."""
        await self.sandbox.control("POST", "/stripe/balance", json={"currency": currency, "amount": minor})

    async def stripe(self, person, *, complete=True):
        """Somebody's account at Stripe, all told; gives the method's id."""
        sender = self.services.roads[PayoutMethodKind.STRIPE].sender
        method_id, url = await methods.add_account(
            self.database, self.services, person.actor, sender, country="US", return_to=None
        )
        assert url
        if complete:
            await self.complete(method_id)
            same, nothing = await methods.add_account(
                self.database, self.services, person.actor, sender, country=None, return_to=None
            )
            assert (same, nothing) == (method_id, None)
        return method_id

    async def complete(self, method_id):
        """Let the owner of an account have told Stripe everything."""
        account = (await self.method(method_id)).account
        await self.sandbox.control("POST", f"/stripe/accounts/{account}/complete", json={})
        return account

    async def by_hand(self, person, kind=PayoutMethodKind.CASH_APP, handle="$mina", *, verified=True):
        """An address that people pay to; gives the method's id."""
        road = self.services.roads[kind]
        method_id = await methods.add_by_hand(self.database, self.services, person.actor, road, handle)
        async with self.database.transaction() as tx:
            await tx.session.execute(update(PayoutMethod).where(PayoutMethod.id == method_id).values(verified=verified))
        return method_id

    async def request(self, person, minor=5_000, *, method_id=None, key=None):
        """A payout; gives its id."""
        key = key or str(new_id())
        return await request.request(
            self.database, self.services, person.actor, amount=usd(minor), method_id=method_id, key=key
        )

    async def payout(self, payout_id):
        async with self.database.session() as session:
            return (await session.execute(select(Payout).where(Payout.id == payout_id))).scalar_one()

    async def payouts(self):
        async with self.database.session() as session:
            return (await session.scalars(select(Payout).order_by(Payout.requested_at, Payout.id))).all()

    async def method(self, method_id):
        async with self.database.session() as session:
            return (await session.execute(select(PayoutMethod).where(PayoutMethod.id == method_id))).scalar_one()

    async def history(self, payout_id):
        """The moves of a payout: from, to, by whom, why."""
        columns = (StatusChange.from_status, StatusChange.to_status, StatusChange.changed_by_id, StatusChange.reason)
        statement = select(*columns).where(StatusChange.subject_id == payout_id)
        async with self.database.session() as session:
            return [tuple(row) for row in await session.execute(statement.order_by(StatusChange.changed_at))]

    async def has(self, person, kind=AccountKind.AVAILABLE, currency=USD):
        """What somebody has in minor units."""
        return await self._balance(person.id, kind, currency)

    async def cleared(self, currency=USD):
        """What went out, less what came in."""
        return await self._balance(None, AccountKind.CLEARING, currency)

    async def _balance(self, owner_id, kind, currency):
        statement = select(LedgerAccount.balance_minor).where(
            LedgerAccount.owner_id.is_not_distinct_from(owner_id),
            LedgerAccount.kind == kind,
            LedgerAccount.currency == currency,
        )
        async with self.database.session() as session:
            return (await session.execute(statement)).scalar_one_or_none() or 0

    async def sent(self):
        """Stripe's transfers by our reference: amounts, as many as there are."""
        found = (await self.sandbox.control("GET", "/stripe/all/transfer"))["data"]
        made = {}
        for each in found:
            made.setdefault(each["metadata"]["reference"], []).append(each["amount"])
        return made

    async def booked(self):
        """What our books say that Stripe sent, by its id."""
        statement = (
            select(JournalEntry.reference, JournalLine.amount_minor)
            .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
            .join(LedgerAccount, LedgerAccount.id == JournalLine.account_id)
            .where(JournalEntry.source == "stripe", JournalEntry.kind == EntryKind.PAYOUT)
            .where(LedgerAccount.kind == AccountKind.CLEARING)
        )
        async with self.database.session() as session:
            return dict((await session.execute(statement)).all())

    async def check(self):
        """Books without a fault."""
        async with self.database.session() as session:
            assert await books.check_books(session) == []
            assert (await books.read_trial_balance(session)).balanced


@pytest.fixture
async def till(make, sandbox):
    """Money for people; the books are checked after each test."""
    made = Till(make, sandbox)
    yield made
    await made.check()


@pytest.fixture
async def mina(make):
    return await make.user("mina")


@pytest.fixture
async def ines(make):
    return await make.user("ines", roles=(Role.LISTENER, Role.OPERATOR))


@pytest.fixture
async def ola(make):
    return await make.user("ola", roles=(Role.LISTENER, Role.OPERATOR))


def wire(payout_id):
    return to_wire("payout", payout_id)
