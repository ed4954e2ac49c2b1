"""The ledger does what plain sums say, whatever is done in whatever order: generated deeds on the real database."""

import copy
import os
import time

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.expressions.money import HOLDER_ID
from db.queries import books
from db.session import Tx, connect
from db.tables import LedgerAccount, User
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import DomainError
from domain.ids import new_id
from domain.ledger import Occasion
from domain.money import Currency, EntryKind, Money
from domain.splits import Share
from resolvers.ledger import adjust, disputes, holds, payouts, receive, refund
from tests.ledger.model import Model, Refused

LONG = "TEST_EXAMPLES" in os.environ
EXAMPLES, STEPS = (int(os.environ["TEST_EXAMPLES"]), 50) if LONG else (30, 30)

CHECK_NOW, CHECK_LATER = text("SET CONSTRAINTS ALL IMMEDIATE"), text("SET CONSTRAINTS ALL DEFERRED")
AMOUNTS = st.one_of(st.integers(1, 30), st.integers(1, 5000))
WHICH = st.integers(0, 1000)
POINTS = st.sampled_from([0, 333, 500, 10_000])
WEIGHTS = st.dictionaries(st.integers(0, 2), st.integers(1, 9), min_size=1, max_size=3)
CURRENCIES = st.sampled_from(["USD", "USD", "USD", "JPY"])
KINDS = st.sampled_from([EntryKind.TIP, EntryKind.SALE, EntryKind.BOOKING, EntryKind.MISSION, EntryKind.ROYALTY])


def some(name):
    """A rule needs one of these."""
    return precondition(lambda machine: machine.made[name])


