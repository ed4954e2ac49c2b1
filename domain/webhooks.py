"""What outside systems send us."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class WebhookSource(StrEnum):
    """Who sends."""

    STRIPE = "STRIPE"


class WebhookStatus(StrEnum):
    """What became of something that was sent.

    PENDING waits for its work or for the vendor, FAILED could not be worked on the last time. IGNORED is of a kind that
    does not concern us, UNKNOWN about something that we know nothing of.
    """

    PENDING = "PENDING"
    PROCESSED = "PROCESSED"
    IGNORED = "IGNORED"
    UNKNOWN = "UNKNOWN"
    FAILED = "FAILED"


LONGEST_BODY: Final = 512 * 1024
"""Far above anything that a vendor sends."""

BODY_KEPT_DAYS: Final = 90
"""How long what was sent is kept word for word. That it was sent is known for ever, so that it never counts twice."""

MOST_ASKED: Final = 12
"""How often a silent vendor is asked about one event before it counts as failed: 8 hours."""


def wait_seconds(attempts: int) -> float:
    """How long to leave a silent vendor alone after so many attempts: 5 s, 10 s, 20 s, up to an hour."""
    return min(5.0 * 2.0 ** (attempts - 1), 3600.0)
