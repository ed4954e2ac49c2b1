"""How often players are asked, whom it costs what, and what happens when Spotify says no."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

import bootstrap
from db.queries import players
from db.session import Database
from db.tables import JobRow, VendorPause
from domain.connections import AccountProvider
from domain.jobs import JobKind, JobStatus
from domain.players import HEARD_SECONDS, UNHEARD_SECONDS
from integrations import valkey
from jobs.run import run_job
from tests.fleet import free_port
from tests.players.conftest import JOIN


async def due(database, **facts):
    async with database.transaction() as tx:
        mine = JobRow.kind == JobKind.POLL_PLAYER
        await tx.session.execute(update(JobRow).where(mine).values(run_at=func.now(), **facts))


async def pause_left(database):
    async with database.session() as session:
        left = func.extract("epoch", VendorPause.until - func.clock_timestamp())
        return float((await session.execute(select(left))).scalar_one())


async def test_rooms_that_nobody_hears_are_asked_for_less(stage, make):
    room = await make.room(await stage.curator())
    await stage.turn()
    assert UNHEARD_SECONDS - 10 < await stage.wait() <= UNHEARD_SECONDS
    await make.listener(room)
    assert await stage.wait() <= 0, "the first listener hastens it"
    await stage.turn()
    assert HEARD_SECONDS - 4 < await stage.wait() <= HEARD_SECONDS
    await make.listener(room)
    assert await stage.wait() > HEARD_SECONDS / 3, "the second does not"


async def test_a_listener_hastens_nothing_that_happens_soon(stage, make, database, api):
    room = await make.room(await stage.curator())
    guest = await make.user()
    soon = datetime.now(UTC) + timedelta(seconds=1.5)
    await due(database)
    async with database.transaction() as tx:
        await tx.session.execute(update(JobRow).where(JobRow.kind == JobKind.POLL_PLAYER).values(run_at=soon))
    await api(guest).do(JOIN, broadcastId=room.wire)
    (job,) = await stage.jobs()
    assert job.run_at == soon


async def test_a_track_that_ends_soon_is_looked_after_soon(stage):
    await stage.room()
    await stage.player("seek", position_ms=214_500 - 4_000)
    await stage.turn()
    assert 1.5 < await stage.wait() < 4.4


async def test_all_wait_when_spotify_says_too_often(stage, database, services):
    rooms = [await stage.room(name) for name in ("mina", "theo", "kofi")]
    await stage.sandbox.control("POST", "/spotify/limit", json={"calls": 1, "seconds": 20})
    assert await stage.turn() == 3
    statuses = [call["status"] for call in await stage.sandbox.calls("api.spotify.com", "/v1/me/player/*")]
    assert statuses == [200, 429], "the third did not even ask"
    left = await pause_left(database)
    assert 15 < left <= 21
    async with database.session() as session:
        now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    waits = [(job.run_at - now).total_seconds() for job in await stage.jobs()]
    assert min(waits[1:]) >= left - 0.1
    assert waits[1] != waits[2], "they do not all come at once"
    # Whoever comes too early does not ask.
    before = await stage.calls()
    assert await stage.turn() == 3
    assert await stage.calls() == before
    assert {job.status for job in await stage.jobs()} == {JobStatus.PENDING}
    assert all(job.failures == 0 for job in await stage.jobs())
    assert rooms


async def test_a_shorter_pause_does_not_end_a_longer_one(database):
    async with database.transaction() as tx:
        for seconds in (60, 5):
            await players.pause(tx.session, AccountProvider.SPOTIFY, seconds)
    assert await pause_left(database) > 55


@pytest.mark.parametrize("kind", ["status", "html", "drop", "half_json", "empty"])
async def test_a_silent_vendor_costs_patience_and_parks_nothing(stage, make, kind):
    room = await stage.room()
    await stage.turn()
    rule = {"host": "api.spotify.com", "kind": kind} | ({"status": 503} if kind == "status" else {})
    await stage.sandbox.fault(**rule)
    for longest in (5, 10, 20, 40, 40):
        await stage.turn()
        assert longest / 2 < await stage.wait() <= longest
    (job,) = await stage.jobs()
    assert (job.status, job.failures) == (JobStatus.PENDING, 0)
    assert (await stage.on()).title == "Taxi to Soweto", "what was on stays on"
    await stage.sandbox.calm()
    await stage.player("skip")
    await stage.turn()
    assert (await stage.on()).title == "Yebo"
    assert await stage.wait() <= HEARD_SECONDS
    assert (await stage.followed())[0].failures == 0
    assert await make.count_events(room, "TRACK_CHANGED") == 2


async def test_the_budget_is_shared_and_heard_rooms_go_first(stage, make, database, services, web):
    heard = [await stage.room(f"heard{n}") for n in range(3)]
    quiet = [await make.room(await stage.curator(f"quiet{n}")) for n in range(3)]
    few = dataclasses.replace(services, spotify_calls=4)
    waits = {}
    for job in await stage.jobs():
        await valkey_flush(stage)
        await due(database)
        assert await run_job(database, few, job.id)
        async with database.session() as session:
            found = await session.get(JobRow, job.id)
            now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        waits[found.payload["broadcastId"]] = (found.run_at - now).total_seconds()
    # One call in 10 s: a twentieth is kept for rooms without listeners, the three with listeners share the rest.
    assert all(25 < waits[str(room.id)] < 32 for room in heard)
    assert all(waits[str(room.id)] > 500 for room in quiet)


async def valkey_flush(stage):
    client = valkey.connect(stage.settings.redis_url)
    await client.flushdb()
    await client.aclose()


async def test_the_limiter_is_the_hard_guard(stage, database, services):
    await stage.room()
    await stage.room("theo")
    few = dataclasses.replace(services, spotify_calls=1)
    await due(database)
    for job in await stage.jobs():
        assert await run_job(database, few, job.id)
    assert await stage.calls() == 1


async def test_one_player_is_not_asked_twice_in_a_second(stage, database, services):
    await stage.room()
    (job,) = await stage.jobs()
    for _ in range(3):
        await due(database)
        assert await run_job(database, services, job.id)
    assert await stage.calls() == 1
    assert await stage.wait() <= 2


async def test_twenty_workers_ask_once(stage, database, services):
    await stage.room()
    (job,) = await stage.jobs()
    worked = await asyncio.gather(*(run_job(database, services, job.id) for _ in range(20)))
    assert sum(worked) == await stage.calls() == 1


@pytest.fixture
async def lonely(stage):
    """Take Valkey away from the stage's workers: `await lonely()`."""
    nowhere = f"redis://127.0.0.1:{free_port()}"
    settings = dataclasses.replace(stage.settings, redis_url=nowhere, queue_url=nowhere)
    async with bootstrap.build(settings) as services:

        async def leave():
            stage.services, stage.database = services, Database(stage.database.engine, services.bell, services.bus)

        yield leave