class Ledger(RuleBasedStateMachine):
    """Deeds, the model beside them, and what has to hold after each."""

    loop = engine = None
    done = refused = 0

    @initialize()
    def open(self):
        self.model = Model()
        self.made = {name: [] for name in ("payments", "refunds", "disputes", "holds", "payouts", "adjustments")}
        self.booked = []
        self.subject = ("Broadcast", new_id())
        self.people = [new_id() for _ in range(3)]
        self.actor = Actor(new_id(), frozenset({Role.OPERATOR}), session_id=new_id())
        self.run(self._open())
        for person in range(3):
            self.receive("USD", EntryKind.TIP, 200, {person: 1}, 0, pending=False)

    async def _open(self):
        # Everything happens in one transaction that is undone in the end, each deed in a savepoint of its own.
        self.connection = await self.engine.connect()
        await self.connection.begin()
        rows = [
            {"id": key, "username": key.hex[-20:], "display_name": "Test"} for key in (*self.people, self.actor.user_id)
        ]
        await self.connection.execute(insert(User), rows)

    def teardown(self):
        if hasattr(self, "connection"):
            self.run(self.connection.close())

    def run(self, doing):
        return self.loop.run_until_complete(doing)

    async def _deed(self, deed, *args, **kwargs):
        session = AsyncSession(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        async with session, session.begin():
            posted = await deed(Tx(session), *args, **kwargs)
            await session.execute(CHECK_NOW)
            await session.execute(CHECK_LATER)
            return posted

    async def _ask(self, *doing, **facts):
        try:
            return await self._deed(*doing, **facts), None
        except DomainError as refusal:
            return None, refusal.message

    def both(self, expected, deed, *args, name=None, **kwargs):
        """Do something in the model and in the ledger: both do it or both refuse."""
        before = copy.deepcopy((self.model, self.made))
        try:
            result = expected(self.model)
            allowed = True
        except Refused:
            self.model, self.made = before
            result, allowed = None, False
        posted, said = self.run(self._ask(deed, *args, **kwargs))
        assert (said is None) is allowed, f"{deed.__name__} was to be {'done' if allowed else 'refused'}: {said}"
        type(self).done += allowed
        type(self).refused += not allowed
        if allowed and name:
            result.id = posted.entry_id
            self.made[name].append(result)
        occasion = kwargs.get("occasion")
        if posted and occasion and occasion.origin:
            self.booked.append((deed, args, kwargs, posted.entry_id))
        self.compare()
        return posted

    def compare(self):
        self.run(self._compare())

    async def _compare(self):
        columns = (LedgerAccount.kind, HOLDER_ID, LedgerAccount.currency, LedgerAccount.balance_minor)
        rows = (await self.connection.execute(select(*columns))).all()
        found = {(row[0].value, row[1], row[2].value): row[3] for row in rows if row[3]}
        expected = {
            key: -amount if key[0] == "RECEIVABLE" else amount
            for key, amount in self.model.has.items()
            if amount and key[0] != "HOLD"
        }
        waiting = [held for held in self.made["holds"] if held.state in ("HELD", "DISPUTED")]
        expected |= {("HOLD", held.key, held.currency): held.amount for held in waiting}
        assert found == expected
        assert await books.check_books(self.connection) == []
        for currency in ("USD", "JPY"):
            assert sum(amount for (_, _, each), amount in found.items() if each == currency) == 0
            for person in self.people:
                self.reconcile(found, waiting, person, currency)
        signed = {"FEES", "CLEARING", "RECEIVABLE"}
        assert all(amount > 0 for (kind, _, _), amount in found.items() if kind not in signed)

    def reconcile(self, found, waiting, person, currency):
        """What somebody has and had is what they got, less what was taken back."""
        here = sum(amount for (_, holder, each), amount in found.items() if (holder, each) == (person, currency))
        held = sum(held.amount for held in waiting if (held.payer, held.currency) == (person, currency))
        flow = {
            name: self.model.flows[name, person, currency]
            for name in ("earned", "adjusted", "refunded", "spent", "paid")
        }
        assert here + held + flow["paid"] == flow["earned"] + flow["adjusted"] - flow["refunded"] - flow["spent"]

    def pick(self, name, which):
        """One of the latest: what is done to the same thing again is what is interesting."""
        return self.made[name][-1 - which % min(3, len(self.made[name]))]

    def occasion(self):
        return Occasion("Generated", subject=self.subject, origin=("stripe", new_id().hex))

    def shares(self, weights):
        split = {self.people[person]: weight for person, weight in weights.items()}
        return split, [Share(person, weight) for person, weight in split.items()]

    @rule(currency=CURRENCIES, kind=KINDS, amount=AMOUNTS, weights=WEIGHTS, points=POINTS, pending=st.booleans())
    def receive(self, currency, kind, amount, weights, points, pending):
        split, shares = self.shares(weights)
        self.both(
            lambda model: model.receive(currency, amount, split, points, pending),
            receive.receive,
            kind,
            Money(amount, Currency(currency)),
            shares,
            fee_basis_points=points,
            pending=pending,
            occasion=self.occasion(),
            name="payments",
        )

    @some("payments")
    @rule(which=WHICH)
    def mature(self, which):
        payment = self.pick("payments", which)
        self.both(lambda model: model.mature(payment), receive.mature, payment.id, self.occasion())

    @rule(currency=CURRENCIES, amount=AMOUNTS, payer=st.none() | st.integers(0, 2))
    def hold(self, currency, amount, payer):
        key, person = new_id(), None if payer is None else self.people[payer]

        def expected(model):
            held = model.hold(currency, amount, person)
            held.key = key
            return held

        money = Money(amount, Currency(currency))
        payee = self.people[0]
        self.both(
            expected, holds.hold, key, money, occasion=self.occasion(), payer_id=person, payee_id=payee, name="holds"
        )

    @some("holds")
    @rule(which=WHICH, weights=WEIGHTS, points=POINTS, pending=st.booleans())
    def release(self, which, weights, points, pending):
        held = self.pick("holds", which)
        split, shares = self.shares(weights)
        facts = {"fee_basis_points": points, "pending": pending, "occasion": self.occasion()}
        self.both(
            lambda model: model.release(held, split, points, pending),
            holds.release,
            held.key,
            shares,
            name="payments",
            **facts,
        )

    @some("holds")
    @rule(which=WHICH, deed=st.sampled_from([holds.give_back, holds.freeze, holds.thaw]))
    def end_hold(self, which, deed):
        held = self.pick("holds", which)
        to = {holds.freeze: "DISPUTED", holds.thaw: "HELD"}.get(deed)
        expected = (lambda model: model.move(held, to)) if to else (lambda model: model.give_back(held))
        self.both(expected, deed, held.key, occasion=Occasion("Generated", subject=self.subject))

    @some("payments")
    @rule(which=WHICH, amount=st.none() | AMOUNTS)
    def refund(self, which, amount):
        payment = self.pick("payments", which)
        money = amount and Money(amount, Currency(payment.currency))
        self.both(
            lambda model: model.refund(payment, amount),
            refund.refund,
            payment.id,
            money,
            occasion=self.occasion(),
            name="refunds",
        )

    @some("payments")
    @rule(which=WHICH, amount=AMOUNTS)
    def dispute(self, which, amount):
        payment = self.pick("payments", which)
        money = Money(amount, Currency(payment.currency))
        self.both(
            lambda model: model.dispute(payment, amount),
            disputes.open_dispute,
            payment.id,
            money,
            occasion=self.occasion(),
            name="disputes",
        )

    @some("disputes")
    @rule(which=WHICH, lost=st.none() | AMOUNTS)
    def decide(self, which, lost):
        opened = self.pick("disputes", which)
        if lost is None:
            self.both(lambda model: model.win(opened), disputes.win_dispute, opened.id, occasion=self.occasion())
            return
        money = Money(lost, Currency(opened.payment.currency))
        self.both(
            lambda model: model.lose(opened, lost), disputes.lose_dispute, opened.id, money, occasion=self.occasion()
        )

    @rule(currency=CURRENCIES, person=st.integers(0, 2), amount=AMOUNTS, everything=st.booleans())
    def claim(self, currency, person, amount, everything):
        key = self.people[person]
        amount = (everything and self.model.has["AVAILABLE", key, currency]) or amount
        self.both(
            lambda model: model.claim(currency, key, amount),
            payouts.claim,
            key,
            Money(amount, Currency(currency)),
            occasion=self.occasion(),
            name="payouts",
        )

    @some("payouts")
    @rule(which=WHICH, to=st.sampled_from(["SETTLED", "FAILED", "BACK"]), fee=st.integers(0, 3))
    def end_payout(self, which, to, fee):
        payout = self.pick("payouts", which)
        fee = min(fee, payout.amount - 1)
        if to == "BACK":
            # A payout that never arrived is asked by its claim, which is refused.
            named = getattr(payout, "settled_id", payout.id)
            whole = Money(payout.amount - getattr(payout, "fee", 0), Currency(payout.currency))
            self.both(lambda model: model.end(payout, to), payouts.bring_back, named, whole, occasion=self.occasion())
            return
        deed, facts = (payouts.settle, {"fee_minor": fee}) if to == "SETTLED" else (payouts.fail, {})
        posted = self.both(lambda model: model.end(payout, to, fee), deed, payout.id, occasion=self.occasion(), **facts)
        if posted and to == "SETTLED":
            payout.settled_id = posted.entry_id

    @rule(currency=CURRENCIES, person=st.integers(0, 2), amount=st.integers(-300, 300))
    def adjust(self, currency, person, amount):
        key, money = self.people[person], Money(amount, Currency(currency))
        self.both(
            lambda model: model.adjust(currency, key, amount),
            adjust.adjust,
            self.actor,
            key,
            money,
            reason="Generated",
            name="adjustments",
        )

    @precondition(lambda machine: any(machine.made[name] for name in ("payments", "refunds", "adjustments")))
    @rule(which=WHICH)
    def reverse(self, which):
        everything = [done for name in ("payments", "refunds", "adjustments") for done in self.made[name]]
        done = everything[which % len(everything)]
        self.both(lambda model: model.reverse(done), adjust.reverse, self.actor, done.id, reason="Generated")

    @precondition(lambda machine: machine.booked)
    @rule(which=WHICH)
    def again(self, which):
        """What was booked before is booked no second time, whatever happened since."""
        deed, args, kwargs, entry_id = self.booked[which % len(self.booked)]
        posted = self.run(self._deed(deed, *args, **kwargs))
        assert (posted.entry_id, posted.new) == (entry_id, False)
        self.compare()


def plan(runs, steps, *, shrink, derandomize):
    """How often the machine is run, and how far."""
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=derandomize,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def machine(environment):
    """The machine on a connection pool and an event loop of its own."""
    loop = uvloop.new_event_loop()
    Ledger.loop, Ledger.engine = loop, connect(environment["DATABASE_URL"], pool_size=1, application="machine")
    yield Ledger
    loop.run_until_complete(Ledger.engine.dispose())
    loop.close()


@pytest.mark.timeout(6 * 3600)
def test_the_ledger_does_what_the_model_does(machine):
    began = time.monotonic()
    run_state_machine_as_test(
        machine,
        settings=plan(EXAMPLES, STEPS, shrink=not LONG, derandomize=not LONG),
    )
    print(f"{machine.done} deeds, {machine.refused} refused, {time.monotonic() - began:.0f} s")
    assert machine.done > EXAMPLES
    assert machine.refused > EXAMPLES
