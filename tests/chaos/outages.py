"""`python -m tests.chaos.outages`: Valkey is killed and PostgreSQL restarted at once, while payouts are asked and sent."""

import asyncio
import time
from statistics import median

from sqlalchemy.exc import SQLAlchemyError

from domain.ids import new_id
from domain.money import Currency, Money
from resolvers.payouts.request import request
from tests.chaos.crowd import TRANSFERS
from tests.chaos.yard import run

PEOPLE = 60
"""More than elsewhere: each may ask ten times in a minute."""

RECOVERED_WITHIN = 5.0


class Asking:
    """Somebody who asks for one payout after the other, each until it is answered, as a client does."""

    def __init__(self, crowd):
        self.crowd, self.failures, self.answered = crowd, [], []
        self._enough = asyncio.Event()
        self._task = asyncio.create_task(self._go_on())

    async def end(self):
        """Have the last one answered."""
        self._enough.set()
        await self._task

    async def recovered(self, since):
        """Wait until one is answered that was asked after a moment; the seconds since then."""
        while not self.answered or self.answered[-1][0] < since:
            assert not self._task.done(), self._task.exception()
            await asyncio.sleep(0.02)
        return self.answered[-1][1] - since

    async def _go_on(self):
        while not self._enough.is_set():
            (person, minor), key = self.crowd.choose(), str(new_id())
            asked_at, payout_id = await self._ask(person, Money(minor, Currency.USD), key)
            self.crowd.asked[payout_id] = (person.id, minor)
            self.answered.append((asked_at, time.monotonic()))
            await asyncio.sleep(self.crowd.dice.uniform(0.05, 0.2))

    async def _ask(self, person, amount, key):
        crowd = self.crowd
        while True:
            began = time.monotonic()
            try:
                given = {"amount": amount, "method_id": None, "key": key}
                return began, await request(crowd.database, crowd.services, person.actor, **given)
            except (SQLAlchemyError, OSError) as error:
                self.failures.append(type(error).__name__)
                await asyncio.sleep(0.1)


async def break_down(yard, valkey, postgres):
    """Kill Valkey so often and restart PostgreSQL so often; every second time Valkey comes back with nothing."""
    crowd = yard.crowd
    await yard.sandbox.fault(kind="delay", seconds=0.25, **TRANSFERS)
    await yard.sandbox.fault(kind="drop_after_effect", probability=0.1, **TRANSFERS)
    await yard.workers()
    asking, back = Asking(crowd), []
    for number in range(valkey):
        await asyncio.sleep(crowd.dice.uniform(0.3, 1.5))
        await yard.kill_valkey(empty=bool(number % 2))
    assert asking.failures == [], "somebody could not ask while Valkey was away"
    for _ in range(postgres):
        await asyncio.sleep(crowd.dice.uniform(0.3, 1.5))
        await yard.restart_postgres()
        back.append(await asking.recovered(time.monotonic()))
    await asking.end()
    assert asking.failures, "nobody met a PostgreSQL that was away"
    await yard.sandbox.calm()
    took = await crowd.settled()
    await crowd.verify()
    assert max(back) < RECOVERED_WITHIN, back
    return (
        f"Valkey killed {valkey} times, PostgreSQL restarted at once {postgres} times; {len(crowd.asked)} payouts, "
        f"{len(asking.failures)} times asking failed and was repeated with its key, none of them for Valkey; answered "
        f"again {median(back):.2f} s (at most {max(back):.2f} s) after PostgreSQL was back; {await crowd.taken_up()} "
        f"taken up again; 0 double, 0 lost, all settled {took:.1f} s after the last, our books equal the vendor's journal"
    )


if __name__ == "__main__":
    run(break_down, people=PEOPLE, valkey=20, postgres=20)
