"""What plays in a room."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from db.tables import RoomTrack
from tests.client import operation

SET, ROOM = operation("SetNowPlaying"), operation("BroadcastRoom")
TRACK = {
    "title": "Taxi to Soweto",
    "artist": "Blue Minibus",
    "isrc": "za-ux1-26-00001",
    "durationSeconds": 214.5,
    "bpm": 113,
}
NEXT = {"title": "Yebo", "artist": "Kwaito Kids"}


async def history(api, room):
    data = await api()(ROOM, id=room.wire, messages=1, listeners=1, tracks=10)
    return data["broadcast"]["trackHistory"]["nodes"]


async def test_tracks_follow_one_another(api, make):
    room = await make.room()
    client = api(room.curator)
    url = "https://open.spotify.com/track/1"
    playing = (await client.do(SET, broadcastId=room.wire, track=TRACK, progressSeconds=3.5, spotifyUrl=url))[
        "broadcast"
    ]["nowPlaying"]
    assert playing["track"]["isrc"] == "ZAUX12600001"
    assert 3.5 <= playing["progressSeconds"] < 5
    assert (playing["source"], playing["playing"], playing["spotifyUrl"]) == ("MANUAL", True, url)
    await client.do(SET, broadcastId=room.wire, track=NEXT)
    first, second = await history(api, room)
    assert (first["track"]["title"], first["endedAt"]) == ("Yebo", None)
    assert (second["track"]["title"], second["playing"]) == ("Taxi to Soweto", False)
    assert second["endedAt"] >= second["startedAt"]
    assert (await client.do(SET, broadcastId=room.wire, track=None))["broadcast"]["nowPlaying"] is None
    assert await make.count_events(room, "TRACK_CHANGED") == 3


async def test_the_same_track_again_is_a_report_of_its_progress(api, make, database):
    room = await make.room()
    client = api(room.curator)
    await client.do(SET, broadcastId=room.wire, track=TRACK)
    await client.do(SET, broadcastId=room.wire, track=TRACK, progressSeconds=0.5)
    assert await make.count_events(room, "TRACK_CHANGED") == 1
    await client.do(SET, broadcastId=room.wire, track=TRACK, progressSeconds=90)
    assert await make.count_events(room, "TRACK_CHANGED") == 2
    await client.do(SET, broadcastId=room.wire, track=TRACK, progressSeconds=90, playing=False)
    assert await make.count_events(room, "TRACK_CHANGED") == 3
    assert await make.count(RoomTrack) == 1
    async with database.transaction() as tx:
        await tx.session.execute(update(RoomTrack).values(title="Other"))
    await client.do(
        SET, broadcastId=room.wire, track={**TRACK, "title": "Taxi (live)"}, progressSeconds=90, playing=False
    )
    assert await make.count(RoomTrack) == 1, "the ISRC says that it is the same recording"


async def test_progress_is_true_at_the_moment_of_the_answer(api, make, database):
    room = await make.room()
    await api(room.curator).do(SET, broadcastId=room.wire, track=TRACK, progressSeconds=60)

    async def shift(**facts):
        async with database.transaction() as tx:
            await tx.session.execute(update(RoomTrack).values(**facts))

    async def told():
        data = await api()(ROOM, id=room.wire, messages=1, listeners=1, tracks=10)
        (track,) = data["broadcast"]["trackHistory"]["nodes"]
        return track["progressSeconds"], datetime.fromisoformat(track["observedAt"])

    observed = datetime.now(UTC) - timedelta(seconds=30)
    await shift(observed_at=observed)
    before = datetime.now(UTC)
    progress, at = await told()
    assert before - timedelta(seconds=0.1) <= at <= datetime.now(UTC) + timedelta(seconds=0.1)
    assert progress == pytest.approx(60 + (at - observed).total_seconds(), abs=0.01)
    await shift(observed_at=datetime.now(UTC) - timedelta(hours=1))
    assert (await told())[0] == TRACK["durationSeconds"], "no further than its end"
    await shift(observed_at=observed, duration_seconds=None)
    assert (await told())[0] > 89.9, "a track of unknown length goes on"
    await shift(observed_at=datetime.now(UTC) + timedelta(minutes=1))
    assert (await told())[0] == 60, "a clock that goes ahead turns nothing back"
    await shift(observed_at=observed, playing=False)
    assert await told() == (60, observed)
    await shift(playing=True)
    await api(room.curator).do(SET, broadcastId=room.wire, track=None)
    assert await told() == (60, observed), "what is over moves no more"


async def test_a_report_without_an_address_leaves_the_one_that_is_known(api, make):
    room = await make.room()
    client = api(room.curator)
    url = "https://open.spotify.com/track/1"
    await client.do(SET, broadcastId=room.wire, track=NEXT, spotifyUrl=url)
    again = await client.do(SET, broadcastId=room.wire, track=NEXT, progressSeconds=1)
    assert again["broadcast"]["nowPlaying"]["spotifyUrl"] == url


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"track": {**NEXT, "title": ""}}, ["track", "title"]),
        ({"track": {**NEXT, "isrc": "nonsense"}}, ["track", "isrc"]),
        ({"track": {**NEXT, "bpm": 5}}, ["track", "bpm"]),
        ({"track": {**NEXT, "durationSeconds": -1}}, ["track", "durationSeconds"]),
        ({"track": {**NEXT, "artworkUrl": "javascript:alert(1)"}}, ["track", "artworkUrl"]),
        ({"track": {**NEXT, "artworkUrl": "https://user:pw@x.example/a"}}, ["track", "artworkUrl"]),
        ({"track": NEXT, "progressSeconds": -1}, ["progressSeconds"]),
        ({"track": NEXT, "spotifyUrl": "https://open.spotify.com.evil.example/track/1"}, ["spotifyUrl"]),
        ({"track": NEXT, "appleMusicUrl": "http://music.apple.com/x"}, ["appleMusicUrl"]),
    ],
)
async def test_what_cannot_play_is_refused(api, make, change, field):
    room = await make.room()
    error = await api(room.curator).refused(SET, broadcastId=room.wire, **change)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", field)
    assert await make.count(RoomTrack) == 0


async def test_somebody_else_plays_nothing_here(api, make):
    room, other = await make.room(), await make.user()
    assert (await api(other).refused(SET, broadcastId=room.wire, track=NEXT))["code"] == "FORBIDDEN"
    assert await make.count(RoomTrack) == 0
