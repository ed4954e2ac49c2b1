"""Many movements over the accounts that all share, each held open for a while: they wait, and none in a circle."""

import asyncio

from domain.ids import new_id
from domain.ledger import Occasion
from domain.money import AccountKind
from resolvers.ledger import payouts
from tests.payouts.conftest import usd


async def test_many_who_settle_at_once_wait_for_each_other_in_no_circle(till, make, database):
    people = [await make.user() for _ in range(8)]
    for person in people:
        await till.earn(person, 30_000)

    async def go(person, number):
        about = Occasion("Test", subject=("Payout", new_id()))
        async with database.transaction() as tx:
            claimed = await payouts.claim(tx, person.id, usd(10_000), occasion=about)
        async with database.transaction() as tx:
            settle = payouts.fail if number == 2 else payouts.settle
            await settle(tx, claimed.entry_id, occasion=about)
            await asyncio.sleep(0.03)

    for number in range(3):
        await asyncio.gather(*(go(person, number) for person in people))
    for person in people:
        assert (await till.has(person), await till.has(person, AccountKind.IN_TRANSIT)) == (10_000, 0)
    assert await till.cleared() == 8 * (20_000 - 30_000)
