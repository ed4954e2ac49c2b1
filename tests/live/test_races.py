"""Everybody at once, over two web processes: what is counted and what is logged stays true."""

import asyncio
import itertools
import os
import random
import time

import httpx
import pytest
import websockets
from sqlalchemy import func, insert, select

from db.tables import Block, Broadcast, EventRow, Follow, Listener, Message, Moderator, Session, SignInCode, Topic, User
from domain.actors import Caller
from domain.events import EventKind, room_topic
from domain.ids import new_id, to_wire
from resolvers.accounts import codes
from resolvers.accounts.sessions import open_session
from tests.client import Api, operation

EVENTS, JOIN, LEAVE, SEND, STOP = (
    operation(name) for name in ("BroadcastEvents", "JoinBroadcast", "LeaveBroadcast", "SendMessage", "StopBroadcast")
)
UPDATE, MUTE = operation("UpdateBroadcast"), operation("MuteListener")
FOLLOW, UNFOLLOW, BLOCK, UNBLOCK = (operation(f"{name}User") for name in ("Follow", "Unfollow", "Block", "Unblock"))
START, BEAT, MODERATOR, PROFILE = (
    operation(name) for name in ("StartBroadcast", "SendBroadcastHeartbeat", "SetModerator", "UpdateProfile")
)
DEEDS = int(os.environ.get("TEST_DEEDS", "12"))
"""How many deeds each does in the crowd."""

ENTER, REFRESH, REVOKE = operation("SignIn"), operation("RefreshSession"), operation("RevokeSessions")


@pytest.fixture
def ask(pair):
    """Ask one of the two processes, each in its turn: gives the refusal's code, or None when it was done."""
    turns = itertools.cycle(pair)

    async def asked(person, document, **input):
        answer = await Api(next(turns), person and person.token).answer(document, {"input": input})
        assert "errors" not in answer, answer["errors"]
        errors = next(iter(answer["data"].values()))["userErrors"]
        return errors[0]["code"] if errors else None

    return asked


async def log_of(database, room):
    """The kinds and facts of a room's events, in order; their numbers must have no holes."""
    async with database.session() as session:
        statement = select(EventRow.sequence, EventRow.kind, EventRow.data).where(EventRow.topic == room_topic(room.id))
        rows = (await session.execute(statement.order_by(EventRow.sequence))).all()
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    return [(row.kind, row.data) for row in rows]


async def eventually(holds, within=20.0):
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.01)


async def one(database, statement):
    async with database.session() as session:
        return (await session.execute(statement)).scalar_one()


async def test_of_refreshes_at_once_one_wins_and_the_family_ends(pair, make, database, services):
    mina = await make.user("mina")
    async with database.transaction() as tx:
        issued = await open_session(tx, services, mina.id, "Two tabs", None)
    tries = [Api(url).do(REFRESH, refreshToken=issued.refresh_token) for url in pair * 5]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    won = [answer["session"] for answer in answers if not isinstance(answer, BaseException)]
    assert len(won) == 1
    refused = await Api(pair[0]).refused(REFRESH, refreshToken=won[0]["refreshToken"])
    assert refused["code"] == "EXPIRED"
    ended = select(func.count()).where(Session.revoked_at.is_not(None))
    assert await one(database, ended) == 1
    answer = await Api(pair[1], won[0]["accessToken"]).answer("{ viewer { user { id } } }")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_code_lets_one_of_many_in(ask, make, database, services):
    where = {"email": "new@example.com"}
    await codes.request_code(database, services, Caller("192.0.2.1", "Test"), **where)
    async with database.session() as session:
        row = (await session.execute(select(SignInCode))).scalar_one()
    code = services.cipher.open(row.sealed_code, bound_to=str(row.id))
    found = await asyncio.gather(*(ask(None, ENTER, code={**where, "code": code}) for _ in range(16)))
    assert sorted(found, key=str) == ["EXPIRED"] * 15 + [None]
    assert (await make.count(User), await make.count(Session)) == (1, 1)


