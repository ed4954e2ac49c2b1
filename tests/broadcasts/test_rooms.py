"""Rooms over HTTP: opening, keeping, ending, and who may do what."""

import asyncio

import pytest
from sqlalchemy import select

from db.tables import Broadcast, EventRow, JobRow, Listener, StatusChange
from domain.accounts import Role
from domain.events import LIFECYCLE
from domain.ids import new_id, to_wire
from tests.client import operation

START, STOP, BEAT = operation("StartBroadcast"), operation("StopBroadcast"), operation("SendBroadcastHeartbeat")
JOIN, LEAVE, UPDATE = operation("JoinBroadcast"), operation("LeaveBroadcast"), operation("UpdateBroadcast")
MODERATOR, MUTE = operation("SetModerator"), operation("MuteListener")
ROOM = operation("BroadcastRoom")
FIRST = {"messages": 5, "listeners": 5, "tracks": 5}


async def read(api, person, room):
    return (await api(person)(ROOM, id=room.wire, **FIRST))["broadcast"]


async def test_a_curator_opens_a_room(api, make):
    mina = await make.user("mina")
    made = await api(mina).do(START, title="  Night drive 🌙 ", genreTags=["House", "house", "Dub"])
    room = made["broadcast"]
    assert (room["title"], room["status"], room["genreTags"]) == ("Night drive 🌙", "LIVE", ["house", "dub"])
    assert (room["listenerCount"], room["nowPlaying"], room["endedAt"]) == (0, None, None)
    assert room["curator"]["username"] == "mina"
    assert room["heartbeatIntervalSeconds"] == 120
    assert room["eventCursor"].startswith("evt_")
    assert await make.count(JobRow) == 2
    assert "CURATOR" in (await api(mina)("{ viewer { user { roles } } }"))["viewer"]["user"]["roles"]


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"title": ""}, ["title"]),
        ({"title": "   "}, ["title"]),
        ({"title": "x" * 121}, ["title"]),
        ({"title": "a\u202eb"}, ["title"]),
        ({"title": "ok", "description": "x" * 2001}, ["description"]),
        ({"title": "ok", "genreTags": ["x"] * 11}, ["genreTags"]),
        ({"title": "ok", "genreTags": ["fine", "y" * 41]}, ["genreTags", "1"]),
        ({"title": "ok", "chatIntervalSeconds": 2}, ["chatIntervalSeconds"]),
        ({"title": "ok", "chatIntervalSeconds": 601}, ["chatIntervalSeconds"]),
    ],
)
async def test_what_cannot_be_a_room_is_refused(api, make, input, field):
    mina = await make.user("mina")
    error = await api(mina).refused(START, **input)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", field)
    assert await make.count(Broadcast) == 0
    assert await make.count(EventRow) == 0


async def test_what_no_database_can_hold_is_refused_before_anything_else(api, make):
    mina = await make.user("mina")
    answer = await api(mina).answer(START, {"input": {"title": "a\x00b"}})
    assert answer.get("data") is None
    assert answer["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": ["input", "title"]}
    assert await make.count(Broadcast) == 0


async def test_a_stranger_opens_no_room(api, make, web):
    error = await api().refused(START, title="Night drive")
    assert error["code"] == "UNAUTHENTICATED"
    assert await make.count(Broadcast) == 0


async def test_of_twenty_starts_at_once_one_wins(api, make):
    mina = await make.user("mina")
    client = api(mina)
    answers = await asyncio.gather(*(client(START, input={"title": f"Room {n}"}) for n in range(20)))
    payloads = [answer["startBroadcast"] for answer in answers]
    assert sum(payload["broadcast"] is not None for payload in payloads) == 1
    refused = [payload["userErrors"][0]["code"] for payload in payloads if payload["broadcast"] is None]
    assert refused == ["CONFLICT"] * 19
    assert await make.count(Broadcast) == 1
    assert await make.count(EventRow, EventRow.topic == LIFECYCLE) == 1


async def test_a_room_is_stopped_by_its_curator_alone_and_once(api, make):
    room = await make.room()
    other, operator = await make.user(), await make.user(roles=(Role.OPERATOR,))
    assert (await api(other).refused(STOP, broadcastId=room.wire))["code"] == "FORBIDDEN"
    assert await make.count_events(room, "BROADCAST_ENDED") == 0
    ended = (await api(room.curator).do(STOP, broadcastId=room.wire))["broadcast"]
    assert ended["status"] == "ENDED"
    assert ended["endedAt"] >= ended["startedAt"]
    assert ended["durationSeconds"] >= 0
    for person in (room.curator, operator):
        assert (await api(person).refused(STOP, broadcastId=room.wire))["code"] == "CONFLICT"
    assert await make.count_events(room, "BROADCAST_ENDED") == 1
    assert await make.count(EventRow, EventRow.topic == LIFECYCLE, EventRow.kind == "BROADCAST_ENDED") == 1
    again = await api(room.curator).do(START, title="Next")
    assert again["broadcast"]["id"] != room.wire


