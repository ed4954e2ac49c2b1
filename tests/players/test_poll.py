"""What a player does, in the room: one turn after the other."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from db.queries import connections
from db.tables import JobRow, Notification
from domain.broadcasts import TrackSource
from domain.connections import AccountProvider, AccountStatus
from domain.jobs import JobKind, JobStatus
from resolvers.broadcasts import stop
from resolvers.connections import disconnect
from tests.players.conftest import SET

OTHER = {"title": "Dubplate 7", "artist": "Nobody Else"}


async def changes(make, room):
    return await make.count_events(room, "TRACK_CHANGED")


async def test_what_plays_is_shown_and_stays_without_a_word(stage, make, database):
    room = await stage.room()
    assert await stage.turn() == 1
    track = await stage.on()
    assert (track.title, track.artist, track.isrc) == ("Taxi to Soweto", "Blue Minibus", "ZAUX12600001")
    assert (track.source, track.playing, track.duration_seconds) == (TrackSource.SPOTIFY, True, 214.5)
    assert track.spotify_url.startswith("https://open.spotify.com/track/")
    assert await changes(make, room) == 1
    for _ in range(3):
        assert await stage.turn() == 1
    again = await stage.on()
    assert (again.id, again.observed_at) == (track.id, track.observed_at), "nothing new writes nothing"
    assert await changes(make, room) == 1
    assert await stage.calls() == 4


async def test_another_track_ends_the_one_before(stage, make):
    room = await stage.room()
    await stage.turn()
    await stage.player("skip")
    await stage.turn()
    first, second = await stage.tracks()
    assert (first.title, first.playing) == ("Taxi to Soweto", False)
    assert first.ended_at is not None
    assert (second.title, second.artist, second.ended_at) == ("Yebo", "Kwaito Kids, Mina", None)
    assert await changes(make, room) == 2


async def test_pause_and_seek_are_told_once_each(stage, make):
    room = await stage.room()
    await stage.turn()
    await stage.player("seek", position_ms=100_000)
    for _ in range(2):
        await stage.turn()
    assert (await stage.on()).progress_seconds == pytest.approx(100, abs=2)
    assert await changes(make, room) == 2
    await stage.player("pause")
    for _ in range(2):
        await stage.turn()
    assert not (await stage.on()).playing
    assert await changes(make, room) == 3
    await stage.player("play")
    for _ in range(2):
        await stage.turn()
    assert (await stage.on()).playing
    assert await changes(make, room) == 4
    assert len(await stage.tracks()) == 1


@pytest.mark.parametrize(("deed", "wait"), [("private", 10), ("nothing", 10), ("ad", 5)])
async def test_where_no_track_is_seen_the_last_one_ends(stage, make, deed, wait):
    room = await stage.room()
    await stage.turn()
    await stage.player(deed)
    for _ in range(2):
        await stage.turn()
    assert await stage.on() is None
    assert await changes(make, room) == 2
    assert wait / 2 < await stage.wait() <= wait


async def test_a_private_session_ends_and_the_track_is_back(stage, make):
    room = await stage.room()
    await stage.turn()
    await stage.player("private")
    await stage.turn()
    await stage.player("public")
    await stage.turn()
    assert [track.title for track in await stage.tracks()] == ["Taxi to Soweto"] * 2
    assert (await stage.on()).title == "Taxi to Soweto"
    assert await changes(make, room) == 3


async def test_a_file_of_the_curators_own_has_no_isrc_and_no_address(stage):
    await stage.room()
    await stage.player("local")
    await stage.turn()
    track = await stage.on()
    assert (track.title, track.isrc, track.spotify_url, track.apple_music_url) == ("Basement demo 3", None, None, None)
    assert track.source is TrackSource.SPOTIFY


async def test_what_the_app_said_stands_until_the_player_does_something(stage, make, api):
    room = await stage.room()
    await stage.turn()
    await api(room.curator).do(SET, broadcastId=room.wire, track=OTHER)
    for _ in range(2):
        await stage.turn()
    assert ((await stage.on()).title, (await stage.on()).source) == ("Dubplate 7", TrackSource.MANUAL)
    await stage.player("private")
    await stage.turn()
    assert (await stage.on()).title == "Dubplate 7", "nothing found ends only what the same source has said"
    await stage.player("public")
    await stage.turn()
    assert (await stage.on()).title == "Taxi to Soweto", "to play after nothing is to begin"


@pytest.mark.parametrize("deeds", [["skip"], ["pause", "play"]])
async def test_another_track_or_a_start_ends_what_the_app_said(stage, api, deeds):
    room = await stage.room()
    await stage.turn()
    await api(room.curator).do(SET, broadcastId=room.wire, track=OTHER)
    for deed in deeds:
        assert (await stage.on()).title == "Dubplate 7"
        await stage.player(deed)
        await stage.turn()
    assert (await stage.on()).source is TrackSource.SPOTIFY


async def test_nothing_said_by_the_app_stands_as_well(stage, api):
    room = await stage.room()
    await stage.turn()
    await api(room.curator).do(SET, broadcastId=room.wire, track=None)
    await stage.turn()
    assert await stage.on() is None
    await stage.player("skip")
    await stage.turn()
    assert (await stage.on()).title == "Yebo"


async def test_the_app_says_what_the_player_plays_too(stage, make, api):
    """The same track is one track; the player's word stays, so that its end is believed."""
    room = await stage.room()
    await stage.turn()
    track = {"title": "TAXI TO SOWETO", "artist": "Blue Minibus", "bpm": 113}
    await api(room.curator).do(SET, broadcastId=room.wire, track=track)
    shown = await stage.on()
    assert (shown.source, shown.bpm, len(await stage.tracks())) == (TrackSource.SPOTIFY, 113, 1)
    await stage.player("nothing")
    await stage.turn()
    assert await stage.on() is None


