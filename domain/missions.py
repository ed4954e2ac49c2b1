"""Missions: somebody pays a DJ for playing a track, and what their software recorded proves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.errors import InvalidInput
from domain.money import Currency, Money


class MissionStatus(StrEnum):
    """Where a mission stands."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    VERIFYING = "VERIFYING"
    IN_REVIEW = "IN_REVIEW"
    COMPLETED = "COMPLETED"
    VERIFICATION_FAILED = "VERIFICATION_FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


ENDED: Final = frozenset({MissionStatus.COMPLETED, MissionStatus.CANCELLED, MissionStatus.EXPIRED})


class FundFrom(StrEnum):
    """Where a mission's money comes from."""

    CARD = "CARD"
    BALANCE = "BALANCE"


class VerificationMethod(StrEnum):
    """How it is found out whether the track was played."""

    AUTOMATED = "AUTOMATED"
    MANUAL = "MANUAL"
    MANUAL_WITH_PROOF = "MANUAL_WITH_PROOF"


class MissionAction(StrEnum):
    """What a person may do with a mission next."""

    PAY = "PAY"
    ACCEPT = "ACCEPT"
    CANCEL = "CANCEL"
    WITHDRAW = "WITHDRAW"
    SUBMIT_EVIDENCE = "SUBMIT_EVIDENCE"
    REVIEW_EVIDENCE = "REVIEW_EVIDENCE"
    APPEAL = "APPEAL"
    RETRY_VERIFICATION = "RETRY_VERIFICATION"
    RATE = "RATE"


class AttemptStatus(StrEnum):
    """Where one look at the history stands."""

    RUNNING = "RUNNING"
    PASSED = "PASSED"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    FAILED = "FAILED"


class VerificationOutcome(StrEnum):
    """What verification says, and why."""

    PASSED = "PASSED"
    NO_HISTORY = "NO_HISTORY"
    NOT_PLAYED = "NOT_PLAYED"
    LOW_CONFIDENCE = "LOW_CONFIDENCE"
    NOT_A_GIG = "NOT_A_GIG"
    WRONG_VENUE = "WRONG_VENUE"
    ISRC_CONTRADICTS = "ISRC_CONTRADICTS"
    NAMES_UNSURE = "NAMES_UNSURE"
    IMPLAUSIBLE = "IMPLAUSIBLE"
    WEAK_SOURCE = "WEAK_SOURCE"
    SOURCE_SILENT = "SOURCE_SILENT"


FOR_REVIEW: Final = frozenset(
    {
        VerificationOutcome.ISRC_CONTRADICTS,
        VerificationOutcome.NAMES_UNSURE,
        VerificationOutcome.IMPLAUSIBLE,
        VerificationOutcome.WEAK_SOURCE,
    }
)
"""The track seems to have been played, and a person has to say so: a wrong payment is worse than a review."""


class EvidenceDecision(StrEnum):
    """What was decided about evidence."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True)
class Place:
    """Where a track is to be played.

    Attributes:
        name: What the place is called.
        city: In which city.
        latitude: Degrees north (WGS 84), together with `longitude`.
        longitude: Degrees east (WGS 84).
    """

    name: str
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None


MAX_TITLE: Final = 120
MAX_DESCRIPTION: Final = 2000
MAX_NOTE: Final = 2000
MAX_VENUE: Final = 120
MAX_EVIDENCE_FILES: Final = 10
MAX_EVIDENCES: Final = 5
"""How often a runner may hand in evidence for one mission."""

LONGEST_WINDOW: Final = timedelta(days=31)
FARTHEST: Final = timedelta(days=366)
"""How far ahead a window may end: held money is not to lie for years."""

SETTLES_AFTER: Final = timedelta(minutes=10)
"""How long after its window a mission is verified first: a DJ packs up before a laptop uploads."""

PAUSES: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""How long after each attempt that found nothing the next one follows, half as long again by chance. What comes in
meanwhile is looked at at once."""

LIVE_PAUSE: Final = timedelta(minutes=2)
"""How often a source that tells during the set is asked while the window is open."""

EVIDENCE_WITHIN: Final = timedelta(days=7)
"""How long after a window, or after a failure, evidence is taken; then the money goes back."""

RETRIED_WITHIN: Final = timedelta(days=30)
"""How long after a window a history is looked at again when its DJ asks: a curator's money is not to lie for ever."""

REVIEWED_WITHIN: Final = timedelta(days=3)
"""How long a curator has to decide. What verification passed is then approved by itself; anything else goes to operators."""

LIMITS: Final[dict[Currency, tuple[int, int]]] = {
    Currency.EUR: (500, 10_000_00),
    Currency.GBP: (500, 10_000_00),
    Currency.GHS: (5_000, 100_000_00),
    Currency.JPY: (500, 1_000_000),
    Currency.KES: (50_000, 1_000_000_00),
    Currency.NGN: (500_000, 10_000_000_00),
    Currency.USD: (500, 10_000_00),
    Currency.ZAR: (10_000, 200_000_00),
}
"""The least and the most that a mission pays, in minor units."""


def check_budget(budget: Money, *field: str) -> Money:
    """Check that a mission can pay so much.

    Raises:
        InvalidInput: It is too little or too much, or missions are not paid in this currency.
    """
    if budget.currency not in LIMITS:
        raise InvalidInput(f"Missions are paid in one of {', '.join(LIMITS)}.", *field, "currencyCode")
    least, most = (Money(minor, budget.currency) for minor in LIMITS[budget.currency])
    if not least.minor <= budget.minor <= most.minor:
        raise InvalidInput(f"A mission pays from {least} to {most}.", *field, "amount")
    return budget


def check_window(starts_at: datetime, ends_at: datetime, now: datetime, *field: str) -> None:
    """Check that a track can be played within a window.

    Raises:
        InvalidInput: It ends before it starts, is over, has begun, is too long, or too far ahead.
    """
    if ends_at <= starts_at:
        raise InvalidInput("A window ends after it starts.", *field, "endsAt")
    if starts_at < now:
        raise InvalidInput("A window lies ahead: what was played before cannot be asked for.", *field, "startsAt")
    if ends_at - starts_at > LONGEST_WINDOW:
        raise InvalidInput(f"A window is at most {LONGEST_WINDOW.days} days long.", *field, "endsAt")
    if ends_at - now > FARTHEST:
        raise InvalidInput("A window ends within a year.", *field, "endsAt")


def pause_after(attempts: int, jitter: float) -> timedelta | None:
    """How long to wait after so many attempts without success, longer by jitter in [0, 1); None when there is no other."""
    if attempts > len(PAUSES):
        return None
    return PAUSES[attempts - 1] * (1 + jitter / 2)
