"""Who sees which missions and what of them, how they are found, and following one."""

from datetime import timedelta

import pytest

from domain.missions import MissionStatus
from resolvers import follows
from tests.missions.conftest import ACCEPT, APPEAL, CANCEL, LIST, RATE, REVIEW, SUBMIT, WITHDRAW

FOLLOW = """subscription ($id: ID!) { missionUpdated(id: $id) { id status runner { username } } }"""
OF_THE_DJ = """query ($id: ID!) { mission(id: $id) { payoutMethodKind payout { id } runner {
  username displayName } evidence { note } } }"""


async def titles(agency, person, **given):
    found = (await agency.api(person)(LIST, first=20, **given))["missions"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["title"] for node in found["nodes"]]


async def test_each_standing_and_each_person(agency, mina, kofi, ines, make):
    other, foe = await make.user(), await make.user()
    async with agency.database.transaction() as tx:
        await follows.block(tx, foe.actor, mina.id)
    mission = await agency.accepted(mina, kofi)
    row = await agency.row(mission)
    people = {"mina": mina, "kofi": kofi, "ines": ines, "other": other, "foe": foe, "stranger": None}
    for status in MissionStatus:
        taken = status not in (MissionStatus.DRAFT, MissionStatus.OPEN)
        done = status is MissionStatus.COMPLETED
        facts = {"runner_id": kofi.id if taken else None, "completed_at": row.created_at if done else None}
        await agency.change(mission, status=status, **facts)
        seen = {name for name, person in people.items() if await agency.seen(person, mission)}
        listed = {name for name, person in people.items() if await titles(agency, person)}
        wanted = {"mina", "kofi", "ines"} if taken else {"mina"}
        if status is MissionStatus.OPEN:
            wanted = {"mina", "kofi", "ines", "other"}
        assert (status, seen, listed) == (status, wanted, wanted)


async def test_filters_and_orders(agency, mina, kofi):
    cheap = await agency.create(mina, title="Cheap", budget={"amount": "10.00"}, begins=3)
    await agency.create(mina, title="Dear", budget={"amount": "20.00"}, begins=2, verificationMethod="MANUAL")
    await agency.create(mina, title="Elsewhere", budget={"amount": "15.00"}, begins=1, venue=None, fundFrom="CARD")
    assert await titles(agency, mina) == ["Elsewhere", "Dear", "Cheap"]
    assert await titles(agency, mina, orderBy="BUDGET") == ["Dear", "Elsewhere", "Cheap"]
    assert await titles(agency, mina, orderBy="WINDOW") == ["Elsewhere", "Dear", "Cheap"]
    begins = (await agency.row(cheap)).window_starts_at
    for given, wanted in (
        ({"statuses": ["DRAFT"]}, ["Elsewhere"]),
        ({"statuses": ["OPEN"]}, ["Dear", "Cheap"]),
        ({"curatorId": mina.wire}, ["Elsewhere", "Dear", "Cheap"]),
        ({"runnerId": kofi.wire}, []),
        ({"verificationMethods": ["MANUAL"]}, ["Dear"]),
        ({"city": " malaga"}, ["Dear", "Cheap"]),
        ({"city": "Lagos"}, []),
        ({"startsFrom": begins.isoformat()}, ["Cheap"]),
        ({"endsBy": (begins + timedelta(hours=3.5)).isoformat()}, ["Elsewhere", "Dear"]),
        ({"currencyCode": "EUR"}, []),
        ({"minBudget": "15.00"}, ["Elsewhere", "Dear"]),
        ({"minBudget": "15.01", "currencyCode": "USD"}, ["Dear"]),
        ({"text": "chea"}, ["Cheap"]),
        ({"text": "night drive"}, ["Elsewhere", "Dear", "Cheap"]),
        ({"text": "%"}, []),
    ):
        assert (given, await titles(agency, mina, filter=given)) == (given, wanted)
    answer = await agency.api(mina).answer(LIST, {"first": 5, "filter": {"minBudget": "much"}})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert await titles(agency, kofi) == ["Dear", "Cheap"]


async def test_pages_go_on_where_they_ended(agency, mina):
    for number in range(3):
        await agency.create(mina, title=str(number))
    first = (await agency.api(mina)(LIST, first=2))["missions"]
    await agency.create(mina, title="new")
    rest = await agency.api(mina)(LIST, first=2, after=first["pageInfo"]["endCursor"])
    assert [node["title"] for node in first["nodes"] + rest["missions"]["nodes"]] == ["2", "1", "0"]