async def test_counts_of_follows_stay_exact(ask, make, database):
    people = [await make.user() for _ in range(6)]

    async def storm(person):
        for _ in range(20):
            other = random.choice([each for each in people if each is not person])
            deed = random.choices([FOLLOW, UNFOLLOW, BLOCK, UNBLOCK], [6, 3, 1, 2])[0]
            assert await ask(person, deed, userId=other.wire) in (None, "NOT_FOUND")

    await asyncio.gather(*(storm(person) for person in people))
    async with database.session() as session:
        follows = {tuple(row) for row in await session.execute(select(Follow.follower_id, Follow.followee_id))}
        blocks = {tuple(row) for row in await session.execute(select(Block.blocker_id, Block.blocked_id))}
        counts = await session.execute(select(User.id, User.follower_count, User.following_count))
        for person, followers, following in counts:
            assert followers == sum(followee == person for _, followee in follows)
            assert following == sum(follower == person for follower, _ in follows)
    assert not follows & (blocks | {(other, one) for one, other in blocks})


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.15])
async def test_nobody_joins_a_room_that_has_ended(ask, make, database, pause):
    room = await make.room()
    people = [await make.user() for _ in range(16)]

    async def come_and_go(person):
        for deed in (JOIN, LEAVE, JOIN):
            assert await ask(person, deed, broadcastId=room.wire) in (None, "CONFLICT")

    async def stop():
        await asyncio.sleep(pause)
        assert await ask(room.curator, STOP, broadcastId=room.wire) is None

    await asyncio.gather(stop(), *(come_and_go(person) for person in people))
    log = await log_of(database, room)
    assert log[-1][0] == EventKind.BROADCAST_ENDED
    present = 0
    for kind, data in log[1:-1]:
        present += {EventKind.LISTENER_JOINED: 1, EventKind.LISTENER_LEFT: -1}[kind]
        assert data["listenerCount"] == present
    assert await one(database, select(Broadcast.listener_count)) == 0
    assert await make.count(Listener, Listener.left_at.is_(None)) == 0
    assert await one(database, select(Broadcast.total_listener_count)) == await make.count(Listener)


async def test_nothing_is_said_in_a_room_that_has_ended(ask, make, database):
    """The end comes in the middle of a storm, and need not wait until it is over."""
    room = await make.room()
    people = [await make.user() for _ in range(24)]
    async with database.transaction() as tx:
        # Moderators need not wait between two messages; 20 of them is what `setModerator` allows, not the table.
        rows = [{"broadcast_id": room.id, "user_id": person.id} for person in people]
        await tx.session.execute(insert(Moderator), rows)
    sent = []

    async def talk(person):
        for number in itertools.count():
            refused = await ask(person, SEND, broadcastId=room.wire, text=f"{person.username} {number}")
            if refused:
                break
            sent.append(f"{person.username} {number}")
        return refused

    talking = asyncio.gather(*(talk(person) for person in people))
    await asyncio.sleep(1.5)
    begun = time.monotonic()
    assert await ask(room.curator, STOP, broadcastId=room.wire) is None
    took = time.monotonic() - begun
    assert set(await talking) == {"CONFLICT"}
    log = await log_of(database, room)
    assert log[-1][0] == EventKind.BROADCAST_ENDED
    said = [data["messageId"] for kind, data in log if kind == EventKind.MESSAGE_SENT]
    assert len(sent) == len(said) == await make.count(Message)
    assert len(said) > 20
    assert took < 3, took


async def test_a_room_is_changed_by_many_at_once(ask, make, database):
    room = await make.room()
    helpers = [await make.user() for _ in range(5)]
    async with database.transaction() as tx:
        rows = [{"broadcast_id": room.id, "user_id": person.id} for person in helpers]
        await tx.session.execute(insert(Moderator), rows)
    guest = await make.listener(room)

    async def order(person, number):
        assert await ask(person, UPDATE, broadcastId=room.wire, title=f"Title {number}") is None
        assert await ask(person, MUTE, broadcastId=room.wire, userId=guest.wire, minutes=number) is None

    await asyncio.gather(*(order(person, number) for number in range(5) for person in [*helpers, room.curator]))
    assert (await one(database, select(Broadcast.title))).startswith("Title ")


