"""Ids: UUIDv7 inside (RFC 9562, section 5.7), `user_0190…` on the wire."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Final
from uuid import UUID

from domain.errors import NotFound

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """Make a UUIDv7 that is greater than every one this process made before.

    Ids are made here and not by the database, so that a deed knows them before it writes. The 12 bits after the
    milliseconds count on within one millisecond (RFC 9562, section 6.2, method 3).
    """
    global _last  # noqa: PLW0603 -- one clock for the process
    with _lock:
        ticks = time.time_ns() * 4096 // 1_000_000
        _last = max(_last + 1, ticks)
        ticks = _last
    milliseconds, fraction = divmod(ticks, 4096)
    high = (milliseconds << 16) | 0x7000 | fraction
    low = (0b10 << 62) | secrets.randbits(62)
    return UUID(int=(high << 64) | low)


class Prefix:
    """The type of a thing, as the first part of its id on the wire."""

    USER: Final = "user"
    BROADCAST: Final = "broadcast"
    MESSAGE: Final = "message"
    NOTIFICATION: Final = "notification"
    SESSION: Final = "session"
    API_TOKEN: Final = "token"  # noqa: S105 -- a type's name, not a secret
    UPLOAD: Final = "upload"
    REPORT: Final = "report"
    DEVICE: Final = "device"
    CONNECTED_ACCOUNT: Final = "account"
    CHECKOUT: Final = "checkout"
    TIP: Final = "tip"
    PAYMENT_LINK: Final = "link"
    PAYMENT: Final = "payment"
    REFUND: Final = "refund"
    PAYOUT: Final = "payout"
    PAYOUT_METHOD: Final = "method"
    PAYOUT_RUN: Final = "run"
    TRANSACTION: Final = "transaction"
    JOB: Final = "job"
    WEBHOOK_EVENT: Final = "event"
    AUDIT_ENTRY: Final = "audit"
    RECONCILIATION_CASE: Final = "case"
    MISSION: Final = "mission"
    VERIFICATION_ATTEMPT: Final = "attempt"
    EVIDENCE: Final = "evidence"
    EVIDENCE_FILE: Final = "evidencefile"
    REVIEW: Final = "review"
    PLAY: Final = "play"
    COMPANION: Final = "companion"
    EXPORT: Final = "export"


def to_wire(prefix: str, key: UUID) -> str:
    """Write an id the way clients see it, such as ``user_01900000-0000-7000-8000-000000000000``."""
    return f"{prefix}_{key}"


def read_id(text: str | None) -> UUID | None:
    """Read a bare id that went out and came back; None when it is none of ours."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def from_wire(prefix: str, text: str, *field: str) -> UUID:
    """Read an id that a client sent.

    Raises:
        NotFound: It is not the id of such a thing; the message does not say whether one exists.
    """
    kind, _, rest = text.partition("_")
    try:
        key = UUID(rest)
    except ValueError:
        key = None
    if kind != prefix or key is None or str(key) != rest:
        raise NotFound(f"There is no {prefix} with this id.", *field)
    return key
