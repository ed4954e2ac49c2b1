"""Taking missions on and giving them back: who may, who wins, what is promised, and calling them off."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from db import tables
from domain.accounts import Role
from domain.ids import from_wire, to_wire
from domain.jobs import JobKind
from domain.missions import EVIDENCE_WITHIN, SETTLES_AFTER
from domain.money import Currency
from resolvers import follows
from tests.missions.conftest import ACCEPT, CANCEL, WITHDRAW
from tests.payouts.conftest import Till as Payouts


async def promised(agency, mission, kind):
    """When a mission's jobs of a kind are to run."""
    row, key = tables.JobRow, from_wire("mission", mission["id"])
    statement = select(row.run_at).where(row.kind == kind, row.payload["missionId"].astext == str(key))
    async with agency.database.session() as session:
        return sorted((await session.execute(statement)).scalars())


async def test_a_dj_accepts_and_the_look_is_promised(agency, mina, kofi):
    mission = await agency.create(mina)
    done = await agency.accept(kofi, mission)
    row = await agency.row(mission)
    assert (done["status"], done["runner"]["username"], row.runner_id) == ("ACCEPTED", "kofi", kofi.id)
    assert await promised(agency, mission, JobKind.VERIFY_MISSION) == [row.window_ends_at + SETTLES_AFTER]
    assert (row.verification_scheduled_at, row.payout_method_kind) == (row.window_ends_at + SETTLES_AFTER, None)
    assert (await agency.news(mina), await agency.held()) == (["MISSION_ACCEPTED"], 50_00)
    async with agency.database.session() as session:
        roles = (await session.execute(select(tables.User.roles).where(tables.User.id == kofi.id))).scalar_one()
    assert Role.DJ in roles
    again = await agency.accept(kofi, mission)
    assert again["status"] == "ACCEPTED"
    assert (len(await promised(agency, mission, JobKind.VERIFY_MISSION)), await agency.news(mina)) == (
        1,
        ["MISSION_ACCEPTED"],
    )


async def test_of_people_at_once_one_wins(agency, mina, make):
    mission = await agency.create(mina)
    people = [await make.user() for _ in range(5)]
    found = await asyncio.gather(*(agency.api(each)(ACCEPT, input={"missionId": mission["id"]}) for each in people))
    codes = sorted(error["code"] for each in found for error in each["acceptMission"]["userErrors"])
    assert codes == ["CONFLICT"] * 4
    winner = next(person for person, each in zip(people, found, strict=True) if each["acceptMission"]["mission"])
    assert (await agency.row(mission)).runner_id == winner.id
    assert len(await promised(agency, mission, JobKind.VERIFY_MISSION)) == 1
    changes = [change["to"] for change in (await agency.seen(mina, mission))["statusHistory"]]
    assert changes == ["OPEN", "ACCEPTED"]


async def test_who_may_not(agency, mina, kofi, make):
    mission = await agency.create(mina)
    assert (await agency.api(mina).refused(ACCEPT, missionId=mission["id"]))["code"] == "FORBIDDEN"
    assert (await agency.api().refused(ACCEPT, missionId="mission_x"))["code"] == "UNAUTHENTICATED"
    foe = await make.user()
    async with agency.database.transaction() as tx:
        await follows.block(tx, mina.actor, foe.id)
    assert (await agency.api(foe).refused(ACCEPT, missionId=mission["id"]))["code"] == "NOT_FOUND"
    draft = await agency.create(mina, fundFrom="CARD")
    assert (await agency.api(kofi).refused(ACCEPT, missionId=draft["id"]))["code"] == "NOT_FOUND"
    late = await agency.create(mina)
    row = tables.Mission
    ago = timedelta(days=1)
    await agency.change(late, window_starts_at=row.window_starts_at - ago, window_ends_at=row.window_ends_at - ago)
    assert (await agency.api(kofi).refused(ACCEPT, missionId=late["id"]))["code"] == "CONFLICT"
    assert [await agency.status(each) for each in (mission, draft, late)] == ["OPEN", "DRAFT", "OPEN"]
    assert await promised(agency, mission, JobKind.VERIFY_MISSION) == []


async def test_where_to_be_paid_is_theirs_verified_and_carries_it(agency, mina, kofi, make, sandbox):
    mission, other = await agency.create(mina), await make.user()
    payouts = Payouts(make, sandbox)
    theirs = to_wire("method", await payouts.by_hand(kofi, handle="$kofi"))
    foreign = to_wire("method", await payouts.by_hand(other, handle="$other"))
    unknown = to_wire("method", await payouts.by_hand(kofi, handle="$kofitoo", verified=False))
    given = {"missionId": mission["id"]}
    error = await agency.api(kofi).refused(ACCEPT, **given, payoutMethodId=foreign)
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["payoutMethodId"])
    assert (await agency.api(kofi).refused(ACCEPT, **given, payoutMethodId=unknown))["code"] == "CONFLICT"
    await agency.earn(mina, 100_00, Currency.EUR)
    euros = await agency.create(mina, budget={"amount": "50", "currencyCode": "EUR"})
    error = await agency.api(kofi).refused(ACCEPT, missionId=euros["id"], payoutMethodId=theirs)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["payoutMethodId"])
    assert [await agency.status(each) for each in (mission, euros)] == ["OPEN", "OPEN"]
    await agency.accept(kofi, mission, payoutMethodId=theirs)
    assert (await agency.seen(kofi, mission))["payoutMethodKind"] == "CASH_APP"
    # How the DJ is paid is nothing of the curator's.
    assert (await agency.seen(mina, mission))["payoutMethodKind"] is None
    error = await agency.api(kofi).refused(ACCEPT, **given)
    assert (error["code"], error["field"]) == ("CONFLICT", ["payoutMethodId"])


