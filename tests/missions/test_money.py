"""A mission's money by card: back by an operator, disputed while it is held and after it was paid, and called off."""

import pytest

from db import tables
from domain.money import AccountKind
from tests.missions.conftest import CANCEL


@pytest.fixture
async def paid(agency, mina, kofi, till):
    """A mission by card that people decide about, in its window; Stripe has enough for refunds."""
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    mission = await agency.create(mina, fundFrom="CARD", verificationMethod="MANUAL")
    await till.pay(mission["checkout"]["url"])
    await agency.accept(kofi, mission)
    await agency.pass_time(mission, hours=1.5)
    return mission


async def finish(agency, mina, kofi, mission):
    """Let it be done and paid."""
    await agency.submit(kofi, mission)
    await agency.decide(mina, mission)
    assert (await agency.has(kofi), await agency.held()) == (47_50, 0)


async def payment_of(till, mina, mission):
    return (await till.checkout(mina, mission["checkout"]["id"]))["payments"][0]


async def test_called_off_the_card_has_it_back_once(agency, mina, kofi, till):
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    mission = await agency.create(mina, fundFrom="CARD")
    await till.pay(mission["checkout"]["url"])
    for _ in range(2):
        await agency.api(mina).do(CANCEL, missionId=mission["id"])
    await till.settle()
    assert [refund["amount"] for refund in await till.all_at_stripe("refund")] == [50_00]
    assert (await agency.status(mission), await agency.held(), await agency.has(mina)) == ("CANCELLED", 0, 0)
    assert (await payment_of(till, mina, mission))["refunded"]["amount"] == "50.00"


async def test_an_operator_gives_back_what_is_held_whole(agency, mina, kofi, ines, till, paid):
    payment = await payment_of(till, mina, paid)
    part = {"paymentId": payment["id"], "amount": "10.00", "currencyCode": "USD", "note": "Some"}
    with pytest.raises(AssertionError, match="goes back whole"):
        await till.refund(ines, **{"payment_id": part.pop("paymentId"), **part})
    assert (await agency.status(paid), await agency.held()) == ("ACCEPTED", 50_00)
    await till.refund(ines, payment["id"])
    await till.settle()
    assert (await agency.status(paid), await agency.held(), await agency.has(kofi)) == ("CANCELLED", 0, 0)
    assert "MISSION_CANCELLED" in await agency.news(kofi)


async def test_an_operator_gives_back_what_was_paid_in_parts(agency, mina, kofi, ines, till, paid):
    await finish(agency, mina, kofi, paid)
    payment = await payment_of(till, mina, paid)
    await till.refund(ines, payment["id"], amount="20.00", currencyCode="USD")
    await till.settle()
    assert await agency.has(kofi) == 28_50
    await till.refund(ines, payment["id"])
    await till.settle()
    assert (await agency.has(kofi), await agency.status(paid), await agency.held()) == (0, "COMPLETED", 0)
    assert [refund["amount"] for refund in await till.all_at_stripe("refund")] == [20_00, 30_00]


@pytest.mark.parametrize("decided", ["won", "lost"])
async def test_a_dispute_after_it_was_paid(agency, mina, kofi, till, paid, decided):
    await finish(agency, mina, kofi, paid)
    (charge,) = await till.all_at_stripe("charge")
    dispute = await till.stripe("POST", f"/charges/{charge['id']}/dispute", json={})
    await till.settle()
    assert (await agency.has(kofi), await agency.has(kofi, AccountKind.WITHHELD)) == (0, 47_50)
    await till.stripe("POST", f"/disputes/{dispute['id']}/{decided}", json={})
    await till.settle()
    had = (await agency.has(kofi), await agency.has(kofi, AccountKind.WITHHELD))
    assert had == ((47_50, 0) if decided == "won" else (0, 0))
    assert await agency.status(paid) == "COMPLETED"


@pytest.mark.parametrize("decided", ["won", "lost"])
async def test_a_dispute_while_it_is_held(agency, mina, kofi, till, paid, decided):
    (charge,) = await till.all_at_stripe("charge")
    dispute = await till.stripe("POST", f"/charges/{charge['id']}/dispute", json={})
    await till.settle()
    await agency.submit(kofi, paid)
    # Nobody is paid of it now.
    with pytest.raises(AssertionError, match="CONFLICT"):
        await agency.decide(mina, paid)
    assert (await agency.status(paid), await agency.held(), await agency.has(kofi)) == ("IN_REVIEW", 50_00, 0)
    await till.stripe("POST", f"/disputes/{dispute['id']}/{decided}", json={})
    await till.settle()
    if decided == "won":
        await agency.decide(mina, paid)
        assert (await agency.status(paid), await agency.has(kofi)) == ("COMPLETED", 47_50)
    else:
        assert (await agency.status(paid), await agency.held(), await agency.has(kofi)) == ("CANCELLED", 0, 0)


async def test_a_second_payment_goes_back_and_changes_nothing(agency, mina, kofi, till, paid, services):
    (first,) = await till.rows(tables.Payment)
    (charge,) = await till.all_at_stripe("charge")
    assert charge["amount"] == first.amount_minor
    again = await agency.create(mina, fundFrom="CARD")
    await agency.api(mina).do(CANCEL, missionId=again["id"])
    # Its page is closed at Stripe as well.
    (page,) = [each for each in await till.all_at_stripe("checkout.session") if each["status"] != "complete"]
    assert page["status"] == "expired"
    assert (await agency.status(paid), await agency.held()) == ("ACCEPTED", 50_00)
