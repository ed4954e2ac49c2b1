"""What deeds in rooms answer."""

from __future__ import annotations

from datetime import datetime

import strawberry

from schema.broadcasts.types import Broadcast
from schema.deeds import Payload


@strawberry.type(description="The answer to `startBroadcast`.")
class StartBroadcastPayload(Payload):
    """The room that was opened."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room, on air.")


@strawberry.type(description="The answer to `stopBroadcast`.")
class StopBroadcastPayload(Payload):
    """The room that ended."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room, with its final figures.")


@strawberry.type(description="The answer to `sendBroadcastHeartbeat`.")
class SendBroadcastHeartbeatPayload(Payload):
    """The room that goes on."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room, with its new end.")


@strawberry.type(description="The answer to `setNowPlaying`.")
class SetNowPlayingPayload(Payload):
    """The room and its track."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room, with what plays now.")


@strawberry.type(description="The answer to `joinBroadcast`.")
class JoinBroadcastPayload(Payload):
    """The room that was joined."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room, with you in it.")


@strawberry.type(description="The answer to `leaveBroadcast`.")
class LeaveBroadcastPayload(Payload):
    """The room that was left."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room, without you.")


@strawberry.type(description="The answer to `updateBroadcast`.")
class UpdateBroadcastPayload(Payload):
    """The room that was changed."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room as it is now.")


@strawberry.type(description="The answer to `setModerator`.")
class SetModeratorPayload(Payload):
    """The room and its moderators."""

    broadcast: Broadcast | None = strawberry.field(default=None, description="The room as it is now.")


@strawberry.type(description="The answer to `muteListener`.")
class MuteListenerPayload(Payload):
    """How long somebody is silent."""

    muted_until: datetime | None = strawberry.field(
        default=None, description="Until when they may not write; null when they may."
    )
