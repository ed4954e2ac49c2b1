"""From a deck in the sandbox to money and proof, with nobody's hand on it, and workers killed in between."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from db import tables
from db.queries import books as ledger
from db.tables import JobRow, JournalEntry, Mission, MissionProof, PlayHistoryRead
from domain.accounts import Role
from domain.jobs import JobKind
from domain.missions import MissionStatus
from domain.money import EntryKind
from domain.payouts import PayoutStatus
from tests.client import operation
from tests.connections.conftest import browser
from tests.payouts.conftest import Till
from tests.verification.conftest import set_of

ACCEPT, CREATE, DETAIL = (operation(name) for name in ("AcceptMission", "CreateMission", "MissionDetail"))
WITHIN = 60.0

__all__ = ["browser"]


async def completed(stage, mission_ids):
    """Wait until all of them are done."""
    async with asyncio.timeout(WITHIN):
        while any([(await stage.read(key)).status is not MissionStatus.COMPLETED for key in mission_ids]):
            await asyncio.sleep(0.2)


async def test_a_dj_plays_and_is_paid(stage, api, make, sandbox, browser, fleet):
    till = Till(make, sandbox)
    curator, dj = await make.user("mina", roles=(Role.CURATOR,)), await make.user("kofi", roles=(Role.DJ,))
    await till.earn(curator, 10_000)
    await till.fill()
    method = await till.stripe(dj)
    await browser.connected(dj, "SERATO", "kofi")
    soon = datetime.now(UTC) + timedelta(minutes=5)
    created = await api(curator).do(
        CREATE,
        title="Late night",
        trackRequirement={"title": "Late Tram", "artist": "Marchand"},
        window={"startsAt": soon.isoformat(), "endsAt": (soon + timedelta(hours=1)).isoformat()},
        budget={"amount": "80.00", "currencyCode": "USD"},
        autoVerify=True,
        fundFrom="BALANCE",
        idempotencyKey="1",
    )
    mission_id = created["mission"]["id"]
    await api(dj).do(ACCEPT, missionId=mission_id, payoutMethodId=f"method_{method}")
    key = mission_id.removeprefix("mission_")
    # The window's evening comes: two hours ago it began.
    await stage.change(key, window_starts_at=datetime.now(UTC) - timedelta(hours=2))
    tracks = [{"title": "Late Tram", "artist": "Marchand"}]
    await sandbox.control("POST", "/serato/users/kofi/set", json={"tracks": tracks})
    async with stage.database.transaction() as tx:
        await tx.session.execute(update(JobRow).where(JobRow.kind == JobKind.VERIFY_MISSION).values(run_at=func.now()))
    await fleet.start("worker")
    await completed(stage, [key])
    async with asyncio.timeout(WITHIN):
        while [each.status for each in await till.payouts()] != [PayoutStatus.PAID]:
            await asyncio.sleep(0.2)
        while not (await stage.proof(key)).pinned_at:
            await asyncio.sleep(0.2)
    assert list((await till.sent()).values()) == [[7_600]]
    assert (await stage.has(curator), await stage.has(dj)) == (2_000, 0)
    shown = (await api(dj)(DETAIL, id=mission_id))["mission"]
    assert (shown["payout"]["status"], shown["proof"]["pinned"]) == ("PAID", True)
    assert shown["verificationAttempts"][-1]["matchedPlay"]["trustLevel"] == "CONNECTED"
    # The account was read for this mission, within its window and three hours around it, and for nothing else.
    async with stage.database.session() as session:
        reads = (await session.scalars(select(PlayHistoryRead))).all()
    mission = await stage.read(key)
    assert reads
    assert all(str(each.mission_id) == key for each in reads)
    assert all(each.since >= mission.window_starts_at - timedelta(hours=3) for each in reads)


@pytest.mark.parametrize("kills", [pytest.param(3, id="short"), pytest.param(40, id="long", marks=pytest.mark.long)])
async def test_workers_that_are_killed_pay_nobody_twice(stage, make, fleet, kills):
    dice, mission_ids, runners = random.Random(5), [], []
    for number in range(kills * 4):
        # Everybody plays something else: the same tracks everywhere at once would be for people to judge.
        title = f"Tram to {number:b}"
        mission_id, _, runner = await stage.mission(track_title=title)
        plays = set_of(
            datetime.now(UTC) - timedelta(minutes=35), wanted=(title, "Marchand"), prefix=f"Night {number:b}"
        )
        await stage.play(runner, plays)
        mission_ids.append(mission_id)
        runners.append(runner)
    workers = [await fleet.start("worker"), await fleet.start("worker")]
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.5, 2.5))
        await workers.pop(0).kill()
        workers.append(await fleet.start("worker"))
    await completed(stage, mission_ids)
    assert {await stage.has(runner) for runner in runners} == {4_750}
    assert await make.count(MissionProof) == len(mission_ids)
    assert await make.count(JournalEntry, JournalEntry.kind == EntryKind.RELEASE) == len(mission_ids)
    assert await make.count(tables.VerificationAttempt) == len(mission_ids)
    async with stage.database.session() as session:
        assert await ledger.check_books(session) == []
    assert await make.count(Mission, Mission.status != MissionStatus.COMPLETED) == 0
