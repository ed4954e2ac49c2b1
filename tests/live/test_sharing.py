"""One execution for all who see the same, and nothing shared with those who do not."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from tests.client import operation

EVENTS, BLOCK, FOLLOW = operation("BroadcastEvents"), operation("BlockUser"), operation("FollowUser")
TELLING = """subscription ($id: ID!, $after: String, $with: Boolean = true) {
  broadcastEvents(broadcastId: $id, after: $after) {
    cursor event { ... on MessageSent { message { text @include(if: $with) author { username viewerIsFollowing } } } }
  }
}"""
CURSOR = "query ($id: ID!) { broadcast(id: $id) { eventCursor } }"


async def settle(groups, number, members):
    """Wait until so many groups have so many members."""
    async with asyncio.timeout(5):
        while (len(groups), groups.members) != (number, members):
            await asyncio.sleep(0.01)


@pytest.fixture
async def follow(api, make):
    """Let people follow a room, each on a socket of their own: gives their streams, past the snapshot."""
    async with AsyncExitStack() as stack:

        async def following(people, document=EVENTS, **variables):
            made = [await stack.enter_async_context(api(person).subscribe(document, **variables)) for person in people]
            for stream in made:
                await stream.next()
            return made

        yield following


async def said(stream):
    return (await stream.next())["broadcastEvents"]["event"]["message"]


@pytest.fixture
def groups(web):
    return web.door.groups


async def test_strangers_and_people_share_what_all_may_see(follow, make, groups):
    room = await make.room()
    people = [await make.user() for _ in range(6)]
    streams = await follow([None, None, *people], broadcastId=room.wire)
    await settle(groups, 1, 8)
    before = groups.executed, groups.delivered
    await make.message(room, text="Hello")
    assert [(await said(stream))["text"] for stream in streams] == ["Hello"] * 8
    # A message is hidden from those who block its author: strangers once, and all who do not block once.
    assert groups.executed - before[0] <= 2
    assert groups.delivered - before[1] == 8


async def test_who_blocks_the_author_shares_nothing_with_those_who_do_not(follow, make, api, groups):
    room = await make.room()
    people = [await make.user() for _ in range(6)]
    for person in people[:2]:
        await api(person).do(BLOCK, userId=room.curator.wire)
    streams = await follow([*people, None], broadcastId=room.wire)
    await settle(groups, 1, 7)
    before = groups.executed
    await make.message(room, text="Hidden from two")
    texts = [message and message["text"] for message in [await said(stream) for stream in streams]]
    assert texts == [None, None, *["Hidden from two"] * 5]
    assert groups.executed - before <= 3
    await api(people[2]).do(BLOCK, userId=room.curator.wire)
    await make.message(room, text="Hidden from three")
    assert [(await said(stream)) is None for stream in streams] == [True, True, True, False, False, False, False]


async def test_fields_about_the_viewer_are_each_viewers_own(follow, make, api, groups):
    room = await make.room()
    people = [await make.user() for _ in range(5)]
    for person in people[:3]:
        await api(person).do(FOLLOW, userId=room.curator.wire)
    streams = await follow([*people, None], TELLING, id=room.wire)
    await settle(groups, 1, 6)
    before = groups.executed
    await make.message(room, text="Hey")
    found = [(await said(stream))["author"]["viewerIsFollowing"] for stream in streams]
    assert found == [True, True, True, False, False, False]
    assert groups.executed - before <= 3


async def test_other_variables_are_another_answer(follow, make, groups):
    room = await make.room()
    some = await follow([None, None], TELLING, id=room.wire)
    others = await follow([None, None], TELLING, id=room.wire, **{"with": False})
    await settle(groups, 2, 4)
    await make.message(room, text="Hey")
    assert ["text" in await said(stream) for stream in (*some, *others)] == [True, True, False, False]


async def test_who_joins_late_misses_nothing_and_hears_nothing_twice(api, make, groups):
    room, total = await make.room(), 60
    cursor = (await api()(CURSOR, id=room.wire))["broadcast"]["eventCursor"]
    start = int(cursor.rpartition("_")[2])

    async def listen(delay):
        await asyncio.sleep(delay)
        async with api().subscribe(EVENTS, broadcastId=room.wire, after=cursor) as stream:
            return [int((await stream.next())["broadcastEvents"]["cursor"].rpartition("_")[2]) for _ in range(total)]

    listening = [asyncio.create_task(listen(random.uniform(0, 1.0))) for _ in range(12)]
    for n in range(total):
        await make.message(room, text=f"{n}")
        await asyncio.sleep(0.01)
    for heard in await asyncio.gather(*listening):
        assert heard == list(range(start + 1, start + total + 1))


async def test_the_last_who_leaves_ends_the_group(follow, api, make, groups):
    room = await make.room()
    async with api().subscribe(EVENTS, broadcastId=room.wire) as one:
        await one.next()
        async with api().subscribe(EVENTS, broadcastId=room.wire) as other:
            await other.next()
            await settle(groups, 1, 2)
        await settle(groups, 1, 1)
    await settle(groups, 0, 0)


async def test_presence_is_held_for_as_long_as_somebody_follows(follow, api, make, web, groups):
    """The subscription has handed it over: its generator is gone, and has let go of nothing."""
    room, person = await make.room(), await make.user()
    pair, held = (room.id, person.id), web.presence._open
    async with api(person).subscribe(EVENTS, broadcastId=room.wire) as first:
        await first.next()
        await settle(groups, 1, 1)
        async with api(person).subscribe(EVENTS, broadcastId=room.wire) as second:
            await second.next()
            await settle(groups, 1, 2)
            assert held[pair] == 2
        await settle(groups, 1, 1)
        assert held[pair] == 1
        await follow([None], broadcastId=room.wire)
        await settle(groups, 1, 2)
        assert dict(held) == {pair: 1}, "strangers are nobody's presence"
    await settle(groups, 1, 1)
    assert dict(held) == {}