@pytest.mark.parametrize("valkey_is", ["there", "forgetful", "gone"])
async def test_a_lost_valkey_changes_nothing_but_cost(stage, make, valkey_is, lonely):
    room = await stage.room()
    if valkey_is == "gone":
        await lonely()
    seen = []
    for deed in ("play", "play", "skip", "pause", "pause", "play", "private", "private", "public", "ad"):
        if valkey_is == "forgetful":
            await valkey_flush(stage)
        if valkey_is == "gone":
            # Each process keeps to one question a second by itself.
            await asyncio.sleep(1.05)
        await stage.player(deed)
        await stage.turn()
        track = await stage.on()
        seen.append((track.title, track.playing) if track else None)
    assert seen == [
        *[("Taxi to Soweto", True)] * 2,
        ("Yebo", True),
        *[("Yebo", False)] * 2,
        ("Yebo", True),
        *[None] * 2,
        ("Yebo", True),
        None,
    ]
    assert await make.count_events(room, "TRACK_CHANGED") == 7
    assert len(await stage.tracks()) == 3


async def test_what_the_app_said_stands_though_the_cache_is_lost(stage, make):
    room = await stage.room()
    await stage.turn()
    track = {"title": "Dubplate 7", "artist": "Nobody Else"}
    await stage.say(room, track)
    for _ in range(2):
        await valkey_flush(stage)
        await stage.turn()
    assert (await stage.on()).title == "Dubplate 7"
    assert await make.count_events(room, "TRACK_CHANGED") == 2
