"""`python -m tests.chaos.silence`: a vendor that does what it is asked and does not say so, over a thousand payouts."""

import asyncio

from sqlalchemy import func, update

from db.tables import JobRow
from domain.jobs import JobStatus
from jobs.run import run_job
from tests.chaos.crowd import TRANSFERS
from tests.chaos.yard import run
from tests.payouts.conftest import STRIPE

ROUNDS = 60
AT_ONCE = 5
KINDS = ("drop_after_effect", "status_after_effect", "half_json", "drop", "status")


async def be_silent(yard, payouts):
    """Lose the vendor's answers to so many payouts, most of them after it has paid."""
    crowd = yard.crowd
    for kind in KINDS:
        await yard.sandbox.fault(kind=kind, probability=0.25, **TRANSFERS)
    await yard.sandbox.fault(
        kind="status", status=503, probability=0.3, host=STRIPE, path="/v1/transfers", method="GET"
    )
    await crowd.ask(payouts)
    turns = 0
    for _ in range(ROUNDS):
        if await crowd.statuses() == {"PAID": len(crowd.asked)}:
            break
        async with crowd.database.transaction() as tx:
            waiting = update(JobRow).where(JobRow.status == JobStatus.PENDING).values(run_at=func.now())
            await tx.session.execute(waiting)
        due = [job.id for job in await crowd.jobs() if job.status is JobStatus.PENDING]
        turns += len(due)
        for start in range(0, len(due), AT_ONCE):
            # Each twice at once: one of the two gets it.
            some = due[start : start + AT_ONCE] * 2
            await asyncio.gather(*(run_job(crowd.database, crowd.services, each) for each in some))
    await crowd.verify()
    assert turns > payouts, "the vendor answered everybody"
    return (
        f"{payouts} payouts, {turns - payouts} times the vendor's answer was lost; "
        f"0 double, 0 lost, our books equal the vendor's journal"
    )


if __name__ == "__main__":
    run(be_silent, payouts=1000)
