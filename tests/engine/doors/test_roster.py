"""Many sockets told the same at once: each under its own id, in order, and nothing behind a close frame."""

import asyncio

import orjson

from tests.engine.doors.porch import SPEAKER, eventually, make_door, serving
from tests.engine.doors.talk import talking
from tests.engine.doors.test_churn import masked, open_socket

LISTEN = "subscription { listen { text } }"
IDS = [f"{number}" * (1 + number % 3) + "-é" for number in range(100, 140)]


async def test_each_is_told_under_its_own_id_whatever_its_length():
    """More ids than frames are kept of, some of them in use on both sockets, beside each length of a frame's head."""
    door = make_door()
    async with serving(door) as address, talking(address, "mina") as mina, talking(address, "theo") as theo:
        ids = [IDS, [*IDS[:5], *(f"theo {one}" for one in IDS[5:])]]
        for talk, names in zip((mina, theo), ids, strict=True):
            for name in names:
                await talk.ask(LISTEN, id=name)
        await eventually(lambda: door.groups.members == 80)
        said = ["a", "b" * 500, "c" * 70_000, "d"]
        for text in said:
            SPEAKER.say(text)
        await mina.say({"type": "ping"})
        for talk, names in zip((mina, theo), ids, strict=True):
            heard = {}
            while sum(map(len, heard.values())) < len(names) * len(said):
                message = await talk.hear()
                if message["type"] == "next":
                    heard.setdefault(message["id"], []).append(message["payload"]["data"]["listen"]["text"])
            assert heard == dict.fromkeys(names, said)


async def test_ids_that_all_use_and_ids_of_few():
    door = make_door()
    async with serving(door) as address, talking(address, "mina") as mina, talking(address, "theo") as theo:
        await mina.ask(LISTEN)
        await theo.ask(LISTEN)
        await eventually(lambda: door.groups.members == 2)
        SPEAKER.say("one id")
        assert [await talk.hear() for talk in (mina, theo)] == [
            {"id": "1", "type": "next", "payload": {"data": {"listen": {"text": "one id"}}}}
        ] * 2
        await theo.ask(LISTEN, id="other")
        await eventually(lambda: door.groups.members == 3)
        SPEAKER.say("two")
        assert [(await talk.hear())["id"] for talk in (mina, theo, theo)] == ["1", "1", "other"]
        await theo.say({"type": "complete", "id": "1"})
        await eventually(lambda: door.groups.members == 2)
        SPEAKER.say("less")
        assert [(await talk.hear())["id"] for talk in (mina, theo)] == ["1", "other"]


async def test_nothing_comes_behind_a_close_frame():
    """A socket that was told to close, and does not answer, is still there when the next events come."""
    door = make_door()
    async with serving(door) as address, talking(address) as other:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        await open_socket(reader, writer, address, "theo", LISTEN)
        await other.ask(LISTEN)
        await eventually(lambda: door.groups.members == 2)
        SPEAKER.say("before")
        await reader.readuntil(b'"before"')
        writer.write(masked({"type": "no such type"}))
        for text in "abc":
            SPEAKER.say(text)
            await asyncio.sleep(0)
        rest = await reader.readuntil(b"There is no such type of message")
        for text in "def":
            SPEAKER.say(text)
        heard = [(await other.hear())["payload"]["data"]["listen"]["text"] for _ in range(7)]
        assert heard == ["before", *"abcdef"]
        assert b"\x88" in rest
        assert await reader.read() == b""
        writer.close()


async def test_a_message_is_json_to_the_letter(address):
    async with talking(address) as talk:
        await talk.ask(LISTEN, id='quoted "é" \\')
        await asyncio.sleep(0.2)
        SPEAKER.say('it is "so"')
        message = orjson.loads(await talk.socket.recv())
        assert message["id"] == 'quoted "é" \\'
        assert message["payload"]["data"]["listen"]["text"] == 'it is "so"'
