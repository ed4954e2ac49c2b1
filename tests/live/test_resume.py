"""Following a room: snapshot, cursor, gap; nothing lost and nothing twice, whatever happens to the connection."""

import asyncio
import os
import random
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from db.queries import events
from db.tables import EventRow
from domain.broadcasts import EndReason
from tests.client import operation

EVENTS = operation("BroadcastEvents")
KILLS = int(os.environ.get("TEST_KILLS", "10"))
MESSAGES = KILLS * 40


async def read_some(stream, seen, most):
    """Read events until there are so many or the last message was seen; gives the cursor of the last one."""
    cursor = None
    for _ in range(most):
        item = (await stream.next(within=30))["broadcastEvents"]
        cursor = item["cursor"]
        if item["event"]["__typename"] == "MessageSent":
            seen.append(item["event"]["message"]["text"])
            if len(seen) >= MESSAGES:
                break
    return cursor


async def test_a_client_that_is_killed_again_and_again_misses_nothing(api, make, settings):
    room = await make.room()
    guest = await make.user()
    said = [f"Line {n}" for n in range(MESSAGES)]
    seen: list[str] = []
    kills = 0
    cursor = (await api(guest)("query($id: ID!) { broadcast(id: $id) { eventCursor } }", id=room.wire))["broadcast"][
        "eventCursor"
    ]

    async def talk():
        for text in said:
            await make.message(room, text=text)

    talking = asyncio.create_task(talk())
    while len(seen) < MESSAGES:
        async with api(guest).socket() as socket:
            stream = await socket.subscribe(EVENTS, broadcastId=room.wire, after=cursor)
            cursor = await read_some(stream, seen, random.randint(1, 2 * MESSAGES // KILLS)) or cursor
            socket.connection.transport.abort()
        kills += 1
    await talking
    assert seen == said
    assert kills >= KILLS / 2


async def test_the_snapshot_and_what_follows_meet_without_a_seam(api, make):
    room = await make.room()

    async def talk():
        for n in range(40):
            await make.message(room, text=f"{n}")

    talking = asyncio.create_task(talk())
    await asyncio.sleep(0.05)
    async with api().subscribe(EVENTS, broadcastId=room.wire) as stream:
        first = (await stream.next())["broadcastEvents"]
        assert first["event"]["__typename"] == "BroadcastSnapshot"
        start = int(first["cursor"].rpartition("_")[2])
        await talking
        rest = [(await stream.next())["broadcastEvents"] for _ in range(41 - start)]
    assert [int(item["cursor"].rpartition("_")[2]) for item in rest] == list(range(start + 1, 42))


@pytest.mark.parametrize("after", ["broken", "evt_0_0", "evt_000000000000_5", ""])
async def test_a_cursor_of_something_else_is_refused(api, make, after):
    room = await make.room()
    async with api().subscribe(EVENTS, broadcastId=room.wire, after=after) as stream:
        message = await stream.message()
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    assert errors[0]["extensions"] == {"code": "INVALID_INPUT", "field": ["after"]}


async def test_what_is_no_longer_kept_is_a_gap(api, make, database):
    room = await make.room()
    cursor = (await api()("query($id: ID!) { broadcast(id: $id) { eventCursor } }", id=room.wire))["broadcast"][
        "eventCursor"
    ]
    for n in range(5):
        await make.message(room, text=f"{n}")
    async with database.transaction() as tx:
        old = EventRow.sequence <= 4
        await tx.session.execute(update(EventRow).where(old).values(occurred_at=func.now() - timedelta(days=8)))
        assert await events.forget(tx.session, 7, 100) >= 4
    async with api().subscribe(EVENTS, broadcastId=room.wire, after=cursor) as stream:
        gap = (await stream.next())["broadcastEvents"]
        assert gap["event"]["__typename"] == "StreamGap"
        assert gap["event"]["resumesAt"].endswith("_5")
        texts = [(await stream.next())["broadcastEvents"]["event"]["message"]["text"] for _ in range(2)]
    assert texts == ["3", "4"]


async def test_a_room_that_ends_completes_its_streams(api, make):
    room = await make.room()
    stop = operation("StopBroadcast")
    async with api().subscribe(EVENTS, broadcastId=room.wire) as stream:
        await stream.next()
        await api(room.curator).do(stop, broadcastId=room.wire)
        ended = (await stream.next())["broadcastEvents"]["event"]
        assert (ended["__typename"], ended["reason"]) == ("BroadcastEnded", EndReason.STOPPED.value)
        assert (await stream.message())["type"] == "complete"


async def test_a_room_that_has_ended_tells_what_it_knows_and_completes(api, make, database):
    room = await make.room()
    stop, stream_of = operation("StopBroadcast"), api().subscribe
    cursors = [(await api()("query($id: ID!) { broadcast(id: $id) { eventCursor } }", id=room.wire))["broadcast"]]
    await make.message(room, text="Last words")
    await api(room.curator).do(stop, broadcastId=room.wire)
    cursors.append((await api()("query($id: ID!) { broadcast(id: $id) { eventCursor } }", id=room.wire))["broadcast"])
    told = {None: ["BroadcastSnapshot"], cursors[0]["eventCursor"]: ["MessageSent", "BroadcastEnded"]}
    told |= {cursors[1]["eventCursor"]: []}
    for after, kinds in told.items():
        async with stream_of(EVENTS, broadcastId=room.wire, after=after) as stream:
            assert [(await stream.next())["broadcastEvents"]["event"]["__typename"] for _ in kinds] == kinds
            assert (await stream.message())["type"] == "complete"
    async with database.transaction() as tx:
        await tx.session.execute(update(EventRow).values(occurred_at=func.now() - timedelta(days=8)))
        await events.forget(tx.session, 7, 100)
    async with stream_of(EVENTS, broadcastId=room.wire, after=cursors[0]["eventCursor"]) as stream:
        assert (await stream.next())["broadcastEvents"]["event"]["__typename"] == "StreamGap"
        assert (await stream.message())["type"] == "complete"


async def test_a_room_that_does_not_exist_cannot_be_followed(api, make):
    other = await make.user()
    for wire in ("nonsense", other.wire):
        async with api().subscribe(EVENTS, broadcastId=wire) as stream:
            message = await stream.message()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "NOT_FOUND"


async def test_messages_of_somebody_whom_one_blocks_come_as_null(api, make):
    room, guest = await make.room(), await make.user()
    await api(guest).do(operation("BlockUser"), userId=room.curator.wire)
    async with api(guest).subscribe(EVENTS, broadcastId=room.wire) as stream:
        await stream.next()
        await make.message(room, text="Hidden")
        assert (await stream.next())["broadcastEvents"]["event"]["message"] is None
