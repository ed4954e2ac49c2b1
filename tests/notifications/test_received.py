"""The subscription of one's own news: what was missed first, nothing twice, nobody else's."""

import asyncio

import pytest
from sqlalchemy import delete

from db.tables import EventRow
from domain.events import person_topic, room_topic
from schema.live import cursor_of, sequence_of
from tests.client import operation

FOLLOW, MARK = operation("FollowUser"), operation("MarkNotificationsRead")
PLAIN = operation("NotificationReceived")
RECEIVED = """
subscription($after: String) {
  notificationReceived(after: $after) {
    cursor unreadNotificationCount notification { id kind subject { __typename id } }
  }
}
"""


async def next_news(stream):
    return (await stream.next())["notificationReceived"]


@pytest.fixture
async def crowd(make):
    return [await make.user() for _ in range(8)]


async def follow(api, mina, people):
    for person in people:
        await api(person).do(FOLLOW, userId=mina.wire)


async def opened(api, mina, stream, person):
    """Wait until the stream hears; what is asked for over HTTP before it does may belong to the past."""
    await asyncio.sleep(0.5)
    await follow(api, mina, [person])
    return await next_news(stream)


async def test_news_comes_as_it_happens(api, make, crowd):
    mina = await make.user("mina")
    await follow(api, mina, crowd[:1])
    async with api(mina).subscribe(PLAIN) as stream:
        first = await opened(api, mina, stream, crowd[1])
        assert first["unreadNotificationCount"] == 2
        assert first["notification"]["kind"] == "NEW_FOLLOWER"
        assert first["notification"]["subject"] == {"__typename": "User", "id": crowd[1].wire}
        await api(mina).do(MARK)
        await follow(api, mina, crowd[2:3])
        second = await next_news(stream)
        assert (second["notification"]["subject"]["id"], second["unreadNotificationCount"]) == (crowd[2].wire, 1)
        assert await stream.silent()


async def test_nobody_hears_anothers_news(api, make, crowd):
    mina, leo = await make.user("mina"), await make.user("leo")
    async with api(leo).subscribe(RECEIVED) as stream:
        await asyncio.sleep(0.5)
        await follow(api, mina, crowd[:2])
        assert await stream.silent()


async def test_who_comes_back_with_a_cursor_gets_the_rest_once(api, make, crowd):
    mina = await make.user("mina")
    seen, cursor = [], None
    async with api(mina).subscribe(RECEIVED) as stream:
        first = await opened(api, mina, stream, crowd[0])
        seen, cursor = [first["notification"]["subject"]["id"]], first["cursor"]
    await follow(api, mina, crowd[1:4])
    for person in crowd[4:]:
        async with api(mina).subscribe(RECEIVED, after=cursor) as stream:
            await follow(api, mina, [person])
            found = await next_news(stream)
            seen.append(found["notification"]["subject"]["id"])
            cursor = found["cursor"]
    async with api(mina).subscribe(RECEIVED, after=cursor) as stream:
        while len(seen) < len(crowd):
            seen.append((await next_news(stream))["notification"]["subject"]["id"])
        assert await stream.silent()
    assert seen == [person.wire for person in crowd]


async def test_a_cursor_that_is_too_old_gets_a_gap_and_then_goes_on(api, make, crowd, database):
    mina = await make.user("mina")
    async with api(mina).subscribe(RECEIVED) as stream:
        cursor = (await opened(api, mina, stream, crowd[0]))["cursor"]
    await follow(api, mina, crowd[1:4])
    topic = EventRow.topic == person_topic(mina.id)
    async with database.transaction() as tx:
        await tx.session.execute(delete(EventRow).where(topic, EventRow.sequence.in_([2, 3])))
    async with api(mina).subscribe(RECEIVED, after=cursor) as stream:
        gap = await next_news(stream)
        assert (gap["notification"], gap["unreadNotificationCount"]) == (None, 4)
        assert gap["cursor"].endswith("_3")
        assert (await next_news(stream))["notification"]["subject"]["id"] == crowd[3].wire
    async with api(mina).subscribe(RECEIVED, after=gap["cursor"]) as stream:
        assert (await next_news(stream))["notification"]["subject"]["id"] == crowd[3].wire


async def refusal(api, person, **variables):
    async with api(person).subscribe(RECEIVED, **variables) as stream:
        message = await stream.message()
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    return errors[0]["extensions"]


async def test_a_cursor_of_something_else_is_refused(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    own = f"evt_{str(mina.id)[-12:]}_0"
    foreign = f"evt_{str(leo.id)[-12:]}_0"
    for wrong in (
        foreign,
        "",
        "evt_",
        own + "x",
        own.replace("_0", "_-1"),
        own.replace("_0", "_" + "9" * 30),
        "x" * 500,
    ):
        found = await refusal(api, mina, after=wrong)
        assert (found["code"], found["field"]) == ("INVALID_INPUT", ["after"]), wrong


async def test_a_stranger_hears_nothing(api):
    assert (await refusal(api, None))["code"] == "UNAUTHENTICATED"


async def test_sql_and_python_write_the_same_cursor(api, make, database):
    room = await make.room()
    for expected in (1, 2):
        found = (await api()("query($id: ID!) { broadcast(id: $id) { eventCursor } }", id=room.wire))["broadcast"]
        assert found["eventCursor"] == cursor_of(room_topic(room.id), expected)
        assert sequence_of(room_topic(room.id), found["eventCursor"]) == expected
        await make.message(room)
