"""Telling a curator's followers that a room is on air: everybody once, whatever happens to workers."""

import asyncio

import pytest
from sqlalchemy import func, insert, literal, select, text, update

from db.tables import EventRow, Follow, JobRow, Notification, User
from domain.events import EventKind
from domain.ids import new_id
from domain.jobs import JobKind, JobStatus
from domain.notifications import NotificationKind, SubjectType
from resolvers import notifications
from resolvers.notifications import notify_followers
from tests.client import operation

STOP, FOLLOW, SETTINGS = operation("StopBroadcast"), operation("FollowUser"), operation("UpdateNotificationSettings")
LIST = operation("Notifications")
CROWD = 1200
"""Three batches of 500, the last one not full."""

HEARD = EventRow.kind == EventKind.NOTIFICATION_CREATED


async def gather_followers(database, curator, count):
    """Rows of followers, without the deeds that the tests of following are about."""
    people = """
        INSERT INTO users (id, username, display_name)
        SELECT gen_random_uuid(), 'follower' || n, 'Follower' FROM generate_series(1, :count) AS n
    """
    async with database.transaction() as tx:
        await tx.session.execute(text(people), {"count": count})
        followers = select(User.id, literal(curator.id)).where(User.username.like("follower%"))
        statement = insert(Follow).from_select(["follower_id", "followee_id"], followers)
        await tx.session.execute(statement)


@pytest.fixture
async def room(make, database):
    """A room whose curator has 1,200 followers."""
    curator = await make.user("mina")
    await gather_followers(database, curator, CROWD)
    return await make.room(curator)


def payload(room):
    return {"broadcastId": str(room.id), "curatorId": str(room.curator.id)}


async def told(make):
    return await make.count(Notification), await make.count(EventRow, HEARD)


async def test_the_followers_are_told_by_the_job(api, make, run_jobs):
    mina, leo, ana, ben = [await make.user(name) for name in ("mina", "leo", "ana", "ben")]
    for person in (leo, ana):
        await api(person).do(FOLLOW, userId=mina.wire)
    await api(ana).do(SETTINGS, broadcastStarted=False)
    room = await make.room(mina, title="Night drive")
    await run_jobs()
    (one,) = (await api(leo)(LIST, first=5))["viewer"]["notifications"]["nodes"]
    assert (one["kind"], one["title"], one["body"]) == ("BROADCAST_STARTED", "Mina is on air", "Night drive")
    assert one["subject"] == {"__typename": "Broadcast", "id": room.wire}
    for person in (ana, ben):
        assert (await api(person)(LIST, first=5))["viewer"]["notifications"]["nodes"] == []
    assert await make.count(JobRow, JobRow.kind == JobKind.NOTIFY_FOLLOWERS, JobRow.status == JobStatus.DONE) == 1


async def test_all_batches_are_told_once_however_often_the_job_runs(make, database, room):
    for _ in range(2):
        assert await notify_followers(database, payload(room))
        assert await told(make) == (CROWD, CROWD)


async def hold_last(tx, room):
    """Take the notification of the last follower, so that a worker must wait in the last batch until we let go."""
    last = select(Follow.follower_id).order_by(Follow.followed_at.desc(), Follow.follower_id.desc()).limit(1)
    await tx.session.execute(
        insert(Notification).values(
            id=new_id(),
            user_id=last.scalar_subquery(),
            kind=NotificationKind.BROADCAST_STARTED,
            title="",
            body="",
            subject_type=SubjectType.BROADCAST,
            subject_id=room.id,
        )
    )


async def test_a_worker_that_dies_between_batches_is_followed_by_one_that_goes_on(make, database, room):
    with pytest.raises(Letting):
        async with database.transaction() as tx:
            await hold_last(tx, room)
            working = asyncio.create_task(notify_followers(database, payload(room)))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(working, 3)
            raise Letting
    assert await told(make) == (1000, 1000)
    assert await notify_followers(database, payload(room))
    assert await told(make) == (CROWD, CROWD)


class Letting(Exception):
    """Undoes what the test itself wrote."""


async def test_a_worker_without_time_says_that_there_is_more(make, database, room):
    assert await notify_followers(database, payload(room), seconds=0) is False
    assert await told(make) == (0, 0)
    assert await notify_followers(database, payload(room)) is True
    assert await told(make) == (CROWD, CROWD)


async def test_three_workers_at_once_tell_everybody_once(make, database, room):
    await asyncio.gather(*(notify_followers(database, payload(room)) for _ in range(3)))
    assert await told(make) == (CROWD, CROWD)


async def test_nobody_is_told_of_a_room_that_has_ended(api, make, run_jobs, database, room):
    await api(room.curator).do(STOP, broadcastId=room.wire)
    await run_jobs()
    assert await notify_followers(database, payload(room))
    assert await told(make) == (0, 0)


async def test_the_second_room_is_news_again(api, make, run_jobs, database):
    mina, leo = await make.user("mina"), await make.user("leo")
    await api(leo).do(FOLLOW, userId=mina.wire)
    for _ in range(2):
        room = await make.room(mina)
        await run_jobs()
        await api(mina).do(STOP, broadcastId=room.wire)
    about = Notification.kind == "BROADCAST_STARTED"
    assert await make.count(Notification, Notification.user_id == leo.id, about) == 2
    async with database.session() as session:
        subjects = select(func.count(Notification.subject_id.distinct())).where(about)
        assert (await session.execute(subjects)).scalar_one() == 2


async def test_who_unfollowed_before_the_batch_is_not_told(make, database, room):
    async with database.transaction() as tx:
        await tx.session.execute(text("DELETE FROM follows"))
        await tx.session.execute(update(User).values(follower_count=0))
    assert await notify_followers(database, payload(room))
    assert await told(make) == (0, 0)
    assert notifications.BATCH == 500
