"""`python -m tests.chaos.restarts`: workers are told to end (SIGTERM) over a thousand jobs, and nobody pays for it."""

import asyncio

from tests.chaos.crowd import TRANSFERS
from tests.chaos.yard import run

ENDS_WITHIN = 20.0


async def restart(yard, restarts, jobs):
    """Tell a worker to end so often, among so many jobs; what is under way is given up, at no cost of an attempt."""
    crowd, ended = yard.crowd, []
    await yard.sandbox.fault(kind="delay", seconds=0.2, **TRANSFERS)
    workers = await yard.workers()
    for number in range(restarts):
        await crowd.ask(jobs // restarts + (number < jobs % restarts))
        await asyncio.sleep(crowd.dice.uniform(0.2, 1.5))
        process = workers[number % 2].process
        process.terminate()
        async with asyncio.timeout(ENDS_WITHIN):
            ended.append(await process.wait())
        workers[number % 2 : number % 2 + 1] = await yard.workers(1)
    await yard.sandbox.calm()
    took = await crowd.settled()
    await crowd.verify()
    again = await crowd.taken_up()
    assert set(ended) == {0}, f"a worker ended with {set(ended)}"
    return (
        f"SIGTERM {restarts} times in {len(crowd.asked)} jobs, {again} given up and taken up again; 0 lost, 0 doubled, "
        f"0 attempts used up, all settled {took:.1f} s after the last"
    )


if __name__ == "__main__":
    run(restart, restarts=50, jobs=1000)
