"""States as tables of moves: what may follow what, for everything that has a status."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from domain.broadcasts import BroadcastStatus
from domain.checkouts import CheckoutState
from domain.connections import AccountStatus
from domain.exports import ExportStatus
from domain.jobs import JobStatus
from domain.ledger import HoldStatus
from domain.missions import AttemptStatus, MissionStatus
from domain.notifications import ReportStatus
from domain.payments import DisputeStatus
from domain.payouts import PayoutStatus
from domain.reconciliation import CaseStatus
from domain.refunds import RefundState
from domain.returns import ReturnStatus
from domain.tips import TipStatus
from domain.uploads import UploadStatus
from domain.webhooks import WebhookStatus

S = TypeVar("S", bound=StrEnum)
Moves = Mapping[S, frozenset[S]]

BROADCAST_MOVES: Final[Moves[BroadcastStatus]] = {
    BroadcastStatus.LIVE: frozenset({BroadcastStatus.ENDED}),
    BroadcastStatus.ENDED: frozenset(),
}

JOB_MOVES: Final[Moves[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.RUNNING}),
    JobStatus.RUNNING: frozenset({JobStatus.PENDING, JobStatus.RUNNING, JobStatus.DONE, JobStatus.PARKED}),
    JobStatus.DONE: frozenset(),
    JobStatus.PARKED: frozenset({JobStatus.PENDING}),
}

UPLOAD_MOVES: Final[Moves[UploadStatus]] = {
    UploadStatus.WAITING: frozenset({UploadStatus.STORED, UploadStatus.FAILED, UploadStatus.EXPIRED}),
    UploadStatus.STORED: frozenset({UploadStatus.USED, UploadStatus.FAILED, UploadStatus.EXPIRED}),
    UploadStatus.USED: frozenset(),
    UploadStatus.FAILED: frozenset(),
    UploadStatus.EXPIRED: frozenset(),
}

REPORT_MOVES: Final[Moves[ReportStatus]] = {
    ReportStatus.OPEN: frozenset({ReportStatus.UPHELD, ReportStatus.DISMISSED}),
    ReportStatus.UPHELD: frozenset(),
    ReportStatus.DISMISSED: frozenset(),
}

ACCOUNT_MOVES: Final[Moves[AccountStatus]] = {
    AccountStatus.CONNECTED: frozenset({AccountStatus.NEEDS_RECONNECT, AccountStatus.DISCONNECTED}),
    AccountStatus.NEEDS_RECONNECT: frozenset({AccountStatus.CONNECTED, AccountStatus.DISCONNECTED}),
    AccountStatus.DISCONNECTED: frozenset(),
}

HOLD_MOVES: Final[Moves[HoldStatus]] = {
    HoldStatus.HELD: frozenset({HoldStatus.DISPUTED, HoldStatus.RELEASED, HoldStatus.RETURNED}),
    HoldStatus.DISPUTED: frozenset({HoldStatus.HELD, HoldStatus.RETURNED}),
    HoldStatus.RELEASED: frozenset(),
    HoldStatus.RETURNED: frozenset(),
}

CHECKOUT_MOVES: Final[Moves[CheckoutState]] = {
    CheckoutState.OPENING: frozenset(
        {CheckoutState.OPEN, CheckoutState.PAID, CheckoutState.EXPIRED, CheckoutState.FAILED}
    ),
    CheckoutState.OPEN: frozenset({CheckoutState.PAID, CheckoutState.EXPIRED}),
    CheckoutState.PAID: frozenset(),
    CheckoutState.EXPIRED: frozenset(),
    CheckoutState.FAILED: frozenset(),
}

TIP_MOVES: Final[Moves[TipStatus]] = {
    TipStatus.AWAITING_PAYMENT: frozenset({TipStatus.PAID, TipStatus.EXPIRED, TipStatus.FAILED}),
    TipStatus.PAID: frozenset({TipStatus.REFUNDED}),
    TipStatus.EXPIRED: frozenset(),
    TipStatus.FAILED: frozenset(),
    TipStatus.REFUNDED: frozenset({TipStatus.PAID}),
}
"""A refund that did not arrive leaves a tip paid."""

REFUND_MOVES: Final[Moves[RefundState]] = {
    RefundState.REQUESTED: frozenset({RefundState.SENT, RefundState.FAILED}),
    RefundState.SENT: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset(),
}

DISPUTE_MOVES: Final[Moves[DisputeStatus]] = {
    DisputeStatus.OPEN: frozenset({DisputeStatus.WON, DisputeStatus.LOST}),
    DisputeStatus.WON: frozenset(),
    DisputeStatus.LOST: frozenset(),
}

WEBHOOK_MOVES: Final[Moves[WebhookStatus]] = {
    WebhookStatus.PENDING: frozenset(WebhookStatus) - {WebhookStatus.PENDING},
    WebhookStatus.FAILED: frozenset(WebhookStatus) - {WebhookStatus.PENDING},
    WebhookStatus.PROCESSED: frozenset(),
    WebhookStatus.IGNORED: frozenset(),
    WebhookStatus.UNKNOWN: frozenset(),
}

PAYOUT_MOVES: Final[Moves[PayoutStatus]] = {
    PayoutStatus.REQUESTED: frozenset({PayoutStatus.SENDING, PayoutStatus.CANCELLED}),
    PayoutStatus.SENDING: frozenset({PayoutStatus.PAID, PayoutStatus.FAILED}),
    PayoutStatus.AWAITING_OPERATOR: frozenset({PayoutStatus.AWAITING_CONFIRMATION, PayoutStatus.CANCELLED}),
    PayoutStatus.AWAITING_CONFIRMATION: frozenset({PayoutStatus.PAID, PayoutStatus.AWAITING_OPERATOR}),
    PayoutStatus.FAILED: frozenset({PayoutStatus.REQUESTED}),
    PayoutStatus.PAID: frozenset(),
    PayoutStatus.CANCELLED: frozenset(),
}
"""What may be under way at a vendor (SENDING) can no longer be cancelled."""

RETURN_MOVES: Final[Moves[ReturnStatus]] = {
    ReturnStatus.REQUESTED: frozenset({ReturnStatus.DONE, ReturnStatus.FAILED}),
    ReturnStatus.DONE: frozenset(),
    ReturnStatus.FAILED: frozenset(),
}

CASE_MOVES: Final[Moves[CaseStatus]] = {
    CaseStatus.OPEN: frozenset({CaseStatus.RESOLVED, CaseStatus.CLOSED}),
    CaseStatus.RESOLVED: frozenset({CaseStatus.OPEN}),
    CaseStatus.CLOSED: frozenset(),
}


MISSION_MOVES: Final[Moves[MissionStatus]] = {
    MissionStatus.DRAFT: frozenset({MissionStatus.OPEN, MissionStatus.CANCELLED, MissionStatus.EXPIRED}),
    MissionStatus.OPEN: frozenset({MissionStatus.ACCEPTED, MissionStatus.CANCELLED, MissionStatus.EXPIRED}),
    MissionStatus.ACCEPTED: frozenset(
        {
            MissionStatus.OPEN,
            MissionStatus.VERIFYING,
            MissionStatus.IN_REVIEW,
            MissionStatus.COMPLETED,
            MissionStatus.CANCELLED,
            MissionStatus.EXPIRED,
        }
    ),
    MissionStatus.VERIFYING: frozenset(
        {
            MissionStatus.COMPLETED,
            MissionStatus.VERIFICATION_FAILED,
            MissionStatus.IN_REVIEW,
            MissionStatus.CANCELLED,
            MissionStatus.EXPIRED,
        }
    ),
    MissionStatus.IN_REVIEW: frozenset(
        {MissionStatus.COMPLETED, MissionStatus.VERIFICATION_FAILED, MissionStatus.CANCELLED}
    ),
    MissionStatus.VERIFICATION_FAILED: frozenset(
        {MissionStatus.VERIFYING, MissionStatus.IN_REVIEW, MissionStatus.CANCELLED, MissionStatus.EXPIRED}
    ),
    MissionStatus.COMPLETED: frozenset(),
    MissionStatus.CANCELLED: frozenset(),
    MissionStatus.EXPIRED: frozenset(),
}
"""A runner who withdraws leaves a mission open to others. What failed waits for evidence, and then the money goes back.
Whatever is not done is cancelled when its money went back to the card that paid."""

ATTEMPT_MOVES: Final[Moves[AttemptStatus]] = {
    AttemptStatus.RUNNING: frozenset({AttemptStatus.PASSED, AttemptStatus.NEEDS_REVIEW, AttemptStatus.FAILED}),
    AttemptStatus.PASSED: frozenset(),
    AttemptStatus.NEEDS_REVIEW: frozenset(),
    AttemptStatus.FAILED: frozenset(),
}

EXPORT_MOVES: Final[Moves[ExportStatus]] = {
    ExportStatus.WAITING: frozenset({ExportStatus.RUNNING, ExportStatus.READY, ExportStatus.FAILED}),
    ExportStatus.RUNNING: frozenset({ExportStatus.READY, ExportStatus.FAILED}),
    ExportStatus.READY: frozenset({ExportStatus.EXPIRED}),
    ExportStatus.FAILED: frozenset(),
    ExportStatus.EXPIRED: frozenset(),
}


def sources(moves: Moves[S], to: S) -> frozenset[S]:
    """The states from which `to` can be reached in one move."""
    return frozenset(state for state, targets in moves.items() if to in targets)
