"""Every pair of states, allowed or not."""

import itertools

import pytest

from domain.broadcasts import BroadcastStatus
from domain.checkouts import CheckoutState
from domain.connections import AccountStatus
from domain.jobs import JobStatus
from domain.ledger import HoldStatus
from domain.missions import MissionStatus
from domain.notifications import ReportStatus
from domain.payments import DisputeStatus
from domain.payouts import PayoutStatus
from domain.reconciliation import CaseStatus
from domain.refunds import RefundState
from domain.returns import ReturnStatus
from domain.states import (
    ACCOUNT_MOVES,
    BROADCAST_MOVES,
    CASE_MOVES,
    CHECKOUT_MOVES,
    DISPUTE_MOVES,
    HOLD_MOVES,
    JOB_MOVES,
    MISSION_MOVES,
    PAYOUT_MOVES,
    REFUND_MOVES,
    REPORT_MOVES,
    RETURN_MOVES,
    TIP_MOVES,
    UPLOAD_MOVES,
    WEBHOOK_MOVES,
    sources,
)
from domain.tips import TipStatus
from domain.uploads import UploadStatus
from domain.webhooks import WebhookStatus

TABLES = {
    AccountStatus: (
        ACCOUNT_MOVES,
        {
            ("CONNECTED", "NEEDS_RECONNECT"),
            ("CONNECTED", "DISCONNECTED"),
            ("NEEDS_RECONNECT", "CONNECTED"),
            ("NEEDS_RECONNECT", "DISCONNECTED"),
        },
    ),
    BroadcastStatus: (BROADCAST_MOVES, {("LIVE", "ENDED")}),
    CaseStatus: (CASE_MOVES, {("OPEN", "RESOLVED"), ("OPEN", "CLOSED"), ("RESOLVED", "OPEN")}),
    CheckoutState: (
        CHECKOUT_MOVES,
        {
            ("OPENING", "OPEN"),
            ("OPENING", "PAID"),
            ("OPENING", "EXPIRED"),
            ("OPENING", "FAILED"),
            ("OPEN", "PAID"),
            ("OPEN", "EXPIRED"),
        },
    ),
    DisputeStatus: (DISPUTE_MOVES, {("OPEN", "WON"), ("OPEN", "LOST")}),
    HoldStatus: (
        HOLD_MOVES,
        {
            ("HELD", "DISPUTED"),
            ("HELD", "RELEASED"),
            ("HELD", "RETURNED"),
            ("DISPUTED", "HELD"),
            ("DISPUTED", "RETURNED"),
        },
    ),
    JobStatus: (
        JOB_MOVES,
        {
            ("PENDING", "RUNNING"),
            ("RUNNING", "RUNNING"),
            ("RUNNING", "PENDING"),
            ("RUNNING", "DONE"),
            ("RUNNING", "PARKED"),
            ("PARKED", "PENDING"),
        },
    ),
    MissionStatus: (
        MISSION_MOVES,
        {
            ("DRAFT", "OPEN"),
            ("DRAFT", "CANCELLED"),
            ("DRAFT", "EXPIRED"),
            ("OPEN", "ACCEPTED"),
            ("OPEN", "CANCELLED"),
            ("OPEN", "EXPIRED"),
            ("ACCEPTED", "OPEN"),
            ("ACCEPTED", "VERIFYING"),
            ("ACCEPTED", "IN_REVIEW"),
            ("ACCEPTED", "COMPLETED"),
            ("ACCEPTED", "CANCELLED"),
            ("ACCEPTED", "EXPIRED"),
            ("VERIFYING", "COMPLETED"),
            ("VERIFYING", "VERIFICATION_FAILED"),
            ("VERIFYING", "IN_REVIEW"),
            ("VERIFYING", "CANCELLED"),
            ("VERIFYING", "EXPIRED"),
            ("IN_REVIEW", "COMPLETED"),
            ("IN_REVIEW", "VERIFICATION_FAILED"),
            ("IN_REVIEW", "CANCELLED"),
            ("VERIFICATION_FAILED", "VERIFYING"),
            ("VERIFICATION_FAILED", "IN_REVIEW"),
            ("VERIFICATION_FAILED", "CANCELLED"),
            ("VERIFICATION_FAILED", "EXPIRED"),
        },
    ),
    PayoutStatus: (
        PAYOUT_MOVES,
        {
            ("REQUESTED", "SENDING"),
            ("REQUESTED", "CANCELLED"),
            ("SENDING", "PAID"),
            ("SENDING", "FAILED"),
            ("AWAITING_OPERATOR", "AWAITING_CONFIRMATION"),
            ("AWAITING_OPERATOR", "CANCELLED"),
            ("AWAITING_CONFIRMATION", "PAID"),
            ("AWAITING_CONFIRMATION", "AWAITING_OPERATOR"),
            ("FAILED", "REQUESTED"),
        },
    ),
    RefundState: (REFUND_MOVES, {("REQUESTED", "SENT"), ("REQUESTED", "FAILED"), ("SENT", "FAILED")}),
    ReturnStatus: (RETURN_MOVES, {("REQUESTED", "DONE"), ("REQUESTED", "FAILED")}),
    ReportStatus: (REPORT_MOVES, {("OPEN", "UPHELD"), ("OPEN", "DISMISSED")}),
    TipStatus: (
        TIP_MOVES,
        {
            ("AWAITING_PAYMENT", "PAID"),
            ("AWAITING_PAYMENT", "EXPIRED"),
            ("AWAITING_PAYMENT", "FAILED"),
            ("PAID", "REFUNDED"),
            ("REFUNDED", "PAID"),
        },
    ),
    UploadStatus: (
        UPLOAD_MOVES,
        {
            ("WAITING", "STORED"),
            ("WAITING", "FAILED"),
            ("WAITING", "EXPIRED"),
            ("STORED", "USED"),
            ("STORED", "FAILED"),
            ("STORED", "EXPIRED"),
        },
    ),
    WebhookStatus: (
        WEBHOOK_MOVES,
        {
            ("PENDING", "PROCESSED"),
            ("PENDING", "IGNORED"),
            ("PENDING", "UNKNOWN"),
            ("PENDING", "FAILED"),
            ("FAILED", "PROCESSED"),
            ("FAILED", "IGNORED"),
            ("FAILED", "UNKNOWN"),
            ("FAILED", "FAILED"),
        },
    ),
}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [(kind, *pair) for kind in TABLES for pair in itertools.product(kind, repeat=2)],
    ids=str,
)
def test_a_move_is_allowed_or_refused(kind, before, after):
    moves, allowed = TABLES[kind]
    assert (after in moves[before]) is ((before.value, after.value) in allowed)
    assert (before in sources(moves, after)) is ((before.value, after.value) in allowed)


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_knows_every_state(kind):
    assert set(TABLES[kind][0]) == set(kind)
