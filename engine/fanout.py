"""One execution, one encoding and one frame for all who follow the same.

A subscription that says `Onward` has told its follower what is theirs alone (a snapshot, what they missed) and goes on as
everybody does. What it holds for its follower is held until they leave, by its generator, which stays suspended, or by what
it hands over instead, which is far less. Either costs no task.
All who follow one stream with one operation are a group with one task, whatever their number.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final, TypeAlias

from graphql import Executor

from engine.answers import Answer
from engine.live import Event
from engine.members import Alike, Follows, Member
from engine.onward import SKIP, Delivery, Item, place_of
from engine.requests import Asked
from engine.returning import Returning
from engine.roster import Roster
from engine.viewers import by_class, identity_of

AT_ONCE: Final = 500
"""Sockets written to before others have a turn."""

MOST_ROSTERS: Final = 8
"""Rosters that a group keeps, one for each of those who see the same."""


Execute: TypeAlias = Callable[[Executor[Any], Asked, Any, Any], Awaitable[Delivery | Answer]]


class Group:
    """All who follow one stream with one operation.

    Attributes:
        position: Everything up to this place was handed out, or is about to be.
        members: Those who follow.
    """

    def __init__(self, groups: Groups, key: Hashable, follows: Follows, position: int) -> None:
        self.groups = groups
        self.key = key
        self.onward = follows.onward
        self.executor = follows.executor
        self.asked = follows.asked
        self.position = position
        self.members: dict[Member, None] = {}
        self._alike: dict[Hashable, Alike] = {}
        # Beyond this place nobody was told anything, neither here nor before they joined.
        self._ahead = position
        self._losses = 0
        self._everybody: list[Alike] | None = None
        self._rosters: dict[tuple[Alike, ...] | None, Roster] = {}
        # In a context of its own: what is done for all is not done in the request of whoever came first.
        self._task = asyncio.create_task(self._run(), context=contextvars.Context())

    def join(self, member: Member) -> None:
        """Take somebody in. They must know everything up to the group's place."""
        key = identity_of(member.context)
        member.alike = self._alike.get(key)
        if member.alike is None:
            member.alike = self._alike[key] = Alike(key, member.context)
        member.alike.members[member] = None
        # They are the same person in the same place: what one of them was executed in does for all.
        member.context = member.alike.context
        self.members[member] = None
        member.group = self
        self._ahead = max(self._ahead, member.position)
        self._changed()

    def lose(self, member: Member) -> None:
        """Let somebody go; the last one ends the group."""
        self._let_go(member)
        if not self.members:
            self.groups.forget(self)
            self._task.cancel()

    def _let_go(self, member: Member) -> None:
        self.members.pop(member, None)
        member.group = None
        alike, member.alike = member.alike, None
        if alike is not None:
            del alike.members[member]
            if not alike.members:
                del self._alike[alike.key]
            self._losses += 1
            self._changed()

    def _changed(self) -> None:
        self._everybody = None
        self._rosters.clear()

    async def _run(self) -> None:
        try:
            async with aclosing(self.onward.follow(self.position)) as items:
                async for item in items:
                    await self._hand_out(item)
                    if self.onward.is_last(item) or not self.members:
                        # Before anything is awaited, so that nobody joins what is over.
                        self._end(None)
                        return
        except Exception as error:  # noqa: BLE001 -- whatever it is, clients get an answer and the log the rest
            self._end(self.groups.failed(error, self.asked))

    async def _hand_out(self, item: Item) -> None:
        place = place_of(item)
        self.position = place
        value = self.onward.make(item)
        people = self._behind(place)
        if value is SKIP or not people:
            return
        told = 0

        async def execute(context: Any) -> Delivery | Answer:
            self.groups.executed += 1
            return await self.groups.execute(self.executor, self.asked, context, value)

        async with aclosing(by_class(people, execute)) as classes:
            async for answer, some in classes:
                told += await self._deliver(answer, some, place)
        if isinstance(item, Event):
            self.groups.handed_out(time.time() - item.occurred_at.timestamp(), told)

    def _behind(self, place: int) -> list[Alike]:
        """Those who were not told of a place yet."""
        if place > self._ahead:
            if self._everybody is None:
                self._everybody = list(self._alike.values())
            return self._everybody
        behind: dict[Hashable, Alike] = {}
        for member in self.members:
            if member.position < place:
                key = identity_of(member.context)
                behind.setdefault(key, Alike(key, member.context)).members[member] = None
        return list(behind.values())

    async def _deliver(self, answer: Delivery | Answer, people: Sequence[Alike], place: int) -> int:
        """Tell an answer to all whose it is; how many they are."""
        roster, losses, start = self._roster_of(people, place), self._losses, 0
        told = len(roster.members)
        while start < len(roster.members):
            if isinstance(answer, Delivery):
                self.groups.delivered += roster.tell(answer, start, start + AT_ONCE)
            else:
                for member in roster.members[start : start + AT_ONCE]:
                    self._over(member, answer)
            start += AT_ONCE
            if start < len(roster.members):
                await asyncio.sleep(0)
                if losses != self._losses or roster.outdated:
                    remaining = [member for member in roster.members[start:] if member.group is self]
                    roster, losses, start = Roster(remaining), self._losses, 0
        return told

    def _roster_of(self, people: Sequence[Alike], place: int) -> Roster:
        everybody = (member for alike in people for member in alike.members)
        if place <= self._ahead:
            # Some of them were told before they joined, perhaps while this was executed.
            return Roster(member for member in everybody if member.group is self and member.position < place)
        # To look at each of some thousand people, if only to compare them, takes as long as telling some of them.
        key = None if people is self._everybody else tuple(people)
        roster = self._rosters.get(key)
        if roster is None or roster.outdated:
            if len(self._rosters) >= MOST_ROSTERS:
                self._rosters.clear()
            roster = self._rosters[key] = Roster(everybody)
        return roster

    def _end(self, answer: Answer | None) -> None:
        self.groups.forget(self)
        for member in list(self.members):
            self._over(member, answer)

    def _over(self, member: Member, answer: Answer | None) -> None:
        self._let_go(member)
        if answer is None:
            member.sink.complete()
        else:
            member.sink.fail(answer)
        self.groups.close(member)


