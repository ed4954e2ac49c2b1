"""Chat: order, cursors, limits, and who may take what away."""

import asyncio
import time

import pytest
from sqlalchemy import select

from db.tables import Message
from domain.accounts import Role
from domain.ids import new_id, to_wire
from tests.client import operation

SEND, DELETE, AFTER = operation("SendMessage"), operation("DeleteMessage"), operation("MessagesAfter")
ROOM, MUTE, MODERATOR = operation("BroadcastRoom"), operation("MuteListener"), operation("SetModerator")
BLOCK, STOP = operation("BlockUser"), operation("StopBroadcast")


async def texts(api, person, room, last=20):
    data = await api(person)(ROOM, id=room.wire, messages=last, listeners=1, tracks=1)
    return [message["text"] for message in data["broadcast"]["messages"]["nodes"]]


async def test_messages_come_in_order_and_by_cursor(api, make):
    room = await make.room()
    client = api(room.curator)
    edges = [(await client.do(SEND, broadcastId=room.wire, text=f"Line {n} 🎶"))["messageEdge"] for n in range(5)]
    assert await texts(api, None, room) == [f"Line {n} 🎶" for n in range(5)]
    page = (await api()(AFTER, broadcastId=room.wire, after=edges[1]["cursor"], first=2))["broadcast"]["messages"]
    assert [node["text"] for node in page["nodes"]] == ["Line 2 🎶", "Line 3 🎶"]
    assert page["pageInfo"]["hasNextPage"]
    assert page["pageInfo"]["endCursor"] == edges[3]["cursor"]


async def test_the_same_client_key_is_one_message(api, make):
    room, guest = await make.room(), await make.user()
    client = api(guest)
    first = (await client.do(SEND, broadcastId=room.wire, text="Hello", clientKey="k1"))["messageEdge"]
    again = (await client.do(SEND, broadcastId=room.wire, text="Hello", clientKey="k1"))["messageEdge"]
    assert first == again
    assert first["node"]["clientKey"] == "k1"
    other = await make.user()
    theirs = (await api(other).do(SEND, broadcastId=room.wire, text="Mine", clientKey="k1"))["messageEdge"]
    assert theirs["node"]["id"] != first["node"]["id"]
    assert await make.count(Message) == 2
    assert await make.count_events(room, "MESSAGE_SENT") == 2


async def test_twenty_at_once_under_one_key_are_one_message(api, make):
    room = await make.room()
    answers = await asyncio.gather(
        *(api(room.curator).do(SEND, broadcastId=room.wire, text="Once", clientKey="k") for _ in range(20))
    )
    assert len({answer["messageEdge"]["node"]["id"] for answer in answers}) == 1
    assert await make.count(Message) == 1
    assert await make.count_events(room, "MESSAGE_SENT") == 1


async def test_one_message_each_three_seconds(api, make):
    room, guest = await make.room(), await make.user()
    answers = await asyncio.gather(
        *(api(guest)(SEND, input={"broadcastId": room.wire, "text": f"{n}"}) for n in range(20))
    )
    payloads = [answer["sendMessage"] for answer in answers]
    assert sum(payload["messageEdge"] is not None for payload in payloads) == 1
    errors = [payload["userErrors"][0] for payload in payloads if payload["userErrors"]]
    assert {error["code"] for error in errors} == {"RATE_LIMITED"}
    assert all(0 < error["retryAfterSeconds"] <= 3 for error in errors)
    wait = max(error["retryAfterSeconds"] for error in errors)
    began = time.monotonic()
    await asyncio.sleep(wait)
    await api(guest).do(SEND, broadcastId=room.wire, text="Later")
    assert time.monotonic() - began < 5
    other = await make.room()
    await api(guest).do(SEND, broadcastId=other.wire, text="Another room has its own pace")


