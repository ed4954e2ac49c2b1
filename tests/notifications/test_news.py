"""News: told once, to those who want it, seen by nobody else, and marked as seen."""

import asyncio

import pytest
from sqlalchemy import func, insert, select, update

from db.tables import EventRow, Notification, NotificationSettings, User
from domain.events import EventKind, person_topic
from domain.ids import new_id, to_wire
from domain.notifications import NotificationKind, SubjectType
from resolvers.notifications import notify
from tests.client import operation

FOLLOW, BLOCK = operation("FollowUser"), operation("BlockUser")
LIST, MARK, SETTINGS = (
    operation(name) for name in ("Notifications", "MarkNotificationsRead", "UpdateNotificationSettings")
)
NODE = "query($id: ID!) { node(id: $id) { id } }"


async def news(api, person, first=20):
    return (await api(person)(LIST, first=first))["viewer"]


async def ids(api, person):
    return [node["id"] for node in (await news(api, person))["notifications"]["nodes"]]


async def tell(database, room, *people, kind=NotificationKind.BROADCAST_STARTED):
    async with database.transaction() as tx:
        return await notify(
            tx,
            recipients=[person.id for person in people],
            kind=kind,
            title="On air",
            body="Night drive",
            subject_type=SubjectType.BROADCAST,
            subject_id=room.id,
        )


@pytest.fixture
async def told(api, make):
    """Mina, and three who followed her, the latest last."""
    mina = await make.user("mina")
    crowd = [await make.user() for _ in range(3)]
    for person in crowd:
        await api(person).do(FOLLOW, userId=mina.wire)
    return mina, crowd


async def test_a_follower_is_news(api, make):
    mina, leo = await make.user("mina"), await make.user("leo", display_name="Leo 🎷")
    await api(leo).do(FOLLOW, userId=mina.wire)
    viewer = await news(api, mina)
    (one,) = viewer["notifications"]["nodes"]
    assert viewer["unreadNotificationCount"] == 1
    assert (one["kind"], one["body"], one["readAt"]) == ("NEW_FOLLOWER", "Leo 🎷 (@leo) follows you.", None)
    assert one["subject"] == {"__typename": "User", "id": leo.wire}
    assert (await news(api, leo))["notifications"]["nodes"] == []