async def test_who_withdraws_leaves_it_open(agency, mina, kofi, make):
    mission = await agency.accepted(mina, kofi)
    other = await make.user()
    assert (await agency.api(other).refused(WITHDRAW, missionId=mission["id"]))["code"] == "NOT_FOUND"
    done = (await agency.api(kofi).do(WITHDRAW, missionId=mission["id"]))["mission"]
    assert (done["status"], done["runner"], await agency.held()) == ("OPEN", None, 50_00)
    row = await agency.row(mission)
    assert (row.accepted_at, row.verification_scheduled_at, row.review_due_at) == (None, None, None)
    assert "MISSION_WITHDRAWN" in await agency.news(mina)
    assert (await agency.api(kofi).refused(WITHDRAW, missionId=mission["id"]))["code"] == "CONFLICT"
    await agency.accept(other, mission)
    # The DJ of now does not read who was there before them; the curator does.
    actors = [change["actor"]["username"] for change in (await agency.seen(other, mission))["statusHistory"]]
    assert actors == ["mina", other.username]
    assert len((await agency.seen(mina, mission))["statusHistory"]) == 4
    assert await agency.seen(kofi, mission) is None


async def test_it_is_too_late_to_withdraw(agency, mina, kofi):
    mission = await agency.accepted(mina, kofi)
    await agency.pass_time(mission, hours=5.1)
    assert (await agency.api(kofi).refused(WITHDRAW, missionId=mission["id"]))["code"] == "CONFLICT"
    assert await agency.status(mission) == "ACCEPTED"


async def test_called_off_before_the_window_the_money_is_back_once(agency, mina, kofi):
    mission = await agency.accepted(mina, kofi)
    error = await agency.api(kofi).refused(CANCEL, missionId=mission["id"])
    assert (error["code"], await agency.has(mina)) == ("FORBIDDEN", 0)
    ask = agency.api(mina)
    found = await asyncio.gather(*(ask(CANCEL, input={"missionId": mission["id"]}) for _ in range(3)))
    assert [each["cancelMission"]["userErrors"] for each in found] == [[]] * 3
    assert (await agency.status(mission), await agency.has(mina), await agency.held()) == ("CANCELLED", 50_00, 0)
    assert (await agency.news(kofi), "MISSION_CANCELLED" in await agency.news(mina)) == (["MISSION_CANCELLED"], False)
    assert (await agency.api(kofi).refused(ACCEPT, missionId=mission["id"]))["code"] == "CONFLICT"


async def test_once_the_window_has_begun_it_is_not_called_off(agency, mina, kofi):
    mission = await agency.accepted(mina, kofi)
    await agency.pass_time(mission, hours=1.5)
    error = await agency.api(mina).refused(CANCEL, missionId=mission["id"])
    assert (error["code"], await agency.status(mission), await agency.held()) == ("CONFLICT", "ACCEPTED", 50_00)
    assert (await agency.seen(mina, mission))["viewerActions"] == []


async def test_accepting_and_calling_off_at_once(agency, mina, make):
    missions = [await agency.create(mina) for _ in range(3)]
    djs = [await make.user() for _ in missions]
    both = [
        asks
        for mission, dj in zip(missions, djs, strict=True)
        for asks in (
            agency.api(dj)(ACCEPT, input={"missionId": mission["id"]}),
            agency.api(mina)(CANCEL, input={"missionId": mission["id"]}),
        )
    ]
    await asyncio.gather(*both)
    # A curator may call off what was accepted before its window began: whoever came first, all of it is back.
    assert [await agency.status(mission) for mission in missions] == ["CANCELLED"] * 3
    assert (await agency.has(mina), await agency.held()) == (150_00, 0)


async def test_nobody_accepts_in_time(agency, mina, till):
    held, paid = await agency.create(mina), await agency.create(mina, fundFrom="CARD")
    await till.stripe("POST", "/balance", json={"amount": 100_000})
    await till.pay(paid["checkout"]["url"])
    for mission in (held, paid):
        await agency.pass_time(mission, hours=6)
        await agency.make.run_jobs()
    await till.settle()
    assert [await agency.status(each) for each in (held, paid)] == ["EXPIRED", "EXPIRED"]
    assert (await agency.has(mina), await agency.held()) == (50_00, 0)
    assert [refund["amount"] for refund in await till.all_at_stripe("refund")] == [50_00]
    assert await agency.news(mina) == ["MISSION_EXPIRED", "MISSION_EXPIRED"]


async def test_a_dj_who_shows_nothing_where_people_decide(agency, mina, kofi):
    mission = await agency.accepted(mina, kofi, verificationMethod="MANUAL")
    row = await agency.row(mission)
    assert (row.review_due_at, row.verification_scheduled_at) == (row.window_ends_at + EVIDENCE_WITHIN, None)
    assert await promised(agency, mission, JobKind.VERIFY_MISSION) == []
    await agency.pass_time(mission, days=7)
    assert await agency.status(mission) == "ACCEPTED"
    await agency.pass_time(mission, hours=6)
    assert (await agency.status(mission), await agency.has(mina), await agency.held()) == ("EXPIRED", 50_00, 0)
    assert "MISSION_EXPIRED" in await agency.news(kofi)


async def test_settings_are_obeyed(agency, mina, kofi):
    turned_off = """mutation ($input: UpdateNotificationSettingsInput!) { updateNotificationSettings(input: $input) {
      notificationSettings { missionUpdates } userErrors { code message field } } }"""
    await agency.api(mina).do(turned_off, missionUpdates=False)
    await agency.accepted(mina, kofi)
    assert await agency.news(mina) == []
