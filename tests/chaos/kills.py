"""`python -m tests.chaos.kills`: workers are killed while money leaves, also between the vendor's effect and our record.

The sandbox pays again whoever comes without a key, and says nothing after some of what it does.
"""

import asyncio
import time

from tests.chaos.crowd import TRANSFERS
from tests.chaos.yard import run

WAIT_FOR_ONE = 20.0
HEAP = 40
"""So many wait at most, however slow the machine is: who loses ten workers in a row is put aside for people to see."""


async def kill(yard, kills, each):
    """Kill so many workers with -9, and ask for some payouts before each blow."""
    crowd, made, aimed = yard.crowd, 0, 0
    await yard.sandbox.fault(kind="delay", seconds=0.25, **TRANSFERS)
    await yard.sandbox.fault(kind="drop_after_effect", probability=0.1, **TRANSFERS)
    await yard.sandbox.fault(kind="status_after_effect", status=500, probability=0.1, **TRANSFERS)
    await yard.sandbox.fault(kind="status", status=503, probability=0.1, **TRANSFERS)
    workers = await yard.workers()
    while made < kills:
        await crowd.fewer_than(HEAP)
        await crowd.ask(each)
        victims = [crowd.dice.choice(workers)]
        if crowd.dice.random() < 0.5:
            # Whichever of them has it.
            victims = workers
            aimed += await between(crowd, victims)
        else:
            await asyncio.sleep(crowd.dice.uniform(0.3, 3.0))
            await victims[0].kill()
        made += len(victims)
        workers = [worker for worker in workers if worker not in victims] + await yard.workers(len(victims))
    await yard.sandbox.calm()
    took = await crowd.settled()
    await crowd.verify()
    assert aimed >= kills // 8, "too few were killed between the vendor's effect and our record of it"
    again = await crowd.taken_up()
    return (
        f"{made} workers killed with -9, {aimed} times between the vendor's effect and our record; {len(crowd.asked)} "
        f"payouts, {again} taken up by another worker; 0 double, 0 lost, all settled {took:.1f} s after the last kill"
    )


async def between(crowd, workers):
    """Kill all workers while one of them waits to record what the vendor has done; whether one did."""
    until, found = time.monotonic() + WAIT_FOR_ONE, False
    while not found and time.monotonic() < until:
        async with crowd.database.transaction() as tx:
            held = await crowd.sending(tx.session)
            if held is not None and await crowd.arrived(held):
                await asyncio.sleep(0.1)
                found = True
                await asyncio.gather(*(worker.kill() for worker in workers))
        await asyncio.sleep(0.02)
    await asyncio.gather(*(worker.kill() for worker in workers))
    return found


if __name__ == "__main__":
    run(kill, kills=200, each=2)
