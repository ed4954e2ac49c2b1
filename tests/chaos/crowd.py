"""Many people who are paid out at once, and what has to be true of it afterwards."""

import asyncio
import random
import time
from datetime import timedelta

from sqlalchemy import func, select

from db.queries import payout_methods
from db.tables import JobRow, Payout
from domain.ids import new_id
from domain.jobs import JobKind, JobStatus
from domain.money import AccountKind, Currency, Money
from domain.payouts import PayoutStatus
from resolvers.payouts.request import make
from tests.payouts.conftest import STRIPE, Till

PEOPLE = 6
EARNED = 100_000_000
SETTLED_WITHIN = 60.0
TRANSFERS = {"host": STRIPE, "path": "/v1/transfers", "method": "POST"}


class Crowd(Till):
    """Many payouts of many people, under way at once: `asked` is what has to become of them."""

    def __init__(self, make, sandbox):
        super().__init__(make, sandbox)
        self.dice = random.Random(11)
        self.people, self.asked = [], {}

    async def gather(self, count=PEOPLE):
        """Let so many people have a lot of money and an account at Stripe."""
        await self.fill(1_000_000_000)
        for _ in range(count):
            person = await self.make.user()
            await self.earn(person, EARNED)
            await self.stripe(person)
            self.people.append(person)

    def choose(self):
        """Whose next payout it is, and how much."""
        return self.dice.choice(self.people), self.dice.randint(5_000, 90_000)

    async def ask(self, count):
        """Ask for so many payouts, of whomever and however much."""
        for _ in range(count):
            (person, minor), payout_id = self.choose(), new_id()
            async with self.database.transaction() as tx:
                method = await payout_methods.find_own(tx.session, person.id, None)
                amount = Money(minor, Currency.USD)
                await make(tx, self.services, payout_id, method, amount, by=person.id, reason="REQUESTED")
            self.asked[payout_id] = (person.id, minor)

    async def statuses(self):
        """How many payouts stand where."""
        statement = select(Payout.status, func.count()).group_by(Payout.status)
        async with self.database.session() as session:
            return {status.value: count for status, count in await session.execute(statement)}

    async def settled(self, within=SETTLED_WITHIN):
        """Wait until all are paid; gives the seconds that it took."""
        began = time.monotonic()
        while await self.statuses() != {"PAID": len(self.asked)}:
            assert time.monotonic() - began < within, await self.statuses()
            await asyncio.sleep(0.2)
        return time.monotonic() - began

    async def fewer_than(self, most):
        """Wait until fewer are to be paid yet."""
        async with asyncio.timeout(SETTLED_WITHIN):
            while len(self.asked) - (await self.statuses()).get("PAID", 0) >= most:
                await asyncio.sleep(0.1)

    async def verify(self):
        """Nothing twice, nothing lost, nothing made up, and no attempt of a job used up."""
        rows = {row.id: row for row in await self.payouts()}
        assert {key: (row.user_id, row.amount_minor) for key, row in rows.items()} == self.asked
        sent = await self.sent()
        assert sent == {str(key): [minor] for key, (_, minor) in self.asked.items()}
        transfers = (await self.sandbox.control("GET", "/stripe/all/transfer"))["data"]
        assert await self.booked() == {each["id"]: each["amount"] for each in transfers}
        assert {row.reference for row in rows.values()} == {each["id"] for each in transfers}
        for person in self.people:
            mine = sum(minor for owner, minor in self.asked.values() if owner == person.id)
            assert await self.has(person) == EARNED - mine
            assert await self.has(person, AccountKind.IN_TRANSIT) == 0
        await self.check()
        jobs = await self.jobs()
        assert {(job.status, job.failures) for job in jobs} == {(JobStatus.DONE, 0)}
        assert len(jobs) == len(self.asked)

    async def jobs(self):
        """The promises to send."""
        async with self.database.session() as session:
            return (await session.scalars(select(JobRow).where(JobRow.kind == JobKind.SEND_PAYOUT))).all()

    async def taken_up(self):
        """How many payouts were taken up by another worker than the one that began."""
        return sum(job.fence > 1 for job in await self.jobs())

    async def sending(self, session):
        """Hold the row of a payout that a worker has just begun to send, so that it cannot be recorded; its id."""
        lately = func.now() - timedelta(seconds=1)
        begun = select(Payout.id).where(Payout.status == PayoutStatus.SENDING, Payout.sending_at > lately)
        return await session.scalar(begun.limit(1).with_for_update(skip_locked=True))

    async def arrived(self, payout_id):
        """Wait a little for the vendor to do what the worker asks it."""
        for _ in range(20):
            if str(payout_id) in await self.sent():
                return True
            await asyncio.sleep(0.05)
        return False
