"""Which room follows which player, and who decides."""

import asyncio

import pytest

from db.tables import Broadcast, JobRow
from domain.ids import to_wire
from domain.jobs import JobKind, JobStatus, Queue
from resolvers.broadcasts import start, stop
from tests.players.conftest import BEAT, START

FROM = "query Q($id: ID!) { broadcast(id: $id) { nowPlayingFrom } }"


async def test_a_room_follows_the_player_that_is_connected(stage, make, api):
    mina = await stage.curator()
    room = (await api(mina).do(START, title="Night drive"))["broadcast"]
    (followed,), (job,) = await stage.followed(), await stage.jobs()
    assert (job.queue, job.payload["connections"]) == (Queue.PLAYERS, 1)
    assert job.key == f"{followed.broadcast_id}:{followed.account_id}:1"
    assert followed.job_id == job.id
    assert (await api()(FROM, id=room["id"]))["broadcast"]["nowPlayingFrom"] is None


async def test_a_player_that_is_connected_later_is_followed_from_then_on(stage, make):
    room = await make.room()
    assert await stage.jobs() == []
    await stage.user()
    account_id = await stage.connect(room.curator)
    (followed,) = await stage.followed()
    assert (followed.broadcast_id, followed.account_id) == (room.id, account_id)


async def test_connecting_again_begins_anew_and_twice_begins_once(stage, make):
    room = await stage.room()
    await stage.turn()
    await stage.connect(room.curator)
    assert [job.payload["connections"] for job in await stage.jobs()] == [1, 2]
    await stage.turn()
    old, new = await stage.jobs()
    assert (old.status, new.status) == (JobStatus.DONE, JobStatus.PENDING)
    assert (await stage.on()).title == "Taxi to Soweto"
    assert await make.count_events(room, "TRACK_CHANGED") == 1, "the same player plays the same track"


async def test_another_account_takes_the_place_of_the_first(stage, make):
    room = await stage.room()
    await stage.turn()
    await stage.user("theo", songs=[{"title": "Other", "artists": ["Theo"]}])
    await stage.connect(room.curator, "theo")
    await stage.turn()
    assert [job.status for job in await stage.jobs()] == [JobStatus.DONE, JobStatus.PENDING]
    assert (await stage.on()).title == "Other"


async def test_the_next_room_takes_the_player_over(stage, make, database):
    room = await stage.room()
    await stage.turn()
    async with database.transaction() as tx:
        await stop.stop(tx, room.curator.actor, room.id)
        next_id = await start.start(tx, room.curator.actor, title="Again")
    (followed,) = await stage.followed()
    assert followed.broadcast_id == next_id
    await stage.turn()
    assert [job.status for job in await stage.jobs()] == [JobStatus.DONE, JobStatus.PENDING]
    assert (await stage.on()).broadcast_id == next_id


@pytest.mark.parametrize("source", ["MANUAL", None, "SPOTIFY"])
async def test_the_curator_chooses(stage, api, source):
    mina = await stage.curator()
    room = (await api(mina).do(START, title="Night drive", nowPlayingFrom=source))["broadcast"]
    assert (await api()(FROM, id=room["id"]))["broadcast"]["nowPlayingFrom"] == source
    assert len(await stage.jobs()) == (0 if source == "MANUAL" else 1)
    # Not even an account that is connected anew.
    await stage.connect(mina)
    assert len(await stage.jobs()) == (0 if source == "MANUAL" else 2)


@pytest.mark.parametrize(
    ("source", "code"), [("SPOTIFY", "CONFLICT"), ("APPLE_MUSIC", "CONFLICT"), ("SERATO", "INVALID_INPUT")]
)
async def test_what_is_not_connected_cannot_be_chosen(stage, make, api, source, code):
    mina = await make.user("mina")
    error = await api(mina).refused(START, title="Night drive", nowPlayingFrom=source)
    assert (error["code"], error["field"]) == (code, ["nowPlayingFrom"])
    assert await make.count(Broadcast) == await make.count(JobRow) == 0


async def test_what_waits_to_be_connected_again_cannot_be_chosen(stage, api):
    mina = await stage.curator()
    room = (await api(mina).do(START, title="One"))["broadcast"]
    await stage.sandbox.control("POST", "/spotify/users/mina/revoke")
    await stage.turn()
    await api(mina)("mutation M($id: ID!) { stopBroadcast(input: {broadcastId: $id}) { __typename } }", id=room["id"])
    error = await api(mina).refused(START, title="Two", nowPlayingFrom="SPOTIFY")
    assert error["field"] == ["nowPlayingFrom"]
    await api(mina).do(START, title="Two")
    assert await stage.followed() == []


async def test_a_room_and_an_account_of_the_same_moment_find_each_other(stage, make, database, api):
    """Neither transaction sees the other's row; the next heartbeat does."""
    mina = await make.user("mina")
    await stage.user()
    opened = asyncio.Event()

    async def connect():
        await opened.wait()
        await stage.connect(mina)

    connecting = asyncio.create_task(connect())
    async with database.transaction() as tx:
        room_id = await start.start(tx, mina.actor, title="Night drive")
        opened.set()
        await connecting
    assert await stage.jobs() == []
    for _ in range(2):
        await api(mina).do(BEAT, broadcastId=to_wire("broadcast", room_id))
    assert len(await stage.jobs(JobKind.POLL_PLAYER)) == 1
