"""Later work of payouts."""

from __future__ import annotations

from jobs.work import Work
from resolvers.payouts import run, send


async def send_payout(work: Work) -> None:
    """Send a payout. That the vendor is silent is no failure of the job."""
    outcome = await send.send(work.database, work.services, work.payload)
    if outcome is None:
        return
    async with work.finish() as tx:
        seconds = await send.record(tx, work.services, outcome)
        if seconds is not None:
            await work.again(tx, seconds)


async def run_payouts(work: Work) -> None:
    """Make the payouts of a run."""
    done = await run.pay_lines(work.database, work.services, work.payload)
    async with work.finish() as tx:
        if done:
            await run.finish(tx, work.payload)
        else:
            await work.again(tx, 0)
