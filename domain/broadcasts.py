"""Live rooms: states, times and limits."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

HEARTBEAT_INTERVAL: Final = timedelta(minutes=2)
"""How often the curator's app is told to ping."""

HEARTBEAT_LEASE: Final = timedelta(minutes=5, seconds=30)
"""A room ends by itself this long after the last ping (5 minutes and a grace of 30 seconds)."""

PRESENCE_GRACE: Final = timedelta(seconds=60)
"""A listener who is not seen for so long has left; a dropped connection or a renewed token is no leaving."""

PRESENCE_TOUCH: Final = timedelta(seconds=15)
"""How often an open connection says that its listener is still there."""

MAX_TITLE: Final = 120
MAX_DESCRIPTION: Final = 2000
MAX_GENRES: Final = 10
MAX_GENRE: Final = 40
MAX_MODERATORS: Final = 20
MAX_MUTE_MINUTES: Final = 7 * 24 * 60


class BroadcastStatus(StrEnum):
    """Where a room stands."""

    LIVE = "LIVE"
    ENDED = "ENDED"


class EndReason(StrEnum):
    """Why a room ended."""

    STOPPED = "STOPPED"
    SILENT = "SILENT"
    CLOSED_BY_OPERATOR = "CLOSED_BY_OPERATOR"


class TrackSource(StrEnum):
    """Who said what plays."""

    MANUAL = "MANUAL"
    SPOTIFY = "SPOTIFY"
    APPLE_MUSIC = "APPLE_MUSIC"
    SERATO = "SERATO"


class BroadcastAction(StrEnum):
    """What a person may do in a room next."""

    JOIN = "JOIN"
    LEAVE = "LEAVE"
    SEND_MESSAGE = "SEND_MESSAGE"
    SEND_TIP = "SEND_TIP"
    SET_NOW_PLAYING = "SET_NOW_PLAYING"
    SEND_HEARTBEAT = "SEND_HEARTBEAT"
    UPDATE = "UPDATE"
    MODERATE = "MODERATE"
    SET_MODERATOR = "SET_MODERATOR"
    STOP = "STOP"
