"""The tables, one file for each noun."""

from __future__ import annotations

from db.tables.accounts import (
    ApiToken,
    Identity,
    MusicPreferences,
    RefreshToken,
    ReleasedUsername,
    Session,
    SignInCode,
    User,
)
from db.tables.broadcasts import Broadcast, Listener, Moderator, Mute, RoomTrack
from db.tables.chat import Message
from db.tables.checkouts import Checkout
from db.tables.connections import ConnectedAccount, OAuthSession
from db.tables.events import EventRow, Topic
from db.tables.exports import Export
from db.tables.follows import Block, ContentReport, Follow
from db.tables.history import StatusChange
from db.tables.idempotency import IdempotencyKey
from db.tables.jobs import JobRow
from db.tables.missions import (
    EvidenceFile,
    Mission,
    MissionChange,
    MissionEvidence,
    MissionProof,
    MissionReview,
    VerificationAttempt,
)
from db.tables.money import Hold, JournalEntry, JournalLine, LedgerAccount
from db.tables.notifications import Notification, NotificationSettings, PushToken
from db.tables.operations import AuditEntry, OperatorDeed
from db.tables.payment_links import PaymentLink, Split
from db.tables.payments import Dispute, Payment, Refund
from db.tables.payouts import Payout, PayoutLine, PayoutMethod, PayoutReturn, PayoutRun
from db.tables.players import FollowedPlayer, TrackLink, VendorPause
from db.tables.plays import Companion, PlayHistoryRead, PlayImport, PlayRow
from db.tables.reconciliation import ReconciliationCase, VendorJournal, VendorMovement
from db.tables.reports import MissionPlay
from db.tables.row import Row
from db.tables.schedules import ScheduleRow, ScheduleTick
from db.tables.tips import Tip
from db.tables.uploads import Upload
from db.tables.views import Balance, PayoutTotal, TipTotal
from db.tables.wallet import Transaction
from db.tables.webhooks import WebhookEvent

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Balance",
    "Block",
    "Broadcast",
    "Checkout",
    "Companion",
    "ConnectedAccount",
    "ContentReport",
    "Dispute",
    "EventRow",
    "EvidenceFile",
    "Export",
    "Follow",
    "FollowedPlayer",
    "Hold",
    "IdempotencyKey",
    "Identity",
    "JobRow",
    "JournalEntry",
    "JournalLine",
    "LedgerAccount",
    "Listener",
    "Message",
    "Mission",
    "MissionChange",
    "MissionEvidence",
    "MissionPlay",
    "MissionProof",
    "MissionReview",
    "Moderator",
    "MusicPreferences",
    "Mute",
    "Notification",
    "NotificationSettings",
    "OAuthSession",
    "OperatorDeed",
    "Payment",
    "PaymentLink",
    "Payout",
    "PayoutLine",
    "PayoutMethod",
    "PayoutReturn",
    "PayoutRun",
    "PayoutTotal",
    "PlayHistoryRead",
    "PlayImport",
    "PlayRow",
    "PushToken",
    "ReconciliationCase",
    "RefreshToken",
    "Refund",
    "ReleasedUsername",
    "RoomTrack",
    "Row",
    "ScheduleRow",
    "ScheduleTick",
    "Session",
    "SignInCode",
    "Split",
    "StatusChange",
    "Tip",
    "TipTotal",
    "Topic",
    "TrackLink",
    "Transaction",
    "Upload",
    "User",
    "VendorJournal",
    "VendorMovement",
    "VendorPause",
    "VerificationAttempt",
    "WebhookEvent",
]
