"""Workers are killed while money leaves: nothing is paid twice, nothing is lost, and the books are the vendor's.

The sandbox pays again whoever comes without a key, and says nothing after some of what it does. TEST_KILLS says how often
to kill; `TEST_KILLS=200` is the long form.
"""

import asyncio
import os
import random
import time

import pytest
from sqlalchemy import func, select, text, update

from db.queries import payout_methods
from db.tables import JobRow, Payout
from domain.ids import new_id
from domain.jobs import JobKind, JobStatus
from domain.money import AccountKind, Currency, Money
from domain.payouts import PayoutStatus
from jobs.run import run_job
from resolvers.payouts.request import make
from tests.payouts.conftest import STRIPE, Till

KILLS = int(os.environ.get("TEST_KILLS", "8"))
PEOPLE = 6
EACH_KILL = 5
"""So many payouts are asked for between two kills."""

SETTLED_WITHIN = 60.0
TRANSFERS = {"host": STRIPE, "path": "/v1/transfers", "method": "POST"}

pytestmark = [pytest.mark.alone, pytest.mark.timeout(180 + 20 * KILLS)]


class Crowd(Till):
    """Many payouts of many people, under way at once."""

    def __init__(self, make, sandbox):
        super().__init__(make, sandbox)
        self.dice = random.Random(11)
        self.people, self.asked = [], {}

    async def gather(self, count):
        """Let so many people have a lot of money and an account at Stripe."""
        await self.fill(1_000_000_000)
        for _ in range(count):
            person = await self.make.user()
            await self.earn(person, 100_000_000)
            await self.stripe(person)
            self.people.append(person)

    async def ask(self, count):
        """Ask for so many payouts, of whomever and however much."""
        for _ in range(count):
            person, minor, payout_id = self.dice.choice(self.people), self.dice.randint(5_000, 90_000), new_id()
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

    async def settled(self, within):
        """Wait until all are paid; gives the seconds that it took."""
        began = time.monotonic()
        while await self.statuses() != {"PAID": len(self.asked)}:
            assert time.monotonic() - began < within, await self.statuses()
            await asyncio.sleep(0.2)
        return time.monotonic() - began

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
            assert await self.has(person) == 100_000_000 - mine
            assert await self.has(person, AccountKind.IN_TRANSIT) == 0
        await self.check()
        jobs = await self.jobs()
        assert {(job.status, job.failures) for job in jobs} == {(JobStatus.DONE, 0)}
        assert len(jobs) == len(self.asked)

    async def jobs(self):
        async with self.database.session() as session:
            return (await session.scalars(select(JobRow).where(JobRow.kind == JobKind.SEND_PAYOUT))).all()

    async def lost(self):
        """How often a worker was lost over a payout that the vendor had done: found by who asked again."""
        calls = await self.sandbox.calls(STRIPE, "/v1/transfers")
        return sum(call["method"] == "GET" for call in calls)

    async def between(self, workers):
        """Kill all workers while one of them waits to record what the vendor has done."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            async with self.database.transaction() as tx:
                held = await tx.session.scalar(
                    select(Payout.id)
                    .where(
                        Payout.status == PayoutStatus.SENDING, Payout.sending_at > func.now() - text("'1 s'::interval")
                    )
                    .limit(1)
                    .with_for_update(skip_locked=True)
                )
                if held is not None and await self._done(str(held)):
                    await asyncio.sleep(0.1)
                    for worker in workers:
                        await worker.kill()
                    return True
            await asyncio.sleep(0.02)
        return False

    async def _done(self, reference):
        """Wait a little for the vendor to do what the worker asks it."""
        for _ in range(30):
            if reference in await self.sent():
                return True
            await asyncio.sleep(0.03)
        return False


@pytest.fixture
async def crowd(make, sandbox):
    made = Crowd(make, sandbox)
    await made.gather(PEOPLE)
    return made


async def test_workers_are_killed_over_payouts(crowd, sandbox, fleet):
    await sandbox.fault(kind="delay", seconds=0.25, **TRANSFERS)
    await sandbox.fault(kind="drop_after_effect", probability=0.1, **TRANSFERS)
    await sandbox.fault(kind="status_after_effect", status=500, probability=0.1, **TRANSFERS)
    await sandbox.fault(kind="status", status=503, probability=0.1, **TRANSFERS)
    workers = [await fleet.start("worker") for _ in range(2)]
    aimed = 0
    for number in range(KILLS):
        await crowd.ask(EACH_KILL)
        if number % 2:
            aimed += await crowd.between(workers)
            workers = [await fleet.start("worker") for _ in range(2)]
        else:
            await asyncio.sleep(crowd.dice.uniform(0.3, 3.0))
            await workers.pop(crowd.dice.randrange(2)).kill()
            workers.append(await fleet.start("worker"))
    await sandbox.calm()
    took = await crowd.settled(SETTLED_WITHIN)
    await crowd.verify()
    assert aimed >= KILLS // 4, "too few were killed between the vendor's effect and our record of it"
    print(f"{len(crowd.asked)} payouts, {KILLS} kills, {aimed} between effect and record, settled after {took:.1f} s")


async def test_workers_are_restarted_over_payouts(crowd, sandbox, fleet):
    """SIGTERM: what is under way is given up, and nobody is charged an attempt for it."""
    restarts = max(3, KILLS // 4)
    await sandbox.fault(kind="delay", seconds=0.2, **TRANSFERS)
    workers = [await fleet.start("worker") for _ in range(2)]
    for number in range(restarts):
        await crowd.ask(20)
        await asyncio.sleep(crowd.dice.uniform(0.2, 1.5))
        workers[number % 2].process.terminate()
        async with asyncio.timeout(20):
            await workers[number % 2].process.wait()
        workers[number % 2] = await fleet.start("worker")
    await sandbox.calm()
    took = await crowd.settled(SETTLED_WITHIN)
    await crowd.verify()
    print(f"{len(crowd.asked)} payouts, {restarts} restarts, settled after {took:.1f} s")


async def test_a_vendor_that_is_silent_after_what_it_does(crowd, sandbox, database, services):
    """Our books are the vendor's, whatever of its answers arrives."""
    for kind in ("drop_after_effect", "status_after_effect", "half_json", "drop", "status"):
        await sandbox.fault(kind=kind, probability=0.25, **TRANSFERS)
    await sandbox.fault(kind="status", status=503, probability=0.3, host=STRIPE, path="/v1/transfers", method="GET")
    await crowd.ask(5 * KILLS)
    for _ in range(60):
        if await crowd.statuses() == {"PAID": len(crowd.asked)}:
            break
        async with database.transaction() as tx:
            waiting = update(JobRow).where(JobRow.status == JobStatus.PENDING).values(run_at=func.now())
            await tx.session.execute(waiting)
        due = [job.id for job in await crowd.jobs() if job.status is JobStatus.PENDING]
        for start in range(0, len(due), 5):
            # Each twice at once: one of the two gets it.
            await asyncio.gather(*(run_job(database, services, each) for each in due[start : start + 5] * 2))
    await crowd.verify()
    assert await crowd.lost() > 0