async def test_the_latest_comes_first_and_pages_have_no_holes(api, told):
    mina, crowd = told
    subjects, cursor = [], None
    for _ in crowd:
        page = (await api(mina)(LIST, first=1, after=cursor))["viewer"]["notifications"]
        subjects += [node["subject"]["id"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
    assert subjects == [person.wire for person in reversed(crowd)]


async def test_nobody_else_sees_it(api, told):
    mina, crowd = told
    (first, *_) = await ids(api, mina)
    assert (await api(mina)(NODE, id=first))["node"] == {"id": first}
    for other in (crowd[0], None):
        assert (await api(other)(NODE, id=first))["node"] is None


async def test_the_same_is_told_once_and_only_then_heard(make, database):
    room, ana, ben = await make.room(), await make.user("ana"), await make.user("ben")
    assert await tell(database, room, ana) == 1
    assert await tell(database, room, ana, ben) == 1
    assert await tell(database, room, ana, ben) == 0
    assert await tell(database, room, ana, kind=NotificationKind.MADE_MODERATOR) == 1
    heard = EventRow.kind == EventKind.NOTIFICATION_CREATED
    assert await make.count(EventRow, heard, EventRow.topic == person_topic(ana.id)) == 2
    assert await make.count(EventRow, heard, EventRow.topic == person_topic(ben.id)) == 1


async def test_twenty_who_tell_the_same_at_once_tell_it_once(make, database):
    room, crowd = await make.room(), [await make.user() for _ in range(10)]
    tellings = (tell(database, room, *(crowd if turn % 2 else reversed(crowd))) for turn in range(20))
    assert sum(await asyncio.gather(*tellings)) == 10
    assert await make.count(Notification) == 10
    assert await make.count(EventRow, EventRow.kind == EventKind.NOTIFICATION_CREATED) == 10


async def test_a_deed_that_fails_tells_nobody(make, database):
    room, ana = await make.room(), await make.user("ana")
    with pytest.raises(RuntimeError):
        async with database.transaction() as tx:
            await notify(
                tx,
                recipients=[ana.id],
                kind=NotificationKind.MADE_MODERATOR,
                title="x",
                body="x",
                subject_type=SubjectType.BROADCAST,
                subject_id=room.id,
            )
            raise RuntimeError
    assert await make.count(Notification) + await make.count(EventRow, EventRow.topic == person_topic(ana.id)) == 0


async def test_who_does_not_want_it_is_gone_or_blocked_is_not_told(api, make, database):
    room = await make.room()
    names = ("ana", "blocked", "blocker", "gone", "suspended", "quiet", "spoken")
    ana, blocked, blocker, gone, suspended, quiet, spoken = [await make.user(name) for name in names]
    await api(room.curator).do(BLOCK, userId=blocked.wire)
    await api(blocker).do(BLOCK, userId=room.curator.wire)
    async with database.transaction() as tx:
        await tx.session.execute(update(User).where(User.id == gone.id).values(deleted_at=func.now()))
        await tx.session.execute(update(User).where(User.id == suspended.id).values(suspended=True))
        await tx.session.execute(insert(NotificationSettings).values(user_id=quiet.id, broadcast_started=False))
        await tx.session.execute(insert(NotificationSettings).values(user_id=spoken.id, marketing=True))
    everybody = (ana, blocked, blocker, gone, suspended, quiet, spoken)
    assert await tell(database, room, *everybody) == 2
    async with database.session() as session:
        assert set(await session.scalars(select(Notification.user_id))) == {ana.id, spoken.id}
    assert await tell(database, room, quiet, blocked, kind=NotificationKind.MADE_MODERATOR) == 1


async def test_settings_begin_with_defaults_and_change_one_by_one(api, make):
    mina, leo = await make.user("mina"), await make.user("leo")
    defaults = dict.fromkeys(("broadcastStarted", "missionUpdates", "payouts", "bookings", "releases"), True)
    defaults["marketing"] = False
    assert (await api(mina)(VIEWER_SETTINGS))["viewer"]["notificationSettings"] == defaults
    changed = {**defaults, "broadcastStarted": False, "marketing": True}
    answer = await api(mina).do(SETTINGS, broadcastStarted=False, marketing=True)
    assert answer["notificationSettings"] == changed
    assert (await api(mina).do(SETTINGS, marketing=None))["notificationSettings"] == changed
    assert (await api(mina)(VIEWER_SETTINGS))["viewer"]["notificationSettings"] == changed
    assert (await api(leo).do(SETTINGS))["notificationSettings"] == defaults
    assert (await api().refused(SETTINGS, marketing=True))["code"] == "UNAUTHENTICATED"


VIEWER_SETTINGS = """{ viewer { notificationSettings {
    broadcastStarted missionUpdates payouts bookings releases marketing } } }"""


async def test_some_all_up_to_one_or_all_are_marked(api, told):
    mina, _ = told
    latest, middle, oldest = await ids(api, mina)
    assert (await api(mina).do(MARK, ids=[]))["unreadNotificationCount"] == 3
    for _ in range(2):
        assert (await api(mina).do(MARK, ids=[middle]))["unreadNotificationCount"] == 2
    assert (await api(mina).do(MARK, upTo=middle))["unreadNotificationCount"] == 1
    nodes = (await news(api, mina))["notifications"]["nodes"]
    assert {node["id"] for node in nodes if node["readAt"]} == {middle, oldest}
    assert nodes[0]["id"] == latest
    assert (await api(mina).do(MARK))["unreadNotificationCount"] == 0


async def test_when_it_was_seen_does_not_move(api, told):
    mina, _ = told
    await api(mina).do(MARK)
    before = (await news(api, mina))["notifications"]
    await api(mina).do(MARK)
    assert (await news(api, mina))["notifications"] == before


async def test_what_is_not_ones_own_is_not_found_and_nothing_is_marked(api, make, told):
    mina, crowd = told
    own = (await ids(api, mina))[0]
    foreign = crowd[0]
    await api(mina).do(FOLLOW, userId=foreign.wire)
    (theirs,) = await ids(api, foreign)
    for wrong in (theirs, to_wire("notification", new_id()), mina.wire, "x"):
        error = await api(mina).refused(MARK, ids=[own, wrong])
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["ids", "1"])
        error = await api(mina).refused(MARK, upTo=wrong)
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["upTo"])
    assert (await api(mina).refused(MARK, ids=[own], upTo=own))["code"] == "INVALID_INPUT"
    assert (await api().refused(MARK, ids=[own]))["code"] == "UNAUTHENTICATED"
    assert await make.count(Notification, Notification.read_at.is_not(None)) == 0


async def test_marking_leaves_other_peoples_news_alone(api, make, told):
    mina, crowd = told
    await api(mina).do(FOLLOW, userId=crowd[0].wire)
    await api(mina).do(MARK)
    assert (await news(api, crowd[0]))["unreadNotificationCount"] == 1