async def test_everybody_does_everything_at_once(ask, make, database):
    """Whatever waits for whatever, nothing waits in a circle: each deed is done or refused, and the counts are true."""
    people = [await make.user() for _ in range(8)]
    refusals = {None, "NOT_FOUND", "CONFLICT", "FORBIDDEN", "INVALID_INPUT", "RATE_LIMITED"}

    async def do_something(person):
        other = random.choice([each for each in people if each is not person])
        async with database.session() as session:
            live = select(Broadcast.id).where(Broadcast.status == "LIVE").order_by(func.random()).limit(1)
            room = to_wire("broadcast", (await session.execute(live)).scalar() or new_id())
        deeds = [
            (START, {"title": "On"}),
            (STOP, {"broadcastId": room}),
            *[(deed, {"broadcastId": room}) for deed in (JOIN, JOIN, LEAVE, BEAT)],
            *[(deed, {"userId": other.wire}) for deed in (FOLLOW, UNFOLLOW, BLOCK, UNBLOCK, UNBLOCK)],
            (MODERATOR, {"broadcastId": room, "userId": other.wire, "moderator": random.random() < 0.5}),
            (MUTE, {"broadcastId": room, "userId": other.wire, "minutes": random.randint(0, 1)}),
            (UPDATE, {"broadcastId": room, "title": "Changed"}),
            (SEND, {"broadcastId": room, "text": "Hey"}),
            (PROFILE, {"displayName": f"Name {random.randint(0, 9)}"}),
        ]
        deed, facts = random.choice(deeds)
        assert await ask(person, deed, **facts) in refusals

    async def live(person):
        for _ in range(DEEDS):
            await do_something(person)

    await asyncio.gather(*(live(person) for person in people * 2))
    async with database.session() as session:
        present = select(func.count()).where(Listener.broadcast_id == Broadcast.id, Listener.left_at.is_(None))
        rooms = await session.execute(select(Broadcast.listener_count, present.scalar_subquery()))
        assert [count for count, there in rooms if count != there] == []
        count = select(func.count()).where(EventRow.topic == Topic.name).scalar_subquery()
        heads = select(Topic.name).where(Topic.head != count)
        assert (await session.scalars(heads)).all() == []


async def test_a_killed_process_loses_and_repeats_no_message(fleet, pair, make, database):
    """Every client sends its lines in order, and what gets no answer once more, under its key, to another process."""
    room = await make.room()
    authors = [room.curator, *[await make.user() for _ in range(3)]]
    async with database.transaction() as tx:
        rows = [{"broadcast_id": room.id, "user_id": person.id} for person in authors[1:]]
        await tx.session.execute(insert(Moderator), rows)
    mortal = await fleet.start("web")
    answered, repeated = [], []

    async def talk(person):
        urls = itertools.cycle([mortal.url, pair[0]])
        url = next(urls)
        for number in range(50):
            line = {"broadcastId": room.wire, "text": f"{number}", "clientKey": f"line {number}"}
            while True:
                try:
                    answered.append((await Api(url, person.token).do(SEND, **line))["messageEdge"])
                    break
                except httpx.TransportError:
                    repeated.append(number)
                    url = next(urls)

    talking = asyncio.gather(*(talk(person) for person in authors))
    await eventually(lambda: len(answered) >= 60)
    await mortal.kill()
    await talking
    assert len(repeated) >= len(authors) - 1
    async with database.session() as session:
        rows = (await session.execute(select(Message.author_id, Message.text).order_by(Message.sequence))).all()
    for person in authors:
        assert [int(row.text) for row in rows if row.author_id == person.id] == list(range(50))
    assert len(await log_of(database, room)) == 201


async def closed(person, url, room):
    """Follow a room until the server closes the socket; gives the code and when that was."""
    with pytest.raises(websockets.ConnectionClosed) as caught:
        async with Api(url, person.token).subscribe(EVENTS, broadcastId=room.wire) as stream:
            while True:
                await stream.next(within=12)
    return caught.value.rcvd.code, time.monotonic()


async def test_streams_end_with_the_token_and_with_the_right(pair, make):
    room, stays = await make.room(), await make.user("stays")
    brief, gone = await make.user("brief", hours=3 / 3600), await make.user("gone")
    begun = time.monotonic()
    waiting = [asyncio.create_task(closed(person, pair[0], room)) for person in (brief, gone)]
    async with Api(pair[0], stays.token).subscribe(EVENTS, broadcastId=room.wire) as stream:
        await stream.next()
        await asyncio.sleep(1)
        await Api(pair[1], gone.token).do(REVOKE, allOthers=True)
        await Api(pair[1], gone.token).do(operation("SignOut"))
        revoked = time.monotonic()
        (code, expired_at), (other_code, revoked_at) = await asyncio.gather(*waiting)
        assert (code, other_code) == (4403, 4403)
        assert 1.5 < expired_at - begun < 5
        assert revoked_at - revoked < 5
        await make.message(room, text="Still here")
        assert (await stream.next())["broadcastEvents"]["event"]["message"]["text"] == "Still here"
