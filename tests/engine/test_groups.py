"""Who is told an event: those who follow when it is told, and did not know it before they joined."""

import asyncio
from datetime import UTC, datetime

import pytest

from engine.fanout import AT_ONCE, Groups
from engine.live import Event
from engine.members import Follows, Member
from engine.onward import Delivery, Onward


class Listener:
    """A context and where its answers go: `leaving` leaves when this one hears something."""

    parameters = {"viewer": None}

    def __init__(self):
        self.heard = []
        self.leaving = None

    def next(self, delivery):
        self.heard.append(int(delivery.payload))
        if self.leaving is not None and self.leaving.group is not None:
            self.leaving.group.lose(self.leaving)

    def line(self):
        return None

    async def drained(self):
        pass


class Room:
    """Events one by one, each executed when `may` says so."""

    def __init__(self):
        self.happened = asyncio.Queue()
        self.newest = 0
        self.may = asyncio.Event()
        self.may.set()
        self.executing = asyncio.Event()
        self.groups = Groups(self.execute, lambda error, _asked: pytest.fail(repr(error)))

    async def execute(self, _executor, _asked, _context, value):
        self.executing.set()
        await self.may.wait()
        return Delivery(b"%d" % value)

    async def follow(self, _after):
        while True:
            yield await self.happened.get()

    def say(self):
        self.newest += 1
        self.happened.put_nowait(Event(self.newest, "SAID", {}, datetime.now(UTC)))

    async def join(self):
        async def nothing():
            yield

        listener = Listener()
        member = Member(listener, listener, self.newest, nothing())
        onward = Onward("room", self.newest, self.newest, self.follow, lambda item: item.sequence)
        assert await self.groups.join(member, Follows(onward, None, None, "same"))
        return member

    async def told(self, member, events):
        async with asyncio.timeout(5):
            while member.sink.heard[-1:] != events[-1:]:
                await asyncio.sleep(0.001)
        assert member.sink.heard == events


async def test_who_joins_while_an_event_is_executed_is_not_told_it():
    room = Room()
    first = await room.join()
    room.may.clear()
    room.say()
    await room.executing.wait()
    late = await room.join()
    room.may.set()
    await room.told(first, [1])
    room.say()
    await room.told(first, [1, 2])
    await room.told(late, [2])
    for member in (first, late):
        await member.leave()
    assert len(room.groups) == 0


async def test_who_leaves_while_an_event_is_executed_is_not_told_it():
    room = Room()
    first, leaving = await room.join(), await room.join()
    room.may.clear()
    room.say()
    await room.executing.wait()
    await leaving.leave()
    room.may.set()
    await room.told(first, [1])
    assert leaving.sink.heard == []
    await first.leave()


async def test_who_leaves_while_others_are_told_is_not_told_and_the_others_are_told_once():
    room = Room()
    members = [await room.join() for _ in range(AT_ONCE + 2)]
    members[0].sink.leaving = members[AT_ONCE]
    room.say()
    await room.told(members[-1], [1])
    assert members[AT_ONCE].sink.heard == []
    assert {tuple(member.sink.heard) for member in members[:AT_ONCE]} == {(1,)}
    assert room.groups.delivered == AT_ONCE + 1
    room.say()
    await room.told(members[-1], [1, 2])
    assert members[0].sink.heard == [1, 2]
    for member in members:
        await member.leave()
