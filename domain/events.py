"""What happened, as values: rooms, people and the platform each have a log of them in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

LIFECYCLE: Final = "lifecycle"
"""The topic of rooms opening and closing."""

KEPT_DAYS: Final = 7
"""How long events can be read again; an older cursor gets a gap."""


class EventKind(StrEnum):
    """What can happen in a room, on the platform, or to a person."""

    TRACK_CHANGED = "TRACK_CHANGED"
    MESSAGE_SENT = "MESSAGE_SENT"
    MESSAGE_DELETED = "MESSAGE_DELETED"
    LISTENER_JOINED = "LISTENER_JOINED"
    LISTENER_LEFT = "LISTENER_LEFT"
    TIP_RECEIVED = "TIP_RECEIVED"
    BROADCAST_STARTED = "BROADCAST_STARTED"
    BROADCAST_ENDED = "BROADCAST_ENDED"
    NOTIFICATION_CREATED = "NOTIFICATION_CREATED"
    SESSION_REVOKED = "SESSION_REVOKED"
    PAYOUT_UPDATED = "PAYOUT_UPDATED"
    MISSION_UPDATED = "MISSION_UPDATED"


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        topic: The log it belongs to, see `room_topic` and `person_topic`.
        kind: What happened.
        data: The facts that cannot be read from rows later; JSON values only, ids as text.
    """

    topic: str
    kind: EventKind
    data: Mapping[str, object] = field(default_factory=dict)


def room_topic(broadcast_id: UUID) -> str:
    """The log of one live room."""
    return f"broadcast:{broadcast_id}"


def mission_topic(mission_id: UUID) -> str:
    """The log of one mission."""
    return f"mission:{mission_id}"


def person_topic(user_id: UUID) -> str:
    """The log of what concerns one person."""
    return f"user:{user_id}"