async def test_nothing_of_the_dj_but_their_profile_reaches_the_curator(agency, mina, kofi, make, sandbox):
    mission = await agency.accepted(mina, kofi, verificationMethod="MANUAL")
    for asked in (
        "email",
        "phone",
        "payoutMethods { id }",
        "balances { currencyCode }",
        "connectedAccounts { id }",
        "payouts(first: 1) { totalCount }",
        "playHistory(first: 1) { totalCount }",
    ):
        answer = await agency.api(mina).answer(
            f"query ($id: ID!) {{ mission(id: $id) {{ runner {{ {asked} }} }} }}", {"id": mission["id"]}
        )
        assert "Cannot query field" in answer["errors"][0]["message"], asked
    seen = (await agency.api(mina)(OF_THE_DJ, id=mission["id"]))["mission"]
    assert (seen["payoutMethodKind"], seen["payout"]) == (None, None)
    assert seen["runner"] == {"username": "kofi", "displayName": "Kofi"}


async def test_following_one_begins_with_how_it_stands(agency, mina, kofi):
    mission = await agency.create(mina)
    async with agency.api(mina).subscribe(FOLLOW, id=mission["id"]) as stream:
        assert (await stream.next())["missionUpdated"]["status"] == "OPEN"
        await agency.accept(kofi, mission)
        told = (await stream.next())["missionUpdated"]
        assert (told["status"], told["runner"]["username"]) == ("ACCEPTED", "kofi")


async def test_following_ends_with_the_right_to_see(agency, mina, kofi, make):
    mission, other = await agency.create(mina), await make.user()
    async with agency.api(other).subscribe(FOLLOW, id=mission["id"]) as stream:
        assert (await stream.next())["missionUpdated"]["status"] == "OPEN"
        await agency.accept(kofi, mission)
        assert (await stream.message())["type"] == "complete"
    async with agency.api(other).subscribe(FOLLOW, id=mission["id"]) as stream:
        with pytest.raises(AssertionError, match="NOT_FOUND"):
            await stream.next()


DEEDS = {
    "ACCEPT": (ACCEPT, {}),
    "CANCEL": (CANCEL, {}),
    "WITHDRAW": (WITHDRAW, {}),
    "SUBMIT_EVIDENCE": (SUBMIT, {"note": "It was at one"}),
    "REVIEW_EVIDENCE": (REVIEW, {"decision": "REJECTED", "note": "No"}),
    "APPEAL": (APPEAL, {"note": "Yes"}),
    "RATE": (RATE, {"rating": 5}),
}
TWICE = {("ACCEPTED", "ACCEPT", "kofi"), ("CANCELLED", "CANCEL", "mina")}
"""What was done by the same person already, and is not refused a second time."""


@pytest.mark.parametrize("began", [False, True])
async def test_what_is_not_offered_is_refused_wherever_it_stands(agency, mina, kofi, ines, make, began):
    mission = await agency.accepted(mina, kofi, verificationMethod="MANUAL", begins=1)
    if began:
        await agency.pass_time(mission, hours=2)
    people = {"mina": mina, "kofi": kofi, "ines": ines, "other": await make.user()}
    row = await agency.row(mission)
    offered = set()
    for status in MissionStatus:
        done = row.created_at if status is MissionStatus.COMPLETED else None
        taken = None if status in (MissionStatus.DRAFT, MissionStatus.OPEN) else kofi.id
        await agency.change(mission, status=status, runner_id=taken, completed_at=done)
        for name, person in people.items():
            shown = set(((await agency.seen(person, mission)) or {"viewerActions": []})["viewerActions"])
            offered |= {(status.value, action) for action in shown}
            for action, (document, more) in DEEDS.items():
                if action in shown or (status.value, action, name) in TWICE:
                    continue
                answer = await agency.api(person)(document, input={"missionId": mission["id"], **more})
                (payload,) = answer.values()
                assert payload["userErrors"], (status, name, action)
    late = {("ACCEPTED", "CANCEL")} if not began else {("ACCEPTED", "SUBMIT_EVIDENCE")}
    assert offered - late == {
        ("DRAFT", "PAY"),
        ("DRAFT", "CANCEL"),
        ("OPEN", "ACCEPT"),
        ("OPEN", "CANCEL"),
        ("ACCEPTED", "WITHDRAW"),
        ("IN_REVIEW", "REVIEW_EVIDENCE"),
        ("VERIFICATION_FAILED", "SUBMIT_EVIDENCE"),
        ("VERIFICATION_FAILED", "RATE"),
        ("EXPIRED", "RATE"),
        ("COMPLETED", "RATE"),
    }
    assert late <= offered
    unchanged = await agency.row(mission)
    assert (unchanged.hold_id, await agency.held(), await agency.has(kofi)) == (row.hold_id, 50_00, 0)
