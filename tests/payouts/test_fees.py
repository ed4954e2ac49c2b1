"""Fees of payouts: known before, kept once when the money arrives, and given back with what does not."""

import dataclasses

import pytest

from domain.ids import new_id
from domain.money import AccountKind
from domain.payouts import PayoutMethodKind, PayoutStatus
from integrations.environment import payout_fees
from tests.payouts.conftest import ALL, CONFIRM, REQUEST, REVIEW, SETTLE, wire

SHOWN = """{ viewer { payoutMethods { kind fee(amount: "60.00", currencyCode: USD) { amount currencyCode } }
  payouts(first: 1) { nodes { status amount { amount } fee { amount } } } } }"""
ASKED = {"amount": "60.00", "currencyCode": "USD"}


@pytest.fixture
def fees(services):
    """Roads that cost something, as PAYOUT_FEES says it."""
    before = dict(services.roads)

    def charge(percents):
        for kind, points in payout_fees(percents).items():
            road = services.roads[PayoutMethodKind(kind)]
            services.roads[PayoutMethodKind(kind)] = dataclasses.replace(road, fee_basis_points=points)

    yield charge
    services.roads.update(before)


@pytest.fixture
async def rich(till, mina):
    await till.fill()
    await till.earn(mina, 10_000)
    return mina


async def kept(till):
    return await till._balance(None, AccountKind.FEES, "USD")


async def test_a_fee_by_stripe(api, till, rich, fees, run_jobs):
    fees("STRIPE:1.5")
    await till.stripe(rich)
    (method,) = (await api(rich)(SHOWN))["viewer"]["payoutMethods"]
    assert method["fee"] == {"amount": "0.90", "currencyCode": "USD"}
    asked = (await api(rich).do(REQUEST, **ASKED, idempotencyKey="k"))["payout"]
    assert (asked["amount"]["amount"], asked["fee"]["amount"]) == ("60.00", "0.90")
    assert (await kept(till), await till.has(rich, AccountKind.IN_TRANSIT)) == (0, 6_000)
    # What was shown holds, whatever it costs later.
    fees("STRIPE:50")
    await run_jobs()
    (payout,) = await till.payouts()
    assert (payout.status, payout.fee_minor) == (PayoutStatus.PAID, 90)
    assert await till.sent() == {str(payout.id): [5_910]}
    assert (await kept(till), await till.cleared(), await till.has(rich)) == (90, -10_000 + 5_910, 4_000)
    news = (await api(rich)("{ viewer { notifications { nodes { title } } } }"))["viewer"]["notifications"]["nodes"]
    assert news == [{"title": "59.10 USD paid out"}]


async def test_a_fee_by_hand(api, till, rich, fees, ines, ola):
    fees("CASH_APP:2")
    await till.by_hand(rich)
    assert (await api(rich)(SHOWN))["viewer"]["payoutMethods"][0]["fee"]["amount"] == "1.20"
    asked = (await api(rich).do(REQUEST, **ASKED, idempotencyKey="k"))["payout"]
    (shown,) = (await api(ines)(ALL, first=5, filter={"manual": True}))["payouts"]["nodes"]
    assert shown["instructions"].startswith("Pay 58.80 USD by Cash App to $mina")
    await api(ines).do(SETTLE, payoutId=asked["id"], reference="CA-1")
    assert await kept(till) == 0
    for _ in range(2):
        await api(ola).do(CONFIRM, payoutId=asked["id"])
    assert (await kept(till), await till.cleared(), await till.has(rich)) == (120, -10_000 + 5_880, 4_000)


async def test_what_does_not_arrive_costs_nothing(api, till, mina, fees, ines, run_jobs):
    fees("STRIPE:1.5")
    await till.earn(mina, 10_000)
    await till.stripe(mina)
    payout_id = await till.request(mina, 6_000)
    await run_jobs()
    assert (await till.payout(payout_id)).status is PayoutStatus.FAILED
    assert (await till.has(mina), await kept(till)) == (10_000, 0)
    await till.fill()
    await api(ines).do(REVIEW, payoutId=wire(payout_id), decision="RETRY")
    await run_jobs()
    assert (await till.has(mina), await kept(till)) == (4_000, 90)
    assert await till.sent() == {str(payout_id): [5_910]}


async def test_a_fee_that_would_take_all_is_refused(api, till, rich, services, fees):
    await till.by_hand(rich)
    road = services.roads[PayoutMethodKind.CASH_APP]
    fees("CASH_APP:50")
    assert (await api(rich).do(REQUEST, **ASKED, idempotencyKey="half"))["payout"]["fee"]["amount"] == "30.00"
    services.roads[PayoutMethodKind.CASH_APP] = dataclasses.replace(road, fee_basis_points=10_000)
    error = await api(rich).refused(REQUEST, **ASKED, idempotencyKey=str(new_id()))
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["amount"])
    assert (len(await till.payouts()), await till.has(rich)) == (1, 4_000)


@pytest.mark.parametrize("said", ["STRIPE:50.01", "STRIPE:-1", "STRIPE", "PAYPAL:1", "STRIPE:1.555"])
def test_what_is_no_fee_stops_the_start(said):
    with pytest.raises(ValueError, match="must"):
        payout_fees(said)