async def test_an_operator_closes_anybodys_room_and_it_is_written_down(api, make, database):
    room, operator = await make.room(), await make.user(roles=(Role.OPERATOR,))
    await api(operator).do(STOP, broadcastId=room.wire)
    async with database.session() as session:
        assert (await session.execute(select(Broadcast.end_reason))).scalar_one() == "CLOSED_BY_OPERATOR"
        moves = select(
            StatusChange.from_status, StatusChange.to_status, StatusChange.changed_by_id, StatusChange.reason
        ).order_by(StatusChange.changed_at)
        assert (await session.execute(moves)).all() == [
            (None, "LIVE", room.curator.id, "STARTED"),
            ("LIVE", "ENDED", operator.id, "CLOSED_BY_OPERATOR"),
        ]


@pytest.mark.parametrize(
    "wire",
    ["nonsense", "broadcast_", to_wire("user", new_id()), to_wire("broadcast", new_id()), "broadcast_" + "z" * 36],
    ids=["nonsense", "no id", "another noun", "unknown", "not an id"],
)
async def test_unknown_and_foreign_ids_are_not_found(api, make, wire):
    mina = await make.user("mina")
    for document in (STOP, BEAT, JOIN, LEAVE):
        error = await api(mina).refused(document, broadcastId=wire)
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["broadcastId"])
    assert (await api(mina)(ROOM, id=wire, **FIRST))["broadcast"] is None


async def test_a_heartbeat_puts_the_end_off(api, make, database):
    room = await make.room()
    async with database.transaction() as tx:
        await make.silence(tx, room, 4)
    before = (await read(api, room.curator, room))["id"]
    beaten = (await api(room.curator).do(BEAT, broadcastId=room.wire))["broadcast"]
    assert before == beaten["id"]
    assert beaten["endsWithoutHeartbeatAt"] > beaten["lastHeartbeatAt"]
    other = await make.user()
    assert (await api(other).refused(BEAT, broadcastId=room.wire))["code"] == "FORBIDDEN"


async def test_a_heartbeat_after_the_time_was_over_comes_too_late(api, make, database, run_jobs):
    room = await make.room()
    async with database.transaction() as tx:
        await make.silence(tx, room, 6)
    assert (await api(room.curator).refused(BEAT, broadcastId=room.wire))["code"] == "CONFLICT"


async def test_coming_and_going_counts_exactly(api, make):
    room = await make.room()
    people = [await make.user() for _ in range(12)]
    await asyncio.gather(*(api(person).do(JOIN, broadcastId=room.wire) for person in people))
    await asyncio.gather(*(api(person).do(JOIN, broadcastId=room.wire) for person in people))
    assert await make.count_events(room, "LISTENER_JOINED") == 12
    await asyncio.gather(*(api(person).do(LEAVE, broadcastId=room.wire) for person in people[:5] * 3))
    assert await make.count_events(room, "LISTENER_LEFT") == 5
    back = (await api(people[0]).do(JOIN, broadcastId=room.wire))["broadcast"]
    assert (back["listenerCount"], back["viewerIsListening"]) == (8, True)
    seen = await read(api, people[0], room)
    assert (seen["listenerCount"], seen["peakListenerCount"], seen["totalListenerCount"]) == (8, 12, 12)
    assert seen["listeners"]["totalCount"] == 8
    assert await make.count(Listener) == 12


async def test_leaving_without_joining_and_joining_ones_own_room(api, make):
    room, guest = await make.room(), await make.user()
    left = (await api(guest).do(LEAVE, broadcastId=room.wire))["broadcast"]
    assert (left["listenerCount"], left["viewerIsListening"]) == (0, False)
    assert (await api(room.curator).refused(JOIN, broadcastId=room.wire))["code"] == "CONFLICT"
    assert await make.count(Listener) == 0


async def test_a_stopped_room_takes_nobody(api, make):
    room = await make.room()
    guest = await make.listener(room)
    await api(room.curator).do(STOP, broadcastId=room.wire)
    assert (await api(guest).refused(JOIN, broadcastId=room.wire))["code"] == "CONFLICT"
    assert (await api(guest).do(LEAVE, broadcastId=room.wire))["broadcast"]["viewerIsListening"] is False
    assert (await read(api, guest, room))["listenerCount"] == 0


