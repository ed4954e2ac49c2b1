"""Following: idempotent, exact under any crowd, and never with oneself or across a block."""

import asyncio
import random

import pytest
from sqlalchemy import func, select, update

from db.tables import Block, Follow, Notification, User
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.errors import DomainError, ErrorCode, Forbidden
from domain.ids import new_id, to_wire
from resolvers import follows
from tests.client import operation

FOLLOW, UNFOLLOW, LISTS = operation("FollowUser"), operation("UnfollowUser"), operation("FollowLists")
BLOCK = operation("BlockUser")


async def change(database, user_id, **values):
    async with database.transaction() as tx:
        await tx.session.execute(update(User).where(User.id == user_id).values(**values))


async def counts_are_exact(database):
    """Whether both counts of everybody say what the rows say."""
    followers = select(func.count()).where(Follow.followee_id == User.id).scalar_subquery()
    following = select(func.count()).where(Follow.follower_id == User.id).scalar_subquery()
    wrong = select(func.count()).where((User.follower_count != followers) | (User.following_count != following))
    async with database.session() as session:
        return (await session.execute(wrong.select_from(User))).scalar_one() == 0


async def test_following_twice_is_following_once(api, make, database):
    mina, leo = await make.user("mina"), await make.user("leo")
    for _ in range(2):
        user = (await api(leo).do(FOLLOW, userId=mina.wire))["user"]
        assert user == {"id": mina.wire, "followerCount": 1, "viewerIsFollowing": True}
    assert await make.count(Follow) == 1
    assert await make.count(Notification, Notification.user_id == mina.id) == 1
    assert await counts_are_exact(database)


async def test_unfollowing_twice_is_unfollowing_once(api, make, database):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(leo).do(FOLLOW, userId=mina.wire)
    for _ in range(2):
        user = (await api(leo).do(UNFOLLOW, userId=mina.wire))["user"]
        assert user == {"id": mina.wire, "followerCount": 0, "viewerIsFollowing": False}
    assert await make.count(Follow) == 0
    assert await counts_are_exact(database)


async def test_the_followed_are_told_once_however_often_somebody_comes_and_goes(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    for _ in range(3):
        await api(leo).do(FOLLOW, userId=mina.wire)
        await api(leo).do(UNFOLLOW, userId=mina.wire)
    assert await make.count(Notification) == 1


@pytest.mark.parametrize("document", [FOLLOW, UNFOLLOW])
async def test_nobody_follows_themselves(api, make, document):
    mina = await make.user("mina")
    error = await api(mina).refused(document, userId=mina.wire)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["userId"])
    assert await make.count(Follow) == 0


@pytest.mark.parametrize("document", [FOLLOW, UNFOLLOW])
async def test_an_id_of_nobody_is_not_found(api, make, document):
    leo = await make.user("leo")
    room = await make.room()
    for wire in (to_wire("user", new_id()), room.wire, "user_1", "", "user_" + "é" * 36):
        error = await api(leo).refused(document, userId=wire)
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["userId"])


async def test_a_stranger_follows_nobody(api, make):
    mina = await make.user("mina")
    assert (await api().refused(FOLLOW, userId=mina.wire))["code"] == "UNAUTHENTICATED"
    assert await make.count(Follow) == 0


@pytest.mark.parametrize("gone", [{"suspended": True}, {"deleted_at": func.now()}])
async def test_who_is_gone_cannot_be_followed_but_unfollowed(api, make, database, gone):
    mina, leo, ana = [await make.user(name) for name in ("mina", "leo", "ana")]
    await api(leo).do(FOLLOW, userId=mina.wire)
    await change(database, mina.id, **gone)
    assert (await api(ana).refused(FOLLOW, userId=mina.wire))["code"] == "NOT_FOUND"
    await api(leo).do(UNFOLLOW, userId=mina.wire)
    assert await make.count(Follow) == 0
    assert await counts_are_exact(database)


