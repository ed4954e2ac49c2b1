"""The contract's operations on missions, in the order in which people use them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from db import tables
from domain.ids import from_wire
from tests.payouts.conftest import Till

MISSIONS = {"CreateMission", "Missions", "MissionDetail", "AcceptMission", "CancelMission", "SubmitMissionEvidence"}
MISSIONS |= {"ReviewMissionEvidence", "VerificationPreview", "RetryVerification", "VerifyProof", "MissionReport"}
MISSIONS |= {"MissionUpdated", "RateMission"}
"""What is walked through here."""


async def write(walk, curator, key, **more):
    """A mission of a balance."""
    begins = datetime.now(UTC) + timedelta(hours=1)
    asked = {"title": key, "trackRequirement": {"title": "Roses", "artist": "Nova"}, "budget": {"amount": "10.00"}}
    asked |= {"window": {"startsAt": begins.isoformat(), "endsAt": (begins + timedelta(hours=2)).isoformat()}}
    asked |= {"fundFrom": "BALANCE", "idempotencyKey": key, **more}
    return (await walk.do(curator, "CreateMission", **asked))["mission"]["id"]


async def change(walk, mission, **facts):
    """Let a mission stand as if it had come there."""
    statement = update(tables.Mission).where(tables.Mission.id == from_wire("mission", mission)).values(**facts)
    async with walk.make.database.transaction() as tx:
        await tx.session.execute(statement)


async def missions(walk):
    """Walk through all of them."""
    mara, dj = await walk.make.user("mara"), await walk.make.user("dj")
    await Till(walk.make, walk.sandbox).earn(mara, 100_00)
    off = await write(walk, mara, "off")
    assert (await walk.do(mara, "CancelMission", missionId=off))["mission"]["status"] == "CANCELLED"
    await by_hand(walk, mara, dj, await write(walk, mara, "by-hand", verificationMethod="MANUAL"))
    await by_history(walk, mara, dj, await write(walk, mara, "by-history"))
    days = {"from": datetime.now(UTC).date().isoformat(), "to": datetime.now(UTC).date().isoformat()}
    report = (await walk.ask(mara, "MissionReport", **days, first=5))["viewer"]["missionReport"]
    assert (report["createdCount"], report["completedCount"]) == (3, 1)


async def by_hand(walk, mara, dj, mission):
    """One that people decide about."""
    listed = (await walk.ask(dj, "Missions", first=5))["missions"]
    assert ([each["id"] for each in listed["nodes"]], listed["totalCount"]) == ([mission], 1)
    await walk.do(dj, "AcceptMission", missionId=mission)
    await change(walk, mission, window_starts_at=datetime.now(UTC) - timedelta(hours=1))
    await walk.do(dj, "SubmitMissionEvidence", missionId=mission, note="It was at one")
    await walk.do(mara, "ReviewMissionEvidence", missionId=mission, decision="APPROVED")
    assert (await walk.do(dj, "RateMission", missionId=mission, rating=5))["review"]["rating"] == 5
    detail = (await walk.ask(mara, "MissionDetail", id=mission))["mission"]
    assert (detail["status"], detail["evidence"][0]["decision"]) == ("COMPLETED", "APPROVED")
    assert (await walk.ask(dj, "VerifyProof", cid=detail["proof"]["cid"]))["missionProof"]["valid"] is True
    assert (await walk.ask(dj, "Node", id=mission))["node"]["status"] == "COMPLETED"


async def by_history(walk, mara, dj, mission):
    """One that the history decides."""
    seen = await walk.ask(dj, "VerificationPreview", input={"missionId": mission})
    assert seen["verificationPreview"]["outcome"] == "NO_HISTORY"
    await walk.do(dj, "AcceptMission", missionId=mission)
    async with walk.subscribe(mara, "MissionUpdated", id=mission) as moves:
        assert (await moves.next())["missionUpdated"]["status"] == "ACCEPTED"
        due = datetime.now(UTC) + timedelta(days=1)
        await change(walk, mission, status="VERIFICATION_FAILED", review_due_at=due)
        again = await walk.do(dj, "RetryVerification", missionId=mission)
        assert again["mission"]["status"] == "VERIFYING"
        assert (await moves.next())["missionUpdated"]["status"] == "VERIFYING"