async def test_what_one_may_do_is_what_one_is_told(api, make):
    room = await make.room()
    guest, moderator = await make.listener(room), await make.user()
    await api(room.curator).do(MODERATOR, broadcastId=room.wire, userId=moderator.wire)
    assert (await read(api, None, room))["viewerActions"] == []
    assert (await read(api, guest, room))["viewerActions"] == ["LEAVE", "SEND_MESSAGE", "SEND_TIP"]
    assert (await read(api, moderator, room))["viewerActions"] == [
        "JOIN",
        "SEND_MESSAGE",
        "SEND_TIP",
        "UPDATE",
        "MODERATE",
    ]
    mine = (await read(api, room.curator, room))["viewerActions"]
    assert mine == ["SEND_MESSAGE", "SET_NOW_PLAYING", "SEND_HEARTBEAT", "UPDATE", "MODERATE", "SET_MODERATOR", "STOP"]
    await api(moderator).do(MUTE, broadcastId=room.wire, userId=guest.wire, minutes=5)
    assert (await read(api, guest, room))["viewerActions"] == ["LEAVE", "SEND_TIP"]
    await api(room.curator).do(operation("BlockUser"), userId=moderator.wire)
    assert (await read(api, moderator, room))["viewerActions"] == []
    assert (await api(moderator).refused(UPDATE, broadcastId=room.wire, title="Mine"))["code"] == "FORBIDDEN"
    await api(room.curator).do(STOP, broadcastId=room.wire)
    assert (await read(api, room.curator, room))["viewerActions"] == []


async def test_curator_and_moderators_change_the_room_and_nobody_else(api, make):
    room = await make.room(description="Long")
    moderator, guest = await make.user(), await make.listener(room)
    await api(room.curator).do(MODERATOR, broadcastId=room.wire, userId=moderator.wire)
    changed = (await api(moderator).do(UPDATE, broadcastId=room.wire, chatIntervalSeconds=30, description=None))[
        "broadcast"
    ]
    assert (changed["title"], changed["chatIntervalSeconds"], changed["description"]) == ("Night drive", 30, None)
    assert (await api(guest).refused(UPDATE, broadcastId=room.wire, title="Mine"))["code"] == "FORBIDDEN"
    for name in ("title", "genreTags", "chatIntervalSeconds"):
        assert (await api(moderator).refused(UPDATE, broadcastId=room.wire, **{name: None}))["field"] == [name]
    assert (await api(moderator).refused(MODERATOR, broadcastId=room.wire, userId=guest.wire))["code"] == "FORBIDDEN"
    gone = await api(room.curator).do(MODERATOR, broadcastId=room.wire, userId=moderator.wire, moderator=False)
    assert gone["broadcast"]["moderators"]["nodes"] == []
    assert (await api(moderator).refused(UPDATE, broadcastId=room.wire, title="Mine"))["code"] == "FORBIDDEN"
    assert (await read(api, None, room))["title"] == "Night drive"


async def test_mutes_and_their_limits(api, make):
    room = await make.room()
    moderator, guest = await make.user(), await make.listener(room)
    await api(room.curator).do(MODERATOR, broadcastId=room.wire, userId=moderator.wire)
    assert (await api(moderator).do(MUTE, broadcastId=room.wire, userId=guest.wire, minutes=1))["mutedUntil"]
    assert (await api(moderator).do(MUTE, broadcastId=room.wire, userId=guest.wire, minutes=0))["mutedUntil"] is None
    for user, minutes, field in (
        (guest, -1, "minutes"),
        (guest, 10081, "minutes"),
        (room.curator, 5, "userId"),
        (moderator, 5, "userId"),
    ):
        error = await api(moderator).refused(MUTE, broadcastId=room.wire, userId=user.wire, minutes=minutes)
        assert error["field"] == [field]
    unknown = to_wire("user", new_id())
    assert (await api(moderator).refused(MUTE, broadcastId=room.wire, userId=unknown, minutes=5))["code"] == "NOT_FOUND"
    assert (await api(guest).refused(MUTE, broadcastId=room.wire, userId=moderator.wire, minutes=5))[
        "code"
    ] == "FORBIDDEN"


async def test_whom_one_blocks_one_makes_no_moderator(api, make):
    room, guest = await make.room(), await make.user()
    await api(room.curator).do(operation("BlockUser"), userId=guest.wire)
    assert (await api(room.curator).refused(MODERATOR, broadcastId=room.wire, userId=guest.wire))["code"] == "NOT_FOUND"
    seen = await api(room.curator)("query($id: ID!) { broadcast(id: $id) { moderators { totalCount } } }", id=room.wire)
    assert seen["broadcast"]["moderators"]["totalCount"] == 0
