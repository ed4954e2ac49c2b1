"""What happens in a room, as clients see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.broadcasts import EndReason
from domain.events import EventKind
from domain.ids import Prefix, to_wire
from engine.executor import ref
from schema.accounts.user import User
from schema.broadcasts.types import Broadcast, RoomTrack
from schema.chat import Message
from schema.live import Happened, Missed
from schema.money import Money


@strawberry.type(description="The room as it is now; what follows its cursor comes next.")
class BroadcastSnapshot:
    """The first event for somebody who comes without a cursor."""

    broadcast: Broadcast | None = strawberry.field(description="The room.")


@strawberry.type(description="A room opened.")
class BroadcastStarted:
    """A room is on air."""

    broadcast: Broadcast | None = strawberry.field(description="The room.")


@strawberry.type(
    description="Another track plays, or the track was paused, resumed or moved, or nothing plays any more."
)
class TrackChanged:
    """What plays now."""

    now_playing: RoomTrack | None = strawberry.field(description="The track; null when nothing plays.")


@strawberry.type(description="Somebody said something.")
class MessageSent:
    """A new message."""

    message: Message | None = strawberry.field(
        description="The message; null when it was deleted meanwhile, or when you block its author."
    )


@strawberry.type(description="A message is gone.")
class MessageDeleted:
    """A message to take out of sight."""

    deleted_message_id: strawberry.ID = strawberry.field(description="The message's id.")


@strawberry.type(description="Somebody came in.")
class ListenerJoined:
    """A new listener."""

    listener: User = strawberry.field(description="Who came.")
    listener_count: int = strawberry.field(description="How many are in the room with them.")


@strawberry.type(description="Somebody left, or was not seen for a minute.")
class ListenerLeft:
    """A listener who is gone."""

    listener: User = strawberry.field(description="Who left.")
    listener_count: int = strawberry.field(description="How many are left in the room.")


@strawberry.type(description="Somebody tipped the curator, and the money is there.")
class TipReceived:
    """A tip."""

    amount: Money = strawberry.field(description="How much, before fees.")
    sender: User | None = strawberry.field(description="Who gave it; null for somebody who wants no name there.")
    note: str | None = strawberry.field(description="What they wrote with it.")


@strawberry.type(description="A room ended. Nothing follows in it.")
class BroadcastEnded:
    """The end of a room."""

    broadcast: Broadcast | None = strawberry.field(description="The room.")
    reason: EndReason = strawberry.field(description="Why it ended.")


@strawberry.type(
    description="Events were missed that are kept no longer (7 days): read the room anew and go on from here."
)
class StreamGap:
    """A hole in what can be told."""

    resumes_at: str = strawberry.field(description="The cursor of the next event that there is or will be.")


RoomEvent = Annotated[
    BroadcastSnapshot
    | BroadcastStarted
    | TrackChanged
    | MessageSent
    | MessageDeleted
    | ListenerJoined
    | ListenerLeft
    | TipReceived
    | BroadcastEnded
    | StreamGap,
    strawberry.union("RoomEvent", description="What can happen in a room."),
]

LifecycleEvent = Annotated[
    BroadcastStarted | BroadcastEnded,
    strawberry.union("LifecycleEvent", description="Rooms opening and closing."),
]


@strawberry.type(description="One event of a room's log.")
class BroadcastEvent:
    """An event and its place."""

    cursor: str = strawberry.field(description="Give the last one you saw as `after` to go on without loss.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    event: RoomEvent = strawberry.field(description="What happened.")


def _broadcast(data: dict[str, Any]) -> Broadcast:
    return ref(Broadcast, UUID(data["broadcastId"]))


def _user(key: str | None) -> Any:
    return ref(User, UUID(key)) if key else None


def ended(data: dict[str, Any]) -> BroadcastEnded:
    """The end of a room out of the log."""
    return BroadcastEnded(broadcast=_broadcast(data), reason=EndReason(data["reason"]))


def started(data: dict[str, Any]) -> BroadcastStarted:
    """The start of a room out of the log."""
    return BroadcastStarted(broadcast=_broadcast(data))


def _track(data: dict[str, Any]) -> TrackChanged:
    key = data["trackId"]
    return TrackChanged(now_playing=ref(RoomTrack, UUID(key)) if key else None)


MAKERS: dict[EventKind, Callable[[dict[str, Any]], Any]] = {
    EventKind.BROADCAST_STARTED: started,
    EventKind.BROADCAST_ENDED: ended,
    EventKind.TRACK_CHANGED: _track,
    EventKind.MESSAGE_SENT: lambda data: MessageSent(message=ref(Message, UUID(data["messageId"]))),
    EventKind.MESSAGE_DELETED: lambda data: MessageDeleted(
        deleted_message_id=strawberry.ID(to_wire(Prefix.MESSAGE, UUID(data["messageId"])))
    ),
    EventKind.LISTENER_JOINED: lambda data: ListenerJoined(
        listener=_user(data["userId"]), listener_count=data["listenerCount"]
    ),
    EventKind.LISTENER_LEFT: lambda data: ListenerLeft(
        listener=_user(data["userId"]), listener_count=data["listenerCount"]
    ),
    EventKind.TIP_RECEIVED: lambda data: TipReceived(
        amount=Money(amount=data["amount"], currency_code=data["currency"]),
        sender=_user(data["userId"]),
        note=data["note"],
    ),
}


def event_of(item: Happened | Missed) -> BroadcastEvent:
    """Put an event of a room's log, or a hole in it, into the words of the schema."""
    if isinstance(item, Missed):
        return BroadcastEvent(
            cursor=item.cursor, occurred_at=item.occurred_at, event=StreamGap(resumes_at=item.resumes_at)
        )
    return BroadcastEvent(cursor=item.cursor, occurred_at=item.occurred_at, event=MAKERS[item.kind](item.data))
