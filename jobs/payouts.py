"""Later work of payouts."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from domain.errors import DomainError, NotConfigured, RateLimited, Unavailable
from jobs.work import Work
from resolvers.payouts import recover, returns, run, send

SILENT: Final = (Unavailable, RateLimited, NotConfigured)
SILENT_SECONDS: Final = 60.0
"""How long to leave a vendor alone that does not answer."""


async def send_payout(work: Work) -> None:
    """Send a payout. That the vendor is silent is no failure of the job."""
    outcome = await send.send(work.database, work.services, work.payload)
    if outcome is None:
        return
    async with work.finish() as tx:
        seconds = await send.record(tx, work.services, outcome)
        if seconds is not None:
            await work.again(tx, seconds)


async def recover_debt(work: Work) -> None:
    """See what can be taken back of payouts to somebody who owes the platform something."""
    try:
        funds = await recover.read_funds(work.database, work.services, work.payload)
    except SILENT as silence:
        await _wait(work, silence)
        return
    async with work.finish() as tx:
        await recover.plan(tx, work.payload, funds)


async def take_back(work: Work) -> None:
    """Have money of a payout come back."""
    try:
        await returns.take_back(work.database, work.services, UUID(work.payload["returnId"]))
    except SILENT as silence:
        await _wait(work, silence)


async def _wait(work: Work, silence: DomainError) -> None:
    """Ask again later: that the vendor does not answer is no failure of the job."""
    async with work.finish() as tx:
        await work.again(tx, max(SILENT_SECONDS, silence.retry_after_seconds or 0.0))


async def run_payouts(work: Work) -> None:
    """Make the payouts of a run."""
    done = await run.pay_lines(work.database, work.services, work.payload)
    async with work.finish() as tx:
        if done:
            await run.finish(tx, work.payload)
        else:
            await work.again(tx, 0)
