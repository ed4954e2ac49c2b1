"""Those who follow, each with an operation of their own, and what they follow."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import Executor

from engine.context import Context
from engine.onward import Onward, Sink
from engine.requests import Asked

if TYPE_CHECKING:
    from engine.fanout import Group


class Held:
    """What is held for a member whose subscription has handed over everything."""

    __slots__ = ("_leave",)

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave: Callable[[], None] | None = leave

    async def aclose(self) -> None:
        """Let go of it, once."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


class Member:
    """One operation in a group.

    Attributes:
        context: Who asked for it.
        sink: Where its answers go.
        position: What it was told before it came; the group's events up to there are not told again.
        source: The suspended generator of the subscription, or what it has handed over.
        group: Where it belongs; None once it is over.
        alike: Those in the group who are the same person in the same place, with it.
    """

    __slots__ = ("alike", "context", "group", "position", "sink", "source")

    def __init__(self, context: Context, sink: Sink, position: int, source: Any) -> None:
        self.context = context
        self.sink = sink
        self.position = position
        self.source = source
        self.group: Group | None = None
        self.alike: Alike | None = None

    async def leave(self) -> None:
        """Go without another word, and let go of what the subscription held."""
        if self.group is not None:
            self.group.lose(self)
        await self.source.aclose()


class Alike:
    """Members for whom everything is the same, whatever an answer asks about its viewer.

    Attributes:
        key: What they have in common.
        context: What an event is executed in for them: the first one's.
        members: Who they are.
    """

    __slots__ = ("context", "key", "members")

    def __init__(self, key: Hashable, context: Context) -> None:
        self.key = key
        self.context = context
        self.members: dict[Member, None] = {}


@dataclass(frozen=True, slots=True)
class Follows:
    """What is followed, and with which operation.

    Attributes:
        onward: The stream.
        executor: The operation, made ready.
        asked: The same as it was asked for.
        same: What operations have in common that have one answer.
    """

    onward: Onward
    executor: Executor[Any]
    asked: Asked
    same: Hashable
