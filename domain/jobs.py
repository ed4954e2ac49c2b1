"""Work that happens later, as a value. The row made of it is the promise; see `db/tables/jobs.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class JobKind(StrEnum):
    """What is to be done; `jobs/` has one function for each."""

    SEND_SIGN_IN_CODE = "SEND_SIGN_IN_CODE"
    END_SILENT_BROADCAST = "END_SILENT_BROADCAST"
    NOTIFY_FOLLOWERS = "NOTIFY_FOLLOWERS"
    DELETE_FILES = "DELETE_FILES"
    REVOKE_ACCESS = "REVOKE_ACCESS"
    POLL_PLAYER = "POLL_PLAYER"
    LINK_TRACK = "LINK_TRACK"
    PROCESS_WEBHOOK = "PROCESS_WEBHOOK"
    FOLLOW_CHECKOUT = "FOLLOW_CHECKOUT"
    FOLLOW_PAYMENT_LINK = "FOLLOW_PAYMENT_LINK"
    SEND_REFUND = "SEND_REFUND"
    SEND_PAYOUT = "SEND_PAYOUT"
    RUN_PAYOUTS = "RUN_PAYOUTS"
    RECONCILE = "RECONCILE"
    VERIFY_MISSION = "VERIFY_MISSION"
    CLOSE_MISSION = "CLOSE_MISSION"
    PIN_PROOF = "PIN_PROOF"
    MAKE_EXPORT = "MAKE_EXPORT"
    RECOVER_DEBT = "RECOVER_DEBT"
    TAKE_BACK = "TAKE_BACK"


class JobStatus(StrEnum):
    """Where a job stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    PARKED = "PARKED"


class Queue(StrEnum):
    """How urgent work is; each has workers' places of its own."""

    URGENT = "urgent"
    NORMAL = "normal"
    PLAYERS = "players"


LEASE_SECONDS: Final = 15.0
"""How long a claimed job is its worker's before others may take it; renewed while it works."""

TIME_LIMIT_SECONDS: Final = 90.0
MAX_FAILURES: Final = 3
MAX_LOST_LEASES: Final = 10
"""A lost lease is no failure of the job, but so many in a row mean that the job kills its workers."""


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes:
        kind: What is to be done.
        key: Unique within its kind: the same work asked for twice is done once.
        payload: What the work needs to know; JSON values only, ids as text.
        run_at: Not before this moment; now when None.
        queue: How urgent it is.
    """

    kind: JobKind
    key: str
    payload: Mapping[str, object] = field(default_factory=dict)
    run_at: datetime | None = None
    queue: Queue = Queue.NORMAL


def backoff_seconds(failures: int, jitter: float) -> float:
    """How long to wait after the n-th failure: 5 s, 20 s, 80 s, each up to half again longer by jitter in [0, 1)."""
    return float(5 * 4 ** (failures - 1)) * (1 + jitter / 2)
