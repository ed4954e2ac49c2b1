"""Every pair of states, allowed or not."""

import itertools

import pytest

from domain.broadcasts import BroadcastStatus
from domain.connections import AccountStatus
from domain.jobs import JobStatus
from domain.ledger import HoldStatus
from domain.notifications import ReportStatus
from domain.states import ACCOUNT_MOVES, BROADCAST_MOVES, HOLD_MOVES, JOB_MOVES, REPORT_MOVES, UPLOAD_MOVES, sources
from domain.uploads import UploadStatus

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
    ReportStatus: (REPORT_MOVES, {("OPEN", "UPHELD"), ("OPEN", "DISMISSED")}),
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
