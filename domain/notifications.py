"""News for one person."""

from __future__ import annotations

from enum import StrEnum


class NotificationKind(StrEnum):
    """What a notification is about."""

    BROADCAST_STARTED = "BROADCAST_STARTED"
    NEW_FOLLOWER = "NEW_FOLLOWER"
    MADE_MODERATOR = "MADE_MODERATOR"
    ACCOUNT_NEEDS_RECONNECT = "ACCOUNT_NEEDS_RECONNECT"
    TIP_RECEIVED = "TIP_RECEIVED"
    PAYOUT_PAID = "PAYOUT_PAID"
    PAYOUT_FAILED = "PAYOUT_FAILED"
    PAYOUT_CANCELLED = "PAYOUT_CANCELLED"
    MISSION_ACCEPTED = "MISSION_ACCEPTED"
    MISSION_COMPLETED = "MISSION_COMPLETED"
    MISSION_FAILED = "MISSION_FAILED"
    MISSION_CANCELLED = "MISSION_CANCELLED"
    MISSION_EXPIRED = "MISSION_EXPIRED"
    MISSION_TO_REVIEW = "MISSION_TO_REVIEW"
    MISSION_WITHDRAWN = "MISSION_WITHDRAWN"
    PAYOUT_RETURNED = "PAYOUT_RETURNED"


class SubjectType(StrEnum):
    """What kind of thing something is about, under its name in the schema."""

    USER = "User"
    BROADCAST = "Broadcast"
    MESSAGE = "Message"
    CONNECTED_ACCOUNT = "ConnectedAccount"
    TIP = "Tip"
    PAYOUT = "Payout"
    MISSION = "Mission"


class ReportStatus(StrEnum):
    """Where a report of content stands."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"


class ReportReason(StrEnum):
    """Why something should not be there."""

    SPAM = "SPAM"
    HARASSMENT = "HARASSMENT"
    HATE = "HATE"
    SEXUAL_CONTENT = "SEXUAL_CONTENT"
    VIOLENCE = "VIOLENCE"
    COPYRIGHT = "COPYRIGHT"
    IMPERSONATION = "IMPERSONATION"
    OTHER = "OTHER"


class DevicePlatform(StrEnum):
    """What kind of device a push token is for."""

    IOS = "IOS"
    ANDROID = "ANDROID"
    WEB = "WEB"
