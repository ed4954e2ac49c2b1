"""What passes between subscriptions, those who execute their events, and those who tell the answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from engine.answers import Answer
from engine.live import Event, Gap

if TYPE_CHECKING:
    from engine.roster import Line, SharedText

SKIP: Final = object()
"""What `Onward.make` gives for an event that is none of this subscription's."""

Item: TypeAlias = Event | Gap


def _never(_item: Item) -> bool:
    return False


def nothing() -> None:
    """Let go of nothing: there is nothing that is held for this follower."""


@dataclass(frozen=True, slots=True)
class Onward:
    """What a subscription hands over when nothing but the stream is to follow.

    Attributes:
        stream: Names the stream, with all that `make` depends on: streams of one name are one.
        position: The place of the last event that this follower was told.
        newest: The newest place that there was when `position` was chosen, or later.
        follow: Follows the stream from a place on.
        make: The value of the root field for an event, or `SKIP`. It must not depend on who follows.
        is_last: Whether nothing follows after an event.
        leave: Lets go of what is held for this follower, once, when they have left. With it the subscription has handed
            over everything, and its generator is closed; without it the generator holds what is held, and stays suspended.
    """

    stream: Hashable
    position: int
    newest: int
    follow: Callable[[int], AsyncGenerator[Item, None]]
    make: Callable[[Item], Any]
    is_last: Callable[[Item], bool] = _never
    leave: Callable[[], None] | None = None


class Delivery:
    """One answer on its way to many.

    Attributes:
        payload: The answer, encoded.
        cursor: Where it lies in its stream, as clients come back with it; None where it has no place.
        frames: What was made of it for streams over HTTP, by what tells them apart.
        shared: The same for sockets, once the first of them has made it.
    """

    __slots__ = ("cursor", "frames", "payload", "shared")

    def __init__(self, payload: bytes, cursor: str | None = None) -> None:
        self.payload = payload
        self.cursor = cursor
        self.frames: dict[bytes, bytes] = {}
        self.shared: SharedText | None = None


class Sink(Protocol):
    """Where the answers of one operation go. Nothing here waits for the client but `drained`."""

    def opened(self) -> None:
        """Take note that a subscription was let in and opened; answers follow as they come."""

    def next(self, delivery: Delivery) -> None:
        """Take an answer."""

    def fail(self, answer: Answer) -> None:
        """Take the refusal that ends the operation."""

    def complete(self) -> None:
        """Take note that the operation is over."""

    def line(self) -> Line | None:
        """Where answers may be written past `next`, until `Frames.changes`; None for nowhere."""

    async def drained(self) -> None:
        """Wait for a client who is behind.

        Raises:
            Exception: There is nobody to tell any more.
        """


def place_of(item: Item) -> int:
    """Where somebody is in a stream who was told of an item."""
    return item.sequence if isinstance(item, Event) else item.resumes_at - 1
