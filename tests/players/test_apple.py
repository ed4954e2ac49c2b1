"""What an app says that Apple Music plays, and what Apple's list of what was played lately says to it."""

from uuid import UUID

import pytest

from db.tables import JobRow, RoomTrack, VendorPause
from domain.connections import AccountProvider, AccountStatus
from domain.jobs import JobStatus
from resolvers.players.cross_check import song_id
from tests.players.conftest import SET

SONG = {"title": "Taxi to Soweto", "artist": "Blue Minibus", "isrc": "ZAUX12600001"}
RECENT = "/v1/me/recent/played/tracks"
CONFIRMED = "query Q($id: ID!) { broadcast(id: $id) { nowPlaying { source confirmedAt track { title } } } }"


@pytest.fixture
async def room(stage, make):
    room = await make.room()
    await stage.apple(room.curator)
    return room


@pytest.fixture
def told(api):
    async def read(room):
        return (await api()(CONFIRMED, id=room.wire))["broadcast"]["nowPlaying"]

    return read


async def looks(stage):
    return len(await stage.sandbox.calls("api.music.apple.com", RECENT))


async def test_a_track_that_was_played_lately_is_borne_out_once(stage, make, api, room, told):
    await api(room.curator).do(SET, broadcastId=room.wire, track=SONG, source="APPLE_MUSIC")
    assert await told(room) == {"source": "APPLE_MUSIC", "confirmedAt": None, "track": {"title": "Taxi to Soweto"}}
    assert 5 < await stage.wait() <= 10
    await stage.played(title="Something else", artist="Somebody")
    await stage.turn()
    assert (await told(room))["confirmedAt"] is None, "it is not in the list"
    assert 20 < await stage.wait() <= 30
    await stage.played(title="TAXI TO SOWETO", artist="blue minibus")
    await stage.turn()
    assert (await told(room))["confirmedAt"] is not None
    (job,) = await stage.jobs()
    assert (job.status, await looks(stage)) == (JobStatus.DONE, 2)
    # A report of progress begins nothing anew.
    await api(room.curator).do(SET, broadcastId=room.wire, track=SONG, source="APPLE_MUSIC", progressSeconds=60)
    assert len(await stage.jobs()) == 1
    assert (await told(room))["confirmedAt"] is not None
    assert await make.count(RoomTrack) == 1


async def test_the_id_in_the_address_is_enough(stage, services, api, room, told):
    await stage.played(title="Named otherwise there", artist="Various", isrc="USAAA2600001")
    url = await services.catalogs[AccountProvider.APPLE_MUSIC].find_url("USAAA2600001")
    track = {"title": "As the app calls it", "artist": "Somebody"}
    await api(room.curator).do(SET, broadcastId=room.wire, track=track, source="APPLE_MUSIC", appleMusicUrl=url)
    await stage.turn()
    assert (await told(room))["confirmedAt"] is not None


async def test_what_is_not_borne_out_is_left_as_the_app_said_it(stage, make, api, room, told):
    await api(room.curator).do(SET, broadcastId=room.wire, track=SONG, source="APPLE_MUSIC")
    for _ in range(3):
        await stage.turn()
    assert (await told(room))["track"]["title"] == "Taxi to Soweto"
    assert await make.count_events(room, "TRACK_CHANGED") == 1
    # The next track ends the looking.
    await api(room.curator).do(SET, broadcastId=room.wire, track={"title": "Next", "artist": "One"})
    before = await looks(stage)
    await stage.turn()
    assert ((await stage.jobs())[0].status, await looks(stage)) == (JobStatus.DONE, before)


async def test_a_token_that_apple_refuses_waits_for_its_person(stage, api, room, told):
    await api(room.curator).do(SET, broadcastId=room.wire, track=SONG, source="APPLE_MUSIC")
    await stage.sandbox.control("POST", "/apple_music/users/mina/revoke")
    await stage.turn()
    (job,) = await stage.jobs()
    account = await stage.account(UUID(job.payload["accountId"]))
    assert (job.status, account.status) == (JobStatus.DONE, AccountStatus.NEEDS_RECONNECT)
    assert (await told(room))["track"]["title"] == "Taxi to Soweto"
    error = await api(room.curator).refused(SET, broadcastId=room.wire, track=SONG, source="APPLE_MUSIC")
    assert (error["code"], error["field"]) == ("CONFLICT", ["source"])
    # Connected anew, the same track is looked for anew.
    await stage.apple(room.curator)
    await api(room.curator).do(SET, broadcastId=room.wire, track=SONG, source="APPLE_MUSIC")
    assert len(await stage.jobs()) == 2


async def test_apple_may_be_slow_silent_or_strict(stage, make, api, room):
    await api(room.curator).do(SET, broadcastId=room.wire, track=SONG, source="APPLE_MUSIC")
    await stage.sandbox.fault(host="api.music.apple.com", kind="status", status=503, times=3)
    for _ in range(4):
        await stage.turn()
    (job,) = await stage.jobs()
    assert (job.status, job.failures) == (JobStatus.PENDING, 0)
    await stage.sandbox.fault(host="api.music.apple.com", kind="status", status=429, headers={"Retry-After": "90"})
    await stage.turn()
    assert 75 < await stage.wait() <= 91
    assert await make.count(VendorPause) == 1
    before = await looks(stage)
    await stage.turn()
    assert await looks(stage) == before


@pytest.mark.parametrize(
    ("source", "code"), [("SPOTIFY", "INVALID_INPUT"), ("SERATO", "INVALID_INPUT"), ("APPLE_MUSIC", "CONFLICT")]
)
async def test_an_app_speaks_for_nobody_else(make, api, source, code):
    room = await make.room()
    error = await api(room.curator).refused(SET, broadcastId=room.wire, track=SONG, source=source)
    assert (error["code"], error["field"]) == (code, ["source"])
    assert await make.count(RoomTrack) == await make.count(JobRow, JobRow.kind == "POLL_PLAYER") == 0


@pytest.mark.parametrize(
    ("url", "song"),
    [
        ("https://music.apple.com/us/album/taxi/1440?i=1441", "1441"),
        ("https://music.apple.com/us/song/taxi/1442", "1442"),
        ("https://music.apple.com/us/song/taxi/1442/", "1442"),
        ("https://music.apple.com/us/album/taxi/1440", None),
        ("https://music.apple.com/us/album/taxi/1440?i=", None),
        ("https://music.apple.com/us/album/taxi/1440?i=../../x", None),
        ("https://music.apple.com/us/song/taxi/١٢", None),
    ],
)
def test_songs_are_known_by_their_address(url, song):
    assert song_id(url) == song