async def test_access_that_was_taken_away_ends_it(stage, make, database):
    room = await stage.room()
    (followed,) = await stage.followed()
    await stage.turn()
    await stage.sandbox.control("POST", "/spotify/users/mina/revoke")
    await stage.turn()
    assert (await stage.account(followed.account_id)).status is AccountStatus.NEEDS_RECONNECT
    (job,) = await stage.jobs()
    assert (job.status, job.failures) == (JobStatus.DONE, 0)
    (track,) = await stage.tracks()
    assert track.ended_at is not None
    assert (track.playing, await changes(make, room), await stage.followed()) == (False, 2, [])
    async with database.session() as session:
        news = (await session.execute(select(Notification.kind))).scalars().all()
    assert [kind.value for kind in news] == ["ACCOUNT_NEEDS_RECONNECT"]
    # Connecting again begins anew.
    await stage.connect(room.curator)
    assert len(await stage.jobs()) == 2
    await stage.turn()
    assert (await stage.on()).title == "Taxi to Soweto"


async def test_a_token_that_is_too_old_is_renewed_once(stage):
    await stage.room()
    await stage.turn()
    await stage.sandbox.control("POST", "/spotify/users/mina/expire")
    await stage.player("skip")
    await stage.turn()
    assert (await stage.on()).title == "Yebo"
    statuses = [call["status"] for call in await stage.sandbox.calls("api.spotify.com", "/v1/me/player/*")]
    assert statuses == [200, 401, 200]


async def test_an_account_that_may_not_be_asked_ends_it(stage):
    await stage.room()
    (followed,) = await stage.followed()
    await stage.turn()
    await stage.sandbox.control("POST", "/spotify/users/mina/forbid")
    await stage.turn()
    assert (await stage.account(followed.account_id)).status is AccountStatus.NEEDS_RECONNECT
    assert await stage.on() is None


async def test_a_room_whose_account_is_disconnected_shows_nothing_at_once(stage, make, database):
    room = await stage.room()
    await stage.turn()
    async with database.transaction() as tx:
        account = await connections.find_present(tx.session, room.curator.id, AccountProvider.SPOTIFY)
        await disconnect.disconnect(tx, room.curator.actor, account.id)
    # No turn is forced here: the job is due now, though its time was ten seconds away.
    await make.run_jobs()
    assert await stage.on() is None
    assert await changes(make, room) == 2
    async with database.session() as session:
        status = await session.scalar(select(JobRow.status).where(JobRow.kind == JobKind.POLL_PLAYER))
    assert status is JobStatus.DONE


async def test_a_room_that_is_over_is_not_asked_for(stage, make, database):
    room = await stage.room()
    await stage.turn()
    async with database.transaction() as tx:
        await stop.stop(tx, room.curator.actor, room.id)
    before = await stage.calls()
    await stage.turn()
    (job,) = await stage.jobs()
    assert (job.status, await stage.followed(), await stage.calls()) == (JobStatus.DONE, [], before)


async def test_a_worker_that_lost_its_lease_shows_nothing(stage, make, database, services):
    """The lease is lost while the vendor is asked: the answer comes to nothing."""
    room = await stage.room()
    await stage.turn()
    await stage.player("skip")
    await stage.sandbox.fault(host="api.spotify.com", kind="delay", seconds=1.0, times=1)
    # Another worker's claim, as after a pause of this one.
    async with database.transaction() as tx:
        (job,) = await stage.jobs()
    running = asyncio.create_task(stage.turn())
    await asyncio.sleep(0.5)
    async with database.transaction() as tx:
        await tx.session.execute(update(JobRow).where(JobRow.id == job.id).values(fence=JobRow.fence + 1))
    assert await running == 1
    assert ((await stage.on()).title, await changes(make, room)) == ("Taxi to Soweto", 1)
    assert (await stage.jobs())[0].status is JobStatus.RUNNING


async def test_progress_is_where_the_player_is_when_somebody_reads(stage, api):
    room = await stage.room()
    await stage.player("seek", position_ms=50_000)
    await stage.turn()
    await asyncio.sleep(1.2)
    query = "query Q($id: ID!) { broadcast(id: $id) { nowPlaying { progressSeconds observedAt } } }"
    told = (await api()(query, id=room.wire))["broadcast"]["nowPlaying"]
    there = await stage.sandbox.control("GET", "/spotify/players/mina")
    passed = (datetime.now(UTC) - datetime.fromisoformat(told["observedAt"])).total_seconds()
    assert told["progressSeconds"] + passed == pytest.approx(there["progress_ms"] / 1000, abs=0.3)
    assert told["progressSeconds"] > 51
