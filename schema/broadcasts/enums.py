"""The words of rooms that are one of a few."""

from __future__ import annotations

from domain.broadcasts import BroadcastAction, BroadcastStatus, EndReason, TrackSource
from schema.words import describe

__all__ = ["BroadcastAction", "BroadcastStatus", "EndReason", "TrackSource"]

describe(BroadcastStatus, "Where a room stands.", LIVE="On air.", ENDED="Over, for good.")
describe(
    EndReason,
    "Why a room ended.",
    name="BroadcastEndReason",
    STOPPED="Its curator stopped it.",
    SILENT="Its curator's app sent no heartbeat for too long.",
    CLOSED_BY_OPERATOR="Somebody who runs the platform closed it.",
)
describe(
    TrackSource,
    "Who said what plays.",
    MANUAL="The curator's app.",
    SPOTIFY="The curator's player at Spotify.",
    APPLE_MUSIC="The curator's player at Apple Music.",
    SERATO="The curator's DJ software.",
)
describe(
    BroadcastAction,
    "What a person may do in a room next.",
    JOIN="Come in: `joinBroadcast`.",
    LEAVE="Leave: `leaveBroadcast`.",
    SEND_MESSAGE="Say something: `sendMessage`.",
    SEND_TIP="Thank the curator with money: `sendTip`.",
    SET_NOW_PLAYING="Say what plays: `setNowPlaying`.",
    SEND_HEARTBEAT="Keep the room open: `sendBroadcastHeartbeat`.",
    UPDATE="Change its title, description, genres or pace of chat: `updateBroadcast`.",
    MODERATE="Delete messages and mute people: `deleteMessage`, `muteListener`.",
    SET_MODERATOR="Give and take moderators' rights: `setModerator`.",
    STOP="End it: `stopBroadcast`.",
)
