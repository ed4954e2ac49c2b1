"""Suggesting people: genres in common, friends' follows, on air now; never whom one knows, nor across a block."""

import pytest
from sqlalchemy import func, insert

from db.tables import MusicPreferences
from tests.client import operation

SUGGESTED, FOLLOW, BLOCK = operation("SuggestedCurators"), operation("FollowUser"), operation("BlockUser")


@pytest.fixture
def suggest(api):
    """The usernames that somebody is suggested."""

    async def suggested(person, first=10):
        viewer = (await api(person)(SUGGESTED, first=first))["viewer"]
        return [node["username"] for node in viewer["suggestedCurators"]["nodes"]]

    return suggested


async def likes(database, person, *genres):
    async with database.transaction() as tx:
        await tx.session.execute(insert(MusicPreferences).values(user_id=person.id, favorite_genres=list(genres)))


async def test_a_newcomer_gets_who_is_on_air_and_the_most_followed(make, suggest):
    ana = await make.user("ana")
    await make.user("known", follower_count=900)
    await make.user("lesser", follower_count=10)
    live = await make.user("live")
    await make.room(live)
    assert await suggest(ana) == ["live", "known", "lesser"]
    assert await suggest(ana, first=2) == ["live", "known"]


async def test_genres_in_common_weigh_more_than_fame(make, suggest, database):
    ana = await make.user("ana", genre_tags=["dub"])
    await likes(database, ana, "house", "soul")
    await make.user("famous", follower_count=1000, genre_tags=["metal"])
    await make.user("one", genre_tags=["dub", "rock"])
    await make.user("two", genre_tags=["house", "soul", "rock"])
    assert await suggest(ana) == ["two", "one", "famous"]


async def test_friends_follows_count(api, make, suggest):
    ana, ben, cleo = [await make.user(name) for name in ("ana", "ben", "cleo")]
    both, either = await make.user("both"), await make.user("either")
    await make.user("famous", follower_count=1000)
    for friend in (ben, cleo):
        await api(ana).do(FOLLOW, userId=friend.wire)
        await api(friend).do(FOLLOW, userId=both.wire)
    await api(ben).do(FOLLOW, userId=either.wire)
    assert await suggest(ana) == ["both", "either", "famous"]


async def test_left_out_are_oneself_the_followed_the_gone_and_the_blocked(api, make, suggest):
    ana = await make.user("ana", genre_tags=["dub"])
    followed, blocked, blocker = [await make.user(name, genre_tags=["dub"]) for name in ("fol", "blocked", "blocker")]
    await make.user("gone", genre_tags=["dub"], deleted_at=func.now())
    await make.user("suspended", genre_tags=["dub"], suspended=True)
    await make.user("fine", genre_tags=["dub"])
    await make.room(followed)
    await make.room(blocked)
    assert set(await suggest(ana)) == {"fol", "blocked", "blocker", "fine"}
    await api(ana).do(FOLLOW, userId=followed.wire)
    await api(ana).do(BLOCK, userId=blocked.wire)
    await api(blocker).do(BLOCK, userId=ana.wire)
    assert await suggest(ana) == ["fine"]


async def test_those_already_followed_do_not_fill_the_lists(api, make, suggest):
    ana = await make.user("ana")
    for index in range(12):
        famous = await make.user(f"famous{index}", follower_count=1000)
        await api(ana).do(FOLLOW, userId=famous.wire)
    await make.user("small")
    assert await suggest(ana, first=5) == ["small"]


@pytest.mark.parametrize("first", [-1, 101])
async def test_a_number_that_cannot_be_is_refused(api, make, first):
    answer = await api(await make.user("ana")).answer(SUGGESTED, {"first": first})
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("INVALID_INPUT", ["first"])


async def test_none_asked_for_is_none_and_a_stranger_gets_nothing(api, make, suggest):
    ana = await make.user("ana")
    await make.user("ben")
    assert await suggest(ana, first=0) == []
    assert (await api()(SUGGESTED, first=5))["viewer"] is None
