"""What comes in is looked at at once by the missions that it may prove, and seen by nobody who did not ask for it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text, update

from db import tables
from db.tables import JobRow, Mission
from domain.ids import new_id, to_wire
from domain.jobs import Job, JobKind
from domain.missions import MissionStatus
from resolvers.missions.schedule import key_of
from tests.plays.conftest import evening

NODE = "query ($id: ID!) { node(id: $id) { ... on Play { id deck playedAt track { title artist } } } }"
HOUR = timedelta(hours=1)


class Clock:
    """Missions and the jobs that verify them."""

    def __init__(self, web, mission):
        self.database, self.mission = web.database, mission

    async def promised(self, dj, curator, *, starts, ends, at=None, **facts):
        """A mission whose verification waits for a later moment."""
        now = datetime.now(UTC)
        mission_id = await self.mission(dj, curator, starts_at=now + starts, ends_at=now + ends, **facts)
        payload = {"missionId": str(mission_id), "number": 1}
        later = now + (at or timedelta(days=1))
        async with self.database.transaction() as tx:
            await tx.later(Job(JobKind.VERIFY_MISSION, key_of(mission_id, 1), payload, run_at=later))
        return mission_id

    async def due(self):
        """Which missions are to be looked at now, each with the number of the promise."""
        async with self.database.session() as opened:
            statement = select(JobRow.key).where(JobRow.kind == JobKind.VERIFY_MISSION, JobRow.run_at <= text("now()"))
            return set((await opened.execute(statement.where(JobRow.status == "PENDING"))).scalars())

    async def find(self, mission_id):
        async with self.database.session() as opened:
            return await opened.get(Mission, mission_id)

    async def change(self, table, **values):
        async with self.database.transaction() as tx:
            await tx.session.execute(text("SET LOCAL session_replication_role = replica"))
            await tx.session.execute(update(table).values(**values))


@pytest.fixture
def clock(web, mission):
    return Clock(web, mission)


def tonight(*titles, row=1, ago=timedelta(minutes=30)):
    return evening(titles or ("Roses",), at=datetime.now(UTC).replace(microsecond=0) - ago, first_row=row)


async def test_missions_of_tonight_are_looked_at_and_others_are_not(booth, clock, make):
    dj, curator, other = await make.user("dj"), await make.user("curator"), await make.user("other")
    now_on = await clock.promised(dj, curator, starts=-HOUR, ends=HOUR)
    just_over = await clock.promised(dj, curator, starts=-4 * HOUR, ends=-2 * HOUR, status="VERIFYING")
    await clock.promised(dj, curator, starts=HOUR, ends=2 * HOUR)
    await clock.promised(dj, curator, starts=-50 * HOUR, ends=-48 * HOUR)
    await clock.promised(other, curator, starts=-HOUR, ends=HOUR)
    await clock.promised(dj, curator, starts=-HOUR, ends=HOUR, status="COMPLETED", completed_at=datetime.now(UTC))
    await booth.take_in(dj, tonight())
    assert await clock.due() == {key_of(now_on, 1), key_of(just_over, 1)}


async def test_what_adds_nothing_wakes_nobody(booth, clock, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    content = tonight()
    laptop = await booth.laptop(dj)
    await laptop.send(content)
    await clock.promised(dj, curator, starts=-HOUR, ends=HOUR)
    assert (await laptop.send(content)).json()["duplicateCount"] == 1
    assert (await booth.take_in(dj, content))["duplicateCount"] == 1
    assert await clock.due() == set()


async def test_a_look_that_is_under_way_counts_no_more(booth, clock, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    mission_id = await clock.promised(dj, curator, starts=-HOUR, ends=HOUR)
    await clock.change(JobRow, status="RUNNING", lease_until=datetime.now(UTC) + HOUR)
    await (await booth.laptop(dj)).send(tonight())
    assert await clock.due() == {key_of(mission_id, 2)}
    assert (await clock.find(mission_id)).verifications == 2


async def test_what_failed_is_verified_anew_for_a_week(booth, clock, make):
    dj, curator = await make.user("dj"), await make.user("curator")
    lately = await clock.promised(dj, curator, starts=-HOUR, ends=-HOUR / 2, status="VERIFICATION_FAILED")
    await clock.change(JobRow, status="DONE")
    long_ago = -8 * 24 * HOUR
    old = await clock.promised(dj, curator, starts=long_ago - HOUR, ends=long_ago, status="VERIFICATION_FAILED")
    await clock.change(JobRow, status="DONE")
    await booth.take_in(dj, tonight())
    await booth.take_in(dj, tonight("Late", row=9, ago=-long_ago))
    assert (await clock.find(lately)).status is MissionStatus.VERIFYING
    assert (await clock.find(old)).status is MissionStatus.VERIFICATION_FAILED
    assert await clock.due() == {key_of(lately, 2)}


async def test_a_play_is_its_djs_alone_until_it_proves_a_mission(booth, clock, api, make):
    dj, curator, other = await make.user("dj"), await make.user("curator"), await make.user("other")
    await booth.take_in(dj, tonight("Roses", "Yebo"))
    roses, yebo = [to_wire("play", row.id) for row in await booth.rows(dj)]
    mission_id = await clock.promised(dj, curator, starts=-HOUR, ends=HOUR)

    async def seen(person):
        return [(await api(person)(NODE, id=each))["node"] is not None for each in (roses, yebo)]

    assert (await seen(dj), await seen(curator), await seen(other)) == ([True] * 2, [False] * 2, [False] * 2)
    attempt = {"id": new_id(), "mission_id": mission_id, "number": 1, "finished_at": datetime.now(UTC)}
    attempt |= {"play_id": (await booth.rows(dj))[0].id, "status": "FAILED", "outcome": "LOW_CONFIDENCE"}
    async with booth.web.database.transaction() as tx:
        await tx.session.execute(insert(tables.VerificationAttempt).values(**attempt))
    assert await seen(curator) == [False, False]
    await clock.change(tables.VerificationAttempt, status="PASSED", outcome="PASSED")
    assert (await seen(curator), await seen(other), await seen(dj)) == ([True, False], [False] * 2, [True] * 2)
    shown = (await api(curator)("{ viewer { playHistory { totalCount } } }"))["viewer"]["playHistory"]
    assert shown == {"totalCount": 0}