async def test_a_block_in_either_direction_looks_like_nobody(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    nobody = await api(leo).refused(FOLLOW, userId=to_wire("user", new_id()))
    await api(mina).do(BLOCK, userId=leo.wire)
    assert await api(leo).refused(FOLLOW, userId=mina.wire) == nobody
    assert await api(mina).refused(FOLLOW, userId=leo.wire) == nobody
    assert await make.count(Follow) == 0
    assert await make.count(Notification) == 0


async def test_a_program_needs_the_scope(make, database):
    mina, leo = await make.user("mina"), await make.user("leo")
    reader = Actor(leo.id, frozenset(), api_token_id=new_id(), scopes=frozenset({ApiScope.READ}))
    for deed in (follows.follow, follows.unfollow, follows.block, follows.unblock):
        with pytest.raises(Forbidden):
            async with database.transaction() as tx:
                await deed(tx, reader, mina.id)
    assert await make.count(Follow) + await make.count(Block) == 0
    follower = Actor(leo.id, frozenset(), api_token_id=new_id(), scopes=frozenset({ApiScope.FOLLOW}))
    async with database.transaction() as tx:
        await follows.follow(tx, follower, mina.id)
    assert await make.count(Follow) == 1


async def run(database, deed, actor, user_id):
    """Do it; who is told that the server is busy, as a crowd on a slow machine is, asks again."""
    while True:
        try:
            async with database.transaction() as tx:
                await deed(tx, actor, user_id)
        except DomainError as refusal:
            if refusal.code != ErrorCode.UNAVAILABLE:
                return refusal.code
        else:
            return None


async def test_counts_stay_exact_in_a_crowd(make, database):
    """200 deeds at once between few people, so that all meet on the same rows, in both orders of their ids."""
    dice = random.Random(7)
    people = [await make.user() for _ in range(6)]
    deeds = []
    for _ in range(200):
        one, other = dice.sample(people, 2)
        deeds.append(
            run(database, dice.choice([follows.follow, follows.follow, follows.unfollow]), one.actor, other.id)
        )
    assert set(await asyncio.gather(*deeds)) == {None}
    assert await make.count(Follow) > 0
    assert await counts_are_exact(database)


async def test_blocks_among_the_crowd_leave_no_follow_across_them(make, database):
    dice = random.Random(11)
    people = [await make.user() for _ in range(6)]
    choices = [follows.follow] * 5 + [follows.unfollow, follows.block, follows.unblock]
    deeds = []
    for _ in range(200):
        one, other = dice.sample(people, 2)
        deeds.append(run(database, dice.choice(choices), one.actor, other.id))
    assert set(await asyncio.gather(*deeds)) <= {None, "NOT_FOUND"}
    across = (Follow.follower_id == Block.blocker_id) & (Follow.followee_id == Block.blocked_id)
    back = (Follow.followee_id == Block.blocker_id) & (Follow.follower_id == Block.blocked_id)
    async with database.session() as session:
        assert (await session.execute(select(Follow).join(Block, across | back))).first() is None
    assert await counts_are_exact(database)


async def test_two_hundred_follow_one_person_at_once(make, database):
    mina = await make.user("mina")
    crowd = [await make.user() for _ in range(100)]
    twice = [run(database, follows.follow, person.actor, mina.id) for person in crowd * 2]
    assert set(await asyncio.gather(*twice)) == {None}
    async with database.session() as session:
        count = select(User.follower_count).where(User.id == mina.id)
        assert (await session.execute(count)).scalar_one() == 100
    assert await make.count(Notification, Notification.user_id == mina.id) == 100
    assert await counts_are_exact(database)


async def test_lists_say_since_when_and_page_without_holes(api, make):
    mina = await make.user("mina")
    crowd = [await make.user() for _ in range(7)]
    for person in crowd:
        await api(person).do(FOLLOW, userId=mina.wire)
    await api(mina).do(FOLLOW, userId=crowd[0].wire)
    seen, cursor = [], None
    for _ in range(3):
        user = (await api(mina)(LISTS, id=mina.wire, first=3, after=cursor))["node"]
        page = user["followers"]
        assert page["totalCount"] == 7
        assert all(edge["followedAt"] for edge in page["edges"])
        seen += [edge["node"]["id"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is (len(seen) < 7)
    assert seen == [person.wire for person in reversed(crowd)]
    assert [edge["node"]["id"] for edge in user["following"]["edges"]] == [crowd[0].wire]