class Groups:
    """The groups of a process.

    Attributes:
        executed: How many answers were made for groups so far.
        delivered: How many were sent.
    """

    def __init__(
        self,
        execute: Execute,
        failed: Callable[[Exception, Asked], Answer],
        handed_out: Callable[[float, int], None] = lambda _seconds, _members: None,
    ) -> None:
        """Begin with none.

        Args:
            execute: Executes one event in a context, and gives a delivery, or an answer that ends the operation.
            failed: Makes such an answer of a fault.
            handed_out: Told how long after it was written an event had reached so many.
        """
        self.execute = execute
        self.failed = failed
        self.handed_out = handed_out
        self.executed = 0
        self.delivered = 0
        self._groups: dict[Hashable, Group] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._returning: Returning[Member] = Returning()

    def __len__(self) -> int:
        return len(self._groups)

    @property
    def members(self) -> int:
        """How many operations are followed in groups."""
        return sum(len(group.members) for group in self._groups.values())

    async def join(self, member: Member, follows: Follows) -> bool:
        """Bring somebody to where a group is, and into it.

        Args:
            member: Who. What they missed is told to them alone first.
            follows: What they follow.

        Returns:
            Whether they joined; otherwise the operation was over before.
        """
        # A place beyond the newest was never one of this stream: following it tells where it goes on.
        if member.position <= follows.onward.newest and self._take(member, follows):
            return True
        try:
            async with aclosing(follows.onward.follow(member.position)) as items:
                return await self._catch_up(member, follows, items)
        except BaseException:
            if member.group is not None:
                member.group.lose(member)
            raise

    async def _catch_up(self, member: Member, follows: Follows, items: AsyncGenerator[Item, None]) -> bool:
        async for item in items:
            member.position = place_of(item)
            value = follows.onward.make(item)
            if value is not SKIP:
                place = (follows.onward.stream, follows.same, member.position)
                answer = await self._returning.answer(place, member, partial(self._execute_missed, follows, value))
                if isinstance(answer, Answer):
                    member.sink.fail(answer)
                    return False
                member.sink.next(answer)
                await member.sink.drained()
            if follows.onward.is_last(item):
                break
            if self._take(member, follows):
                return True
        member.sink.complete()
        return False

    async def _execute_missed(self, follows: Follows, value: Any, context: Any) -> Delivery | Answer:
        return await self.execute(follows.executor, follows.asked, context, value)

    def _take(self, member: Member, follows: Follows) -> bool:
        key = (follows.onward.stream, follows.same)
        group = self._groups.get(key)
        if group is None and member.position >= follows.onward.newest:
            group = self._groups[key] = Group(self, key, follows, member.position)
        if group is None or group.position > member.position:
            return False
        group.join(member)
        return True

    def forget(self, group: Group) -> None:
        """Let go of a group that nobody follows."""
        if self._groups.get(group.key) is group:
            del self._groups[group.key]

    def close(self, member: Member) -> None:
        """Close a member's generator, soon."""
        task = asyncio.create_task(member.source.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
