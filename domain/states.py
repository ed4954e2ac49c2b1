"""States as tables of moves: what may follow what, for everything that has a status."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from domain.broadcasts import BroadcastStatus
from domain.connections import AccountStatus
from domain.jobs import JobStatus
from domain.ledger import HoldStatus
from domain.notifications import ReportStatus
from domain.uploads import UploadStatus

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


def sources(moves: Moves[S], to: S) -> frozenset[S]:
    """The states from which `to` can be reached in one move."""
    return frozenset(state for state, targets in moves.items() if to in targets)
