"""Following rooms live."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.events import LIFECYCLE, EventKind, room_topic
from domain.ids import Prefix, from_wire
from engine.executor import ref
from engine.onward import SKIP
from resolvers.broadcasts import listen
from schema.broadcasts.events import (
    BroadcastEvent,
    BroadcastSnapshot,
    LifecycleEvent,
    ended,
    event_of,
    started,
)
from schema.broadcasts.types import Broadcast
from schema.context import Info
from schema.live import Happened, Missed, follow, newest_cursor, onward

BroadcastId = Annotated[strawberry.ID, strawberry.argument(description="The room.")]
After = Annotated[
    str | None,
    strawberry.argument(description="The cursor of the last event that you saw; without it a snapshot comes first."),
]
FollowedOnly = Annotated[
    bool | None, strawberry.argument(description="Only rooms of the people whom you follow; you must be signed in.")
]


@strawberry.type
class BroadcastSubscriptions:
    """Following rooms."""

    @strawberry.subscription(
        description=(
            "Everything that happens in one room, in order: after a cursor what you missed and then what happens next, "
            "without one a snapshot first. While it is open, a listener who joined stays in the room. It completes "
            "after the room's end."
        )
    )
    async def broadcast_events(
        self, info: Info, broadcast_id: BroadcastId, after: After = None
    ) -> AsyncGenerator[BroadcastEvent, None]:
        """Follow a room."""
        room_id = from_wire(Prefix.BROADCAST, broadcast_id, "broadcastId")
        topic = room_topic(room_id)
        cursor = after if after is not None else await newest_cursor(info, topic)
        # Asked after the cursor was read: the end of a room that is on air now comes behind it.
        on_air = await listen.reach(info.context.database, room_id)
        with ExitStack() as presence:
            if info.context.actor is not None:
                presence.enter_context(info.context.presence.hold(room_id, info.context.actor.user_id))
                await listen.touch(info.context.database, [(room_id, info.context.actor.user_id)])
            if after is None:
                yield BroadcastEvent(cursor=cursor, occurred_at=datetime.now(UTC), event=_snapshot(room_id))
            if on_air:
                held = None if info.context.actor is None else presence
                yield await onward(info, topic, cursor, event_of, last=EventKind.BROADCAST_ENDED, held=held)
                return
            async with aclosing(follow(info, topic, cursor, over=True)) as items:
                async for item in items:
                    yield event_of(item)

    @strawberry.subscription(
        description="Rooms opening and closing from now on: everybody's, or only those of the people whom you follow."
    )
    async def broadcast_lifecycle(
        self, info: Info, followed_only: FollowedOnly = False
    ) -> AsyncGenerator[LifecycleEvent, None]:
        """Follow all rooms."""
        if not followed_only:
            yield await onward(info, LIFECYCLE, await newest_cursor(info, LIFECYCLE), _lifecycle)
            return
        viewer = info.context.signed_in.user_id
        async with aclosing(follow(info, LIFECYCLE, None)) as items:
            async for item in items:
                if isinstance(item, Missed):
                    continue
                if await listen.follows_curator(info.context.database, viewer, UUID(item.data["broadcastId"])):
                    yield _lifecycle(item)


def _lifecycle(item: Happened | Missed) -> Any:
    if isinstance(item, Missed):
        return SKIP
    return started(item.data) if item.kind is EventKind.BROADCAST_STARTED else ended(item.data)


def _snapshot(room_id: UUID) -> BroadcastSnapshot:
    return BroadcastSnapshot(broadcast=ref(Broadcast, room_id))
