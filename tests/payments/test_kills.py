"""kill -9 between what Stripe did and what we wrote down: one page, one tip, one refund."""

import asyncio

import pytest
from sqlalchemy import func, update

from db import tables
from domain.jobs import JobKind
from tests.client import Api
from tests.payments.conftest import REFUND, TIP

SLOW = 1.5


@pytest.mark.parametrize("kind", ["delay", "drop_after_effect"])
async def test_a_web_process_dies_while_stripe_opens_the_page(till, room, kofi, sandbox, fleet, kind):
    process = await fleet.start("web")
    fault = {"host": "api.stripe.com", "path": "/v1/checkout", "method": "POST", "times": 1}
    await sandbox.fault(kind=kind, **fault, **({"seconds": SLOW} if kind == "delay" else {}))
    given = {"broadcastId": room.wire, "amount": "5.00", "idempotencyKey": "killed"}
    asking = asyncio.create_task(Api(process.url, kofi.token)(TIP, input=given))
    async with asyncio.timeout(20):
        while not await sandbox.calls("api.stripe.com", "/v1/checkout/*"):
            await asyncio.sleep(0.02)
    await process.kill()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.sleep(SLOW)
    # Stripe has done it, and nobody has written it down.
    assert len(await till.all_at_stripe("checkout.session")) == 1
    (checkout,) = await till.rows(tables.Checkout)
    assert (checkout.status, checkout.vendor_id) == ("OPENING", None)
    await till.follow()
    tip = await till.tip(kofi, room, key="killed")
    assert tip["checkout"]["status"] == "OPEN"
    await till.pay(tip["checkout"]["url"])
    assert len(await till.all_at_stripe("checkout.session")) == 1
    assert (len(await till.rows(tables.Tip)), await till.of(room.curator)) == (1, 475)


async def test_a_worker_dies_while_stripe_gives_back(till, room, kofi, operator, sandbox, fleet, database):
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    tip = await till.tip(kofi, room)
    await till.pay(tip["checkout"]["url"])
    payment = await till.payment(kofi, tip)
    await till.stripe("POST", "/delivery", json={"copies": 0})
    fault = {"host": "api.stripe.com", "path": "/v1/refunds", "method": "POST"}
    await sandbox.fault(kind="status", status=503, times=1, **fault)
    given = {"paymentId": payment["id"], "note": "Killed", "idempotencyKey": "killed"}
    assert (await till.api(operator).do(REFUND, **given))["refund"]["status"] == "REQUESTED"
    await sandbox.fault(kind="delay", seconds=SLOW, times=1, **fault)
    before = len(await sandbox.calls("api.stripe.com", "/v1/refunds"))
    worker = await fleet.start("worker")
    await till.ring(JobKind.SEND_REFUND)
    for _ in range(300):
        (job,) = [row for row in await till.rows(tables.JobRow) if row.kind == JobKind.SEND_REFUND]
        if job.status == "RUNNING":
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(SLOW / 2)
    await worker.kill()
    await asyncio.sleep(SLOW)
    assert len(await till.all_at_stripe("refund")) == 1
    assert len(await sandbox.calls("api.stripe.com", "/v1/refunds")) > before
    assert [row.status for row in await till.rows(tables.Refund)] == ["REQUESTED"]
    async with database.transaction() as tx:
        lapsed = update(tables.JobRow).where(tables.JobRow.status == "RUNNING").values(lease_until=func.now())
        await tx.session.execute(lapsed)
    await till.settle()
    assert len(await till.all_at_stripe("refund")) == 1
    assert [row.status for row in await till.rows(tables.Refund)] == ["SENT"]
    assert await till.of(room.curator) == 0
