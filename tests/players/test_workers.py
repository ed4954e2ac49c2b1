"""Two workers in processes of their own ask the sandbox's players, and are killed over it."""

import asyncio
import itertools
import time
from collections import defaultdict

import pytest

from domain.connections import AccountStatus
from domain.jobs import JobStatus
from tests.client import operation
from tests.players.conftest import API, ASKED, JOIN

EVENTS = operation("BroadcastEvents")
SHORT = [{"title": f"Short {n}", "artists": ["Short"], "duration_ms": 2_500} for n in range(40)]
AT_MOST = 10.0
"""Seconds between two questions while somebody listens."""

pytestmark = [pytest.mark.alone, pytest.mark.timeout(180)]


async def eventually(check, within=40.0):
    async with asyncio.timeout(within):
        while not await check():
            await asyncio.sleep(0.1)


@pytest.fixture
async def workers(fleet):
    return [await fleet.start("worker") for _ in range(2)]


async def asked(stage):
    """When each token was shown, and for how long its call lasted, oldest first."""
    spans = defaultdict(list)
    for call in await stage.sandbox.calls(API, ASKED):
        if call["seconds"] is not None:
            spans[call["authorization"]].append((call["at"], call["seconds"], call["status"]))
    return spans


def never_two_at_once(spans):
    for calls in spans.values():
        for (at, seconds, _), (then, _, _) in itertools.pairwise(calls):
            assert then - at > max(seconds, 0.99), (at, seconds, then)


async def next_track(stream, within):
    """The next title that a subscriber is told; None when nothing plays."""
    while True:
        event = (await stream.next(within))["broadcastEvents"]["event"]
        if event["__typename"] == "TrackChanged":
            return event["nowPlaying"] and event["nowPlaying"]["track"]["title"]


async def test_a_subscriber_sees_what_the_player_does_within_an_interval(stage, make, workers, api):
    room = await stage.room(songs=[{"title": f"T{n}", "artists": ["A"]} for n in range(9)])
    guest = await make.user()
    async with api(guest).subscribe(EVENTS, broadcastId=room.wire) as stream:
        await stream.next()
        await api(guest).do(JOIN, broadcastId=room.wire)

        async def shown():
            return await stage.on() is not None

        await eventually(shown)
        assert await next_track(stream, 5) == "T0"
        for deed, title in (("skip", "T1"), ("private", None)):
            await asyncio.sleep(0.7)
            await stage.player(deed)
            done = time.monotonic()
            assert await next_track(stream, AT_MOST + 1) == title
            assert time.monotonic() - done < AT_MOST + 1
    never_two_at_once(await asked(stage))
    assert await make.count_events(room, "TRACK_CHANGED") == 3


@pytest.mark.long
async def test_two_workers_follow_short_tracks_and_never_ask_at_once(stage, make, workers):
    """Tracks of 2.5 s have everybody ask as often as they may."""
    for n in range(6):
        await stage.room(f"dj{n}", songs=SHORT)
    await asyncio.sleep(20)
    spans = await asked(stage)
    assert len(spans) == 6
    never_two_at_once(spans)
    for calls in spans.values():
        assert 6 <= len(calls) <= 20
    statuses = {job.status for job in await stage.jobs()}
    assert statuses <= {JobStatus.PENDING, JobStatus.RUNNING}
    titles = {track.title for track in await stage.tracks()}
    assert len(titles) >= 6


@pytest.mark.long
async def test_a_killed_worker_leaves_no_room_unheard(stage, make, workers, fleet):
    rooms = [await stage.room(f"dj{n}", songs=SHORT) for n in range(6)]

    async def all_on():
        return len({track.broadcast_id for track in await stage.tracks()}) == len(rooms)

    await eventually(all_on)
    for _ in range(3):
        await asyncio.sleep(2)
        victim = workers.pop(0)
        await victim.kill()
        workers.append(await fleet.start("worker"))
    seen = {room.id: 0 for room in rooms}
    for track in await stage.tracks():
        seen[track.broadcast_id] += 1

    async def all_go_on():
        now = dict.fromkeys(seen, 0)
        for track in await stage.tracks():
            now[track.broadcast_id] += 1
        return all(now[room] > seen[room] for room in seen)

    # A killed worker's lease is 15 s, and a sweep of 2 s finds what it left.
    await eventually(all_go_on, within=25)
    never_two_at_once(await asked(stage))
    assert all(job.failures == 0 for job in await stage.jobs())


async def test_access_taken_away_at_spotify_ends_it_for_good(stage, make, workers):
    room = await stage.room(songs=SHORT)
    (followed,) = await stage.followed()

    async def on():
        return await stage.on() is not None

    await eventually(on)
    await stage.sandbox.control("POST", "/spotify/users/mina/revoke")

    async def over():
        return (await stage.jobs())[0].status is JobStatus.DONE

    await eventually(over)
    assert (await stage.account(followed.account_id)).status is AccountStatus.NEEDS_RECONNECT
    assert await stage.on() is None
    before = await stage.calls()
    await asyncio.sleep(3)
    assert await stage.calls() == before
    assert room


@pytest.mark.long
async def test_no_worker_asks_while_spotify_wants_to_be_left_alone(stage, make, workers):
    for n in range(6):
        await stage.room(f"dj{n}", songs=SHORT)
    await asyncio.sleep(2)
    await stage.sandbox.control("POST", "/spotify/limit", json={"calls": 1, "seconds": 6})

    async def told():
        return any(status == 429 for calls in (await asked(stage)).values() for *_, status in calls)

    await eventually(told)
    await stage.sandbox.control("POST", "/spotify/limit", json={"calls": 1000, "seconds": 6})
    await asyncio.sleep(12)
    calls = sorted(call for calls in (await asked(stage)).values() for call in calls)
    first = next(at for at, _, status in calls if status == 429)
    # Questions may be on their way when the first answer comes; none is asked after that.
    after = [at for at, _, _ in calls if at > first + 0.5]
    assert after[0] - first > 4.5
    assert len(after) > 6
    assert after[5] - after[0] > 0.1, "they do not all come at once"


async def test_the_first_listener_has_the_player_asked_at_once(stage, make, workers, api):
    mina = await stage.curator()
    room = await make.room(mina)

    async def once():
        return await stage.calls() == 1 and (await stage.jobs())[0].status is JobStatus.PENDING

    await eventually(once)
    await stage.player("skip")
    guest = await make.user()
    await asyncio.sleep(1.5)
    assert await stage.calls() == 1, "nobody listens"
    began = time.monotonic()
    await api(guest).do(JOIN, broadcastId=room.wire)

    async def seen():
        track = await stage.on()
        return track is not None and track.title == "Yebo"

    # Left to the interval of rooms that nobody listens to it would be asked after half a minute.
    await eventually(seen, within=5)
    assert time.monotonic() - began < 2
