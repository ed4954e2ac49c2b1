"""Evidence, decisions, appeals, and what happens when nobody decides."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from db import tables
from domain.ids import new_id
from domain.ledger import Occasion
from domain.missions import AttemptStatus, MissionStatus, VerificationOutcome
from resolvers.ledger import holds
from resolvers.missions.schedule import close_at
from tests.missions.conftest import APPEAL, RATE, REVIEW, SUBMIT


@pytest.fixture
async def mission(agency, mina, kofi):
    """One that people decide about, in its window."""
    made = await agency.accepted(mina, kofi, verificationMethod="MANUAL")
    await agency.pass_time(made, hours=1.5)
    return made


async def look(agency, mission, status=AttemptStatus.PASSED, outcome=VerificationOutcome.PASSED):
    """Let verification have looked, and have left the decision to the curator."""
    row = await agency.row(mission)
    async with agency.database.transaction() as tx:
        attempt = tables.VerificationAttempt(
            id=new_id(), mission_id=row.id, number=1, status=status, outcome=outcome, finished_at=row.window_ends_at
        )
        tx.session.add(attempt)
        due = row.window_ends_at + timedelta(days=3)
        facts = {"status": MissionStatus.IN_REVIEW, "review_due_at": due}
        await tx.session.execute(update(tables.Mission).where(tables.Mission.id == row.id).values(**facts))
        await close_at(tx, row.id, due)


async def test_evidence_is_approved_and_paid(agency, mina, kofi, mission):
    upload = await agency.upload(kofi)
    await agency.submit(kofi, mission, files=[upload])
    seen = await agency.seen(mina, mission)
    (evidence,) = seen["evidence"]
    assert (seen["status"], seen["viewerActions"], evidence["note"]) == (
        "IN_REVIEW",
        ["REVIEW_EVIDENCE"],
        "It was at one",
    )
    assert [(each["filename"], each["contentType"]) for each in evidence["files"]] == [("set.png", "image/png")]
    assert evidence["files"][0]["url"].startswith("http")
    assert "MISSION_TO_REVIEW" in await agency.news(mina)
    await agency.decide(mina, mission, note="I was there")
    seen = await agency.seen(kofi, mission)
    assert (seen["status"], seen["evidence"][0]["decision"], seen["viewerActions"]) == (
        "COMPLETED",
        "APPROVED",
        ["RATE"],
    )
    assert (await agency.has(kofi), await agency.held(), await agency.has(mina)) == (47_50, 0, 0)
    error = await agency.api(mina).refused(REVIEW, missionId=mission["id"], decision="REJECTED", note="No")
    assert (error["code"], await agency.has(kofi)) == ("CONFLICT", 47_50)


async def test_two_decisions_at_once_pay_once(agency, mina, kofi, mission):
    await agency.submit(kofi, mission)
    given = {"missionId": mission["id"], "decision": "APPROVED"}
    found = await asyncio.gather(*(agency.api(mina)(REVIEW, input=given) for _ in range(3)))
    assert sum(not each["reviewMissionEvidence"]["userErrors"] for each in found) == 1
    assert (await agency.has(kofi), await agency.held()) == (47_50, 0)


async def test_who_may_not_hand_in_or_decide(agency, mina, kofi, ines, mission, make):
    other, given = await make.user(), {"missionId": mission["id"], "note": "It was me"}
    for person, code in ((mina, "FORBIDDEN"), (other, "NOT_FOUND"), (ines, "FORBIDDEN")):
        assert (await agency.api(person).refused(SUBMIT, **given))["code"] == code
    foreign = await agency.upload(other)
    error = await agency.api(kofi).refused(SUBMIT, **given, uploadIds=[foreign])
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["uploadIds", "0"])
    own = await agency.upload(kofi)
    assert (await agency.api(kofi).refused(SUBMIT, **given, uploadIds=[own, own]))["field"] == ["uploadIds"]
    assert (await agency.api(kofi).refused(SUBMIT, **{**given, "note": " "}))["field"] == ["note"]
    assert (await agency.status(mission), await make.count(tables.MissionEvidence)) == ("ACCEPTED", 0)
    await agency.submit(kofi, mission, files=[own])
    for person, code in ((kofi, "FORBIDDEN"), (other, "NOT_FOUND"), (ines, "FORBIDDEN")):
        error = await agency.api(person).refused(REVIEW, missionId=mission["id"], decision="APPROVED")
        assert error["code"] == code
    error = await agency.api(mina).refused(REVIEW, missionId=mission["id"], decision="REJECTED")
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["note"])
    assert (await agency.status(mission), await agency.held(), await agency.has(kofi)) == ("IN_REVIEW", 50_00, 0)


async def test_proof_is_a_file_and_time_is_kept(agency, mina, kofi):
    mission = await agency.accepted(mina, kofi, verificationMethod="MANUAL_WITH_PROOF")
    given = {"missionId": mission["id"], "note": "It was at one"}
    upload = await agency.upload(kofi)
    assert (await agency.api(kofi).refused(SUBMIT, **given, uploadIds=[upload]))["code"] == "CONFLICT"
    await agency.pass_time(mission, hours=1.5)
    assert (await agency.api(kofi).refused(SUBMIT, **given))["field"] == ["uploadIds"]
    # A week after the window's end it is over, even before the clock is heard.
    row = tables.Mission
    await agency.change(mission, review_due_at=row.review_due_at - timedelta(days=8))
    assert (await agency.api(kofi).refused(SUBMIT, **given, uploadIds=[upload]))["code"] == "CONFLICT"
    assert (await agency.seen(kofi, mission))["viewerActions"] == ["WITHDRAW"]
    assert await agency.status(mission) == "ACCEPTED"


async def test_rejected_shown_again_and_approved(agency, mina, kofi, mission):
    await agency.submit(kofi, mission)
    await agency.decide(mina, mission, "REJECTED", "Too dark")
    seen = await agency.seen(kofi, mission)
    assert (seen["status"], seen["viewerActions"]) == ("VERIFICATION_FAILED", ["SUBMIT_EVIDENCE", "APPEAL", "RATE"])
    assert (seen["evidence"][0]["decision"], seen["evidence"][0]["decisionNote"]) == ("REJECTED", "Too dark")
    assert "MISSION_FAILED" in await agency.news(kofi)
    await agency.submit(kofi, mission, files=[await agency.upload(kofi)])
    await agency.decide(mina, mission)
    assert (await agency.status(mission), await agency.has(kofi)) == ("COMPLETED", 47_50)


async def test_an_appeal_is_decided_for_good(agency, mina, kofi, ines, mission):
    assert (await agency.api(kofi).refused(APPEAL, missionId=mission["id"], note="No"))["code"] == "CONFLICT"
    await agency.submit(kofi, mission)
    await agency.decide(mina, mission, "REJECTED", "I was not there")
    assert (await agency.api(mina).refused(APPEAL, missionId=mission["id"], note="No"))["code"] == "FORBIDDEN"
    await agency.api(kofi).do(APPEAL, missionId=mission["id"], note="Others were")
    assert await agency.news(ines) == ["MISSION_TO_REVIEW"]
    assert (await agency.seen(mina, mission))["viewerActions"] == []
    assert (await agency.api(mina).refused(REVIEW, missionId=mission["id"], decision="APPROVED"))["code"] == "FORBIDDEN"
    assert (await agency.seen(ines, mission))["viewerActions"] == ["REVIEW_EVIDENCE"]
    await agency.decide(ines, mission, "REJECTED", "Nothing shows it")
    assert (await agency.api(kofi).refused(APPEAL, missionId=mission["id"], note="Again"))["code"] == "CONFLICT"
    assert (await agency.api(kofi).refused(SUBMIT, missionId=mission["id"], note="Again"))["code"] == "CONFLICT"
    await agency.make.run_jobs()
    assert (await agency.status(mission), await agency.has(mina), await agency.held()) == ("EXPIRED", 50_00, 0)
    last = (await agency.seen(kofi, mission))["statusHistory"][-2]
    assert (last["reason"], last["actor"]) == ("REJECTED_BY_OPERATOR", None)


async def test_an_operator_may_side_with_the_dj(agency, mina, kofi, ines, mission):
    await agency.submit(kofi, mission)
    await agency.decide(mina, mission, "REJECTED", "I was not there")
    await agency.api(kofi).do(APPEAL, missionId=mission["id"], note="Others were")
    await agency.decide(ines, mission)
    assert (await agency.status(mission), await agency.has(kofi), await agency.has(mina)) == ("COMPLETED", 47_50, 0)


async def test_what_nobody_decides_goes_to_operators(agency, mina, kofi, ines, mission):
    await agency.submit(kofi, mission)
    await agency.pass_time(mission, days=2, hours=23)
    assert (await agency.row(mission)).appealed_at is None
    await agency.pass_time(mission, hours=1.1)
    row = await agency.row(mission)
    assert (row.status.value, row.appealed_at is not None, row.review_due_at) == ("IN_REVIEW", True, None)
    assert (await agency.news(ines), await agency.held()) == (["MISSION_TO_REVIEW"], 50_00)
    await agency.decide(ines, mission)
    assert (await agency.status(mission), await agency.has(kofi)) == ("COMPLETED", 47_50)


async def test_what_verification_passed_is_paid_by_itself(agency, mina, kofi):
    mission = await agency.accepted(mina, kofi)
    await look(agency, mission)
    await agency.pass_time(mission, days=3, hours=6)
    assert (await agency.status(mission), await agency.has(kofi), await agency.held()) == ("COMPLETED", 47_50, 0)


async def test_what_looked_odd_is_not_paid_by_itself(agency, mina, kofi, ines):
    mission = await agency.accepted(mina, kofi)
    await look(agency, mission, AttemptStatus.NEEDS_REVIEW, VerificationOutcome.ISRC_CONTRADICTS)
    await agency.pass_time(mission, days=3, hours=6)
    assert (await agency.status(mission), await agency.has(kofi), await agency.held()) == ("IN_REVIEW", 0, 50_00)
    assert await agency.news(ines) == ["MISSION_TO_REVIEW"]


async def test_what_failed_expires_after_a_week(agency, mina, kofi, mission):
    await agency.submit(kofi, mission)
    await agency.decide(mina, mission, "REJECTED", "No")
    await agency.pass_time(mission, days=6)
    assert await agency.status(mission) == "VERIFICATION_FAILED"
    await agency.pass_time(mission, days=1, minutes=1)
    assert (await agency.status(mission), await agency.has(mina), await agency.has(kofi)) == ("EXPIRED", 50_00, 0)


async def test_a_dj_rates_once(agency, mina, kofi, mission):
    given = {"missionId": mission["id"], "rating": 4, "text": "Good crowd"}
    assert (await agency.api(kofi).refused(RATE, **given))["code"] == "CONFLICT"
    await agency.submit(kofi, mission)
    await agency.decide(mina, mission)
    assert (await agency.api(mina).refused(RATE, **given))["code"] == "FORBIDDEN"
    assert (await agency.api(kofi).refused(RATE, **{**given, "rating": 6}))["field"] == ["rating"]
    first = (await agency.api(kofi).do(RATE, **given))["review"]
    assert (await agency.api(kofi).do(RATE, **given))["review"]["id"] == first["id"]
    assert (await agency.api(kofi).refused(RATE, **{**given, "rating": 1}))["code"] == "CONFLICT"
    seen = await agency.seen(mina, mission)
    assert (seen["review"], seen["viewerActions"]) == ({"rating": 4, "text": "Good crowd"}, [])


async def test_a_file_shows_one_thing(agency, mina, kofi, mission):
    upload = await agency.upload(kofi)
    await agency.submit(kofi, mission, files=[upload])
    await agency.decide(mina, mission, "REJECTED", "Too dark")
    error = await agency.api(kofi).refused(SUBMIT, missionId=mission["id"], note="Again", uploadIds=[upload])
    assert (error["code"], await agency.status(mission)) == ("INVALID_INPUT", "VERIFICATION_FAILED")


async def test_what_is_disputed_is_paid_only_when_that_is_over(agency, mina, kofi):
    mission = await agency.accepted(mina, kofi)
    hold_id = (await agency.row(mission)).hold_id
    async with agency.database.transaction() as tx:
        await holds.freeze(tx, hold_id, occasion=Occasion("Disputed"))
    await look(agency, mission)
    await agency.pass_time(mission, days=3, hours=6)
    assert (await agency.status(mission), await agency.has(kofi), await agency.held()) == ("IN_REVIEW", 0, 50_00)
    async with agency.database.transaction() as tx:
        await holds.thaw(tx, hold_id, occasion=Occasion("Dispute won"))
    await agency.pass_time(mission, days=1)
    assert (await agency.status(mission), await agency.has(kofi), await agency.held()) == ("COMPLETED", 47_50, 0)
