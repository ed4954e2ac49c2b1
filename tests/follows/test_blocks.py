"""Blocking: nothing between two people any more, in both directions, and nobody is told."""

import pytest
from sqlalchemy import func, select

from db.tables import Block, EventRow, Follow, Listener, User
from domain.events import EventKind
from domain.ids import new_id, to_wire
from tests.client import operation

FOLLOW, BLOCK, UNBLOCK = operation("FollowUser"), operation("BlockUser"), operation("UnblockUser")
JOIN, PROFILE = (
    operation("JoinBroadcast"),
    "query($username: String!) { user(username: $username) { viewerIsBlocking } }",
)


async def counts(database, person):
    async with database.session() as session:
        row = await session.execute(select(User.follower_count, User.following_count).where(User.id == person.id))
        return tuple(row.one())


async def test_a_block_ends_follows_both_ways_and_counts_them(api, make, database):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(mina).do(FOLLOW, userId=leo.wire)
    await api(leo).do(FOLLOW, userId=mina.wire)
    assert (await counts(database, mina), await counts(database, leo)) == ((1, 1), (1, 1))
    for _ in range(2):
        assert (await api(mina).do(BLOCK, userId=leo.wire))["user"] == {"id": leo.wire, "viewerIsBlocking": True}
    assert (await counts(database, mina), await counts(database, leo)) == ((0, 0), (0, 0))
    assert (await make.count(Follow), await make.count(Block)) == (0, 1)


async def test_only_the_blocker_sees_the_block(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(mina).do(BLOCK, userId=leo.wire)
    for person, username, blocking in ((mina, "leo", True), (leo, "mina", False), (None, "leo", False)):
        assert (await api(person)(PROFILE, username=username))["user"]["viewerIsBlocking"] is blocking


async def test_a_block_takes_each_out_of_the_others_room(api, make):
    mina, leo, ana = [await make.user(name) for name in ("mina", "leo", "ana")]
    hers, his = await make.room(mina), await make.room(leo)
    await make.listener(hers, leo)
    await make.listener(hers, ana)
    await make.listener(his, mina)
    await api(mina).do(BLOCK, userId=leo.wire)
    present = Listener.left_at.is_(None)
    assert await make.count(Listener, present) == 1
    assert await make.count(Listener, present, Listener.user_id == ana.id) == 1
    assert await make.count_events(hers, EventKind.LISTENER_LEFT) == 1
    assert await make.count_events(his, EventKind.LISTENER_LEFT) == 1
    for person, room in ((leo, hers), (mina, his)):
        assert (await api(person).refused(JOIN, broadcastId=room.wire))["code"] == "FORBIDDEN"


async def test_nobody_is_told_of_a_block(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(mina).do(BLOCK, userId=leo.wire)
    assert await make.count(EventRow) == 0


async def test_a_block_taken_back_brings_no_follow_back(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(leo).do(FOLLOW, userId=mina.wire)
    await api(mina).do(BLOCK, userId=leo.wire)
    for _ in range(2):
        assert (await api(mina).do(UNBLOCK, userId=leo.wire))["user"] == {"id": leo.wire, "viewerIsBlocking": False}
    assert (await make.count(Follow), await make.count(Block)) == (0, 0)
    assert (await api(leo).do(FOLLOW, userId=mina.wire))["user"]["followerCount"] == 1


async def test_each_takes_back_only_their_own_block(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(mina).do(BLOCK, userId=leo.wire)
    await api(leo).do(UNBLOCK, userId=mina.wire)
    assert await make.count(Block, Block.blocker_id == mina.id) == 1
    assert (await api(leo).refused(FOLLOW, userId=mina.wire))["code"] == "NOT_FOUND"


@pytest.mark.parametrize("document", [BLOCK, UNBLOCK])
async def test_oneself_nobody_and_strangers_are_refused(api, make, document):
    mina = await make.user("mina")
    assert (await api(mina).refused(document, userId=mina.wire))["code"] == "INVALID_INPUT"
    assert (await api(mina).refused(document, userId=to_wire("user", new_id())))["code"] == "NOT_FOUND"
    assert (await api().refused(document, userId=mina.wire))["code"] == "UNAUTHENTICATED"
    assert await make.count(Block) == 0


async def test_a_suspended_person_can_be_blocked(api, make):
    mina, leo = await make.user("mina"), await make.user("leo", suspended=True)
    await api(mina).do(BLOCK, userId=leo.wire)
    assert await make.count(Block) == 1
    deleted = await make.user("gone", deleted_at=func.now())
    await api(mina).do(BLOCK, userId=deleted.wire)
    assert await make.count(Block) == 2
