"""Where a track is at the other service: looked for once, remembered, told."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from db.tables import TrackLink
from domain.connections import AccountProvider
from domain.jobs import JobKind, JobStatus
from jobs.sweeps import forget_old
from tests.players.conftest import SET, SONGS

ISRC = SONGS[0]["isrc"]
TRACK = {"title": "Taxi to Soweto", "artist": "Blue Minibus", "isrc": ISRC}
BOTH = {AccountProvider.SPOTIFY, AccountProvider.APPLE_MUSIC}


async def look(stage):
    return await stage.turn(JobKind.LINK_TRACK)


async def searches(stage):
    """How often Spotify and Apple were asked, not counting tokens that were too old."""
    asked = [("api.spotify.com", "/v1/search"), ("api.music.apple.com", "/v1/catalog/*")]
    calls = [await stage.sandbox.calls(host, path) for host, path in asked]
    return [sum(call["status"] != 401 for call in found) for found in calls]


async def links(database):
    async with database.session() as session:
        return {link.provider: link.url for link in (await session.execute(select(TrackLink))).scalars()}


async def at_apple(stage):
    """The recording is in Apple's catalogue."""
    await stage.sandbox.control("POST", "/apple_music/users", json={"id": "somebody"})
    song = {"title": "Taxi to Soweto", "artist": "Blue Minibus", "isrc": ISRC}
    await stage.played("somebody", **song)


async def test_what_spotify_plays_is_found_at_apple_and_told_once_more(stage, make, database):
    await at_apple(stage)
    room = await stage.room()
    await stage.turn()
    assert (await stage.on()).apple_music_url is None
    assert await look(stage) == 1
    track = await stage.on()
    assert track.apple_music_url.startswith("https://music.apple.com/")
    assert track.spotify_url.startswith("https://open.spotify.com/")
    assert await make.count_events(room, "TRACK_CHANGED") == 2
    assert await links(database) == {AccountProvider.APPLE_MUSIC: track.apple_music_url}
    assert await searches(stage) == [0, 1]


async def test_what_an_app_says_is_found_at_both(stage, make, api, database):
    await at_apple(stage)
    await stage.user()
    room = await make.room()
    await api(room.curator).do(SET, broadcastId=room.wire, track=TRACK)
    await look(stage)
    track = await stage.on()
    assert track.spotify_url
    assert track.apple_music_url
    assert await searches(stage) == [1, 1]
    # The next time it is known at once, without a word to anybody.
    await api(room.curator).do(SET, broadcastId=room.wire, track={"title": "B", "artist": "C"})
    await api(room.curator).do(SET, broadcastId=room.wire, track=TRACK)
    again = await stage.on()
    assert (again.spotify_url, again.apple_music_url) == (track.spotify_url, track.apple_music_url)
    assert len(await stage.jobs(JobKind.LINK_TRACK)) == 1
    assert await searches(stage) == [1, 1]
    assert await make.count_events(room, "TRACK_CHANGED") == 4


async def test_what_is_not_there_is_asked_again_after_a_day(stage, make, database):
    rooms = [await make.room() for _ in range(2)]
    await stage.say(rooms[0], TRACK)
    await look(stage)
    assert await links(database) == dict.fromkeys(BOTH)
    assert await searches(stage) == [1, 1]
    assert await make.count_events(rooms[0], "TRACK_CHANGED") == 1
    await stage.say(rooms[1], TRACK)
    assert len(await stage.jobs(JobKind.LINK_TRACK)) == 1
    async with database.transaction() as tx:
        await tx.session.execute(update(TrackLink).values(checked_at=func.now() - timedelta(hours=25)))
    await stage.say(rooms[1], None)
    await stage.say(rooms[1], TRACK)
    await look(stage)
    assert await searches(stage) == [2, 2]


async def test_an_address_counts_for_thirty_days(stage, make, database, services):
    await at_apple(stage)
    room = await make.room()
    await stage.say(room, TRACK)
    await look(stage)
    for days, kept in ((29, 2), (31, 0)):
        async with database.transaction() as tx:
            await tx.session.execute(update(TrackLink).values(checked_at=func.now() - timedelta(days=days)))
        await forget_old(database, services)
        assert await make.count(TrackLink) == kept


@pytest.mark.parametrize("track", [{"title": "A", "artist": "B"}, None])
async def test_without_an_isrc_nothing_is_looked_for(stage, make, track):
    await stage.say(await make.room(), track)
    assert await stage.jobs(JobKind.LINK_TRACK) == []


async def test_a_catalogue_that_does_not_answer_is_asked_later_or_never(stage, make, database):
    await at_apple(stage)
    room = await make.room()
    await stage.say(room, TRACK)
    await stage.sandbox.fault(host="api.music.apple.com", kind="status", status=503)
    await stage.sandbox.fault(host="api.spotify.com", kind="status", status=429, headers={"Retry-After": "60"})
    for _ in range(5):
        await look(stage)
    (job,) = await stage.jobs(JobKind.LINK_TRACK)
    assert (job.status, job.failures, await links(database)) == (JobStatus.PENDING, 0, {})
    assert (await searches(stage))[0] == 1, "Spotify is left alone, as it asked"
    await stage.sandbox.calm()
    await look(stage)
    assert (await stage.on()).apple_music_url
    # The track is over: nobody needs the rest.
    await stage.say(room, None)
    await look(stage)
    assert (await stage.jobs(JobKind.LINK_TRACK))[0].status is JobStatus.DONE
    assert await make.count_events(room, "TRACK_CHANGED") == 3
