"""Asking for a track: from a balance, by card, and what cannot be asked for."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from db import tables
from demo.missions import offer_missions
from domain.accounts import Role
from tests.missions.conftest import CANCEL, CREATE, LIST


async def test_of_a_balance_it_is_held_and_open_at_once(agency, mina, kofi):
    mission = await agency.create(mina, description="  Loud  ", autoVerify=True, requiresGig=False)
    assert (mission["status"], mission["budget"]) == ("OPEN", {"amount": "50.00", "currencyCode": "USD"})
    assert mission["trackRequirement"]["isrc"] == "GBAYE0600001"
    assert mission["venue"] == {"name": "Zouk", "city": "Málaga", "latitude": 36.7, "longitude": -4.4}
    assert (mission["verificationMethod"], mission["checkout"], mission["runner"]) == ("AUTOMATED", None, None)
    assert (await agency.has(mina), await agency.held()) == (0, 50_00)
    row = await agency.row(mission)
    assert (row.description, row.auto_verify, row.requires_gig) == ("Loud", True, False)
    assert row.fee_basis_points == agency.services.fee_basis_points
    assert (await agency.seen(mina, mission))["viewerActions"] == ["CANCEL"]
    seen = await agency.seen(kofi, mission)
    # 5 % stay with the platform.
    assert (seen["viewerActions"], seen["payment"]["amount"]) == (["ACCEPT"], "47.50")
    async with agency.database.session() as session:
        roles = (await session.execute(select(tables.User.roles).where(tables.User.id == mina.id))).scalar_one()
    assert Role.CURATOR in roles


async def test_the_same_key_is_the_same_mission(agency, mina, make):
    await agency.earn(mina, 500_00)
    asked = agency.asked(key="once")
    made = await asyncio.gather(*(agency.api(mina).do(CREATE, **asked) for _ in range(4)))
    assert len({each["mission"]["id"] for each in made}) == 1
    assert (await agency.has(mina), await make.count(tables.Mission)) == (450_00, 1)
    error = await agency.api(mina).refused(CREATE, **{**asked, "title": "Another"})
    assert (error["code"], error["field"]) == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    assert await make.count(tables.Mission) == 1


HOUR = timedelta(hours=1)


def window(starts, ends):
    now = datetime.now(UTC)
    return {"startsAt": (now + starts).isoformat(), "endsAt": (now + ends).isoformat()}


WRONG = (
    (lambda: {"window": window(HOUR, HOUR / 2)}, "window endsAt"),
    (lambda: {"window": window(HOUR, HOUR)}, "window endsAt"),
    (lambda: {"window": window(-HOUR, HOUR)}, "window startsAt"),
    (lambda: {"window": window(-2 * HOUR, -HOUR)}, "window startsAt"),
    (lambda: {"window": window(HOUR, timedelta(days=33))}, "window endsAt"),
    (lambda: {"window": window(timedelta(days=360), timedelta(days=370))}, "window endsAt"),
    (lambda: {"budget": {"amount": "0"}}, "budget amount"),
    (lambda: {"budget": {"amount": "-5"}}, "budget amount"),
    (lambda: {"budget": {"amount": "4.99"}}, "budget amount"),
    (lambda: {"budget": {"amount": "10000.01"}}, "budget amount"),
    (lambda: {"budget": {"amount": "50.001"}}, "budget amount"),
    (lambda: {"budget": {"amount": "50", "currencyCode": "USDC"}}, "budget currencyCode"),
    (lambda: {"budget": {"amount": "50", "currencyCode": "XXX"}}, "budget currencyCode"),
    (lambda: {"title": " "}, "title"),
    (lambda: {"title": "x" * 121}, "title"),
    (lambda: {"description": "x" * 2001}, "description"),
    (lambda: {"trackRequirement": {"title": "", "artist": "A"}}, "trackRequirement title"),
    (lambda: {"trackRequirement": {"title": "T", "artist": "A", "isrc": "12"}}, "trackRequirement isrc"),
    (lambda: {"trackRequirement": {"title": "T", "artist": "A", "bpm": 4}}, "trackRequirement bpm"),
    (lambda: {"venue": {"name": ""}}, "venue name"),
    (lambda: {"venue": {"name": "Zouk", "latitude": 91, "longitude": 0}}, "venue latitude"),
    (lambda: {"venue": {"name": "Zouk", "latitude": 1}}, "venue longitude"),
    (lambda: {"returnTo": "https://evil.example"}, "returnTo"),
    (lambda: {"idempotencyKey": ""}, "idempotencyKey"),
)


async def test_what_cannot_be_is_named_and_nothing_is_written(agency, mina, make):
    await agency.earn(mina, 100_00)
    other = await make.user()
    for place, (wrong, field) in enumerate(WRONG):
        # Nobody may ask for more than 20 at once.
        error = await agency.api(other if place % 2 else mina).refused(CREATE, **{**agency.asked(), **wrong()})
        assert (error["code"], " ".join(error["field"])) == ("INVALID_INPUT", field), error
    assert (await make.count(tables.Mission), await agency.held(), await agency.has(mina)) == (0, 0, 100_00)


async def test_a_balance_must_be_enough(agency, mina, make):
    await agency.earn(mina, 49_99)
    error = await agency.api(mina).refused(CREATE, **agency.asked())
    assert error["code"] == "CONFLICT"
    assert (await agency.has(mina), await agency.held(), await make.count(tables.Mission)) == (49_99, 0, 0)


async def test_by_card_it_opens_when_it_is_paid(agency, mina, kofi, till):
    mission = await agency.create(mina, fundFrom="CARD")
    assert (mission["status"], mission["checkout"]["status"]) == ("DRAFT", "OPEN")
    assert await agency.seen(kofi, mission) is None
    assert (await agency.seen(mina, mission))["viewerActions"] == ["PAY", "CANCEL"]
    await till.pay(mission["checkout"]["url"])
    seen = await agency.seen(mina, mission)
    assert (seen["status"], seen["checkout"]["status"], await agency.held()) == ("OPEN", "PAID", 50_00)
    assert [(each["from"], each["to"], each["reason"]) for each in seen["statusHistory"]] == [
        (None, "DRAFT", "CREATED"),
        ("DRAFT", "OPEN", "PAID"),
    ]
    stranger = await agency.seen(kofi, mission)
    assert (stranger["status"], stranger["checkout"], stranger["statusHistory"]) == ("OPEN", None, [])
    (payment,) = await till.rows(tables.Payment)
    assert (payment.hold_id, payment.entry_id) == ((await agency.row(mission)).hold_id, None)


async def test_a_draft_that_nobody_pays_expires(agency, mina, till):
    mission = await agency.create(mina, fundFrom="CARD", begins=0.01, hours=0.01)
    await agency.pass_time(mission, hours=1)
    seen = await agency.seen(mina, mission)
    assert (seen["status"], seen["checkout"]["status"]) == ("EXPIRED", "EXPIRED")
    # The page is still there, and what is paid on it goes back.
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    await till.pay(mission["checkout"]["url"])
    assert (await agency.status(mission), await agency.held()) == ("EXPIRED", 0)
    assert [refund["amount"] for refund in await till.all_at_stripe("refund")] == [50_00]


async def test_pay_and_cancel_at_once(agency, mina, till):
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    mission = await agency.create(mina, fundFrom="CARD")
    await asyncio.gather(
        till.decide(mission["checkout"]["url"]), agency.api(mina)(CANCEL, input={"missionId": mission["id"]})
    )
    await till.settle()
    assert (await agency.status(mission), await agency.held(), await agency.has(mina)) == ("CANCELLED", 0, 0)
    taken = [
        payment["amount"] for payment in await till.all_at_stripe("payment_intent") if payment["status"] == "succeeded"
    ]
    assert [refund["amount"] for refund in await till.all_at_stripe("refund")] == taken


async def test_only_people_ask(agency, mina, make):
    error = await agency.api().refused(CREATE, **agency.asked())
    assert error["code"] == "UNAUTHENTICATED"
    assert await make.count(tables.Mission) == 0


async def test_the_demo_has_missions_in_many_states(agency, make):
    people = {name: await make.user(name) for name in ("mina", "theo", "kofi")}
    people["olga"] = await make.user("olga", roles=(Role.LISTENER, Role.OPERATOR))
    actors = {name: person.actor for name, person in people.items()}
    for _ in range(2):
        await offer_missions(agency.database, agency.services, actors)
    async with agency.database.session() as session:
        found = sorted((await session.execute(select(tables.Mission.status))).scalars())
    assert found == ["ACCEPTED", "CANCELLED", "DRAFT", "OPEN", "OPEN"]
    listed = (await agency.api(people["kofi"])(LIST, first=5, filter={"statuses": ["OPEN"]}))["missions"]["nodes"]
    assert [node["viewerActions"] for node in listed] == [["ACCEPT"], ["ACCEPT"]]