async def test_curator_and_moderators_need_not_wait(api, make):
    room, moderator = await make.room(chat_interval_seconds=600), await make.user()
    await api(room.curator).do(MODERATOR, broadcastId=room.wire, userId=moderator.wire)
    for person in (room.curator, moderator):
        for n in range(3):
            await api(person).do(SEND, broadcastId=room.wire, text=f"{n}")
    guest = await make.user()
    await api(guest).do(SEND, broadcastId=room.wire, text="One")
    error = await api(guest).refused(SEND, broadcastId=room.wire, text="Two")
    assert (error["code"], error["retryAfterSeconds"] > 590) == ("RATE_LIMITED", True)


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200b", "x" * 501, "a\u202eb", "a\x07b"])
async def test_what_cannot_be_said(api, make, text):
    room = await make.room()
    error = await api(room.curator).refused(SEND, broadcastId=room.wire, text=text)
    assert (error["code"], error["field"]) == ("INVALID_INPUT", ["text"])
    assert await make.count(Message) == 0


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦 hi", "مرحبا يا أصدقاء", "שלום", "two\nlines", "🏳️‍🌈", "x" * 500])
async def test_what_can_be_said(api, make, text):
    room = await make.room()
    sent = (await api(room.curator).do(SEND, broadcastId=room.wire, text=text))["messageEdge"]["node"]
    assert sent["text"] == text


async def test_who_is_muted_or_blocked_says_nothing(api, make):
    room, guest = await make.room(), await make.user()
    await api(room.curator).do(MUTE, broadcastId=room.wire, userId=guest.wire, minutes=5)
    assert (await api(guest).refused(SEND, broadcastId=room.wire, text="Hey"))["code"] == "FORBIDDEN"
    await api(room.curator).do(MUTE, broadcastId=room.wire, userId=guest.wire, minutes=0)
    await api(guest).do(SEND, broadcastId=room.wire, text="Thanks")
    await api(room.curator).do(BLOCK, userId=guest.wire)
    assert (await api(guest).refused(SEND, broadcastId=room.wire, text="Hey"))["code"] == "FORBIDDEN"
    assert await make.count(Message) == 1
    assert await texts(api, room.curator, room) == []
    assert await texts(api, None, room) == ["Thanks"]


async def test_an_ended_room_is_silent(api, make):
    room = await make.room()
    await api(room.curator).do(STOP, broadcastId=room.wire)
    assert (await api(room.curator).refused(SEND, broadcastId=room.wire, text="Bye"))["code"] == "CONFLICT"


async def test_who_may_delete(api, make):
    room, guest, other = await make.room(), await make.user(), await make.user()
    moderator = await make.user(roles=(Role.MODERATOR,))
    message = to_wire("message", await make.message(room, guest))
    assert (await api(other).refused(DELETE, messageId=message))["code"] == "FORBIDDEN"
    assert await texts(api, None, room) == ["Hello"]
    for person in (guest, room.curator, moderator):
        assert (await api(person).do(DELETE, messageId=message))["deletedMessageId"] == message
    assert await texts(api, None, room) == []
    assert await make.count_events(room, "MESSAGE_DELETED") == 1
    assert (await api(guest).refused(DELETE, messageId=to_wire("message", new_id())))["code"] == "NOT_FOUND"
    assert (await api(guest)("query($id: ID!) { node(id: $id) { id } }", id=message))["node"] is None


async def test_sequences_have_no_holes_under_many_writers(api, make, database):
    room = await make.room()
    people = [await make.user() for _ in range(30)]
    await asyncio.gather(*(make.message(room, person, text=person.username) for person in people))
    async with database.session() as session:
        statement = select(Message.sequence).where(Message.broadcast_id == room.id).order_by(Message.sequence)
        sequences = (await session.execute(statement)).scalars().all()
    assert sequences == list(range(sequences[0], sequences[0] + 30))


@pytest.mark.parametrize("first", [-1, 101])
async def test_a_page_out_of_bounds_is_refused(api, make, first):
    room = await make.room()
    answer = await api().answer(AFTER, {"broadcastId": room.wire, "after": "x", "first": first})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_page_of_nothing_and_a_broken_cursor(api, make):
    room = await make.room()
    await make.message(room)
    document = "query($id: ID!, $first: Int) { broadcast(id: $id) { messages(first: $first) { nodes { id } pageInfo { hasNextPage } } } }"
    page = (await api()(document, id=room.wire, first=0))["broadcast"]["messages"]
    assert (page["nodes"], page["pageInfo"]["hasNextPage"]) == ([], True)
    answer = await api().answer(AFTER, {"broadcastId": room.wire, "after": "broken", "first": 5})
    assert answer["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": ["after"]}
