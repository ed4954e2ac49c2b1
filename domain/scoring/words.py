"""The words of scoring: what was asked for, what was heard, and how far the two agree."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final


class Closeness(StrEnum):
    """How near two names are.

    EXACT is the same name once case, accents, punctuation and habits of file names are taken away; PARTIAL is what a person
    would call nearly right; NONE is another name.
    """

    EXACT = "EXACT"
    PARTIAL = "PARTIAL"
    NONE = "NONE"


class Verdict(StrEnum):
    """What follows from a score by itself: PASS, FAIL, or REVIEW, where a person has to look."""

    PASS = "PASS"  # noqa: S105
    REVIEW = "REVIEW"
    FAIL = "FAIL"


class VenueMatch(StrEnum):
    """Whether the place where it was played is the place that was asked for."""

    MATCH = "MATCH"
    MISMATCH = "MISMATCH"
    UNKNOWN = "UNKNOWN"


class GigRule(StrEnum):
    """What makes a run of plays a gig."""

    ENOUGH_TRACKS = "ENOUGH_TRACKS"
    GAPS = "GAPS"
    DURATIONS = "DURATIONS"
    VENUE = "VENUE"


@dataclass(frozen=True)
class Wanted:
    """The recording that was asked for.

    Attributes:
        title: Its title, with its version if one is meant.
        artist: Who made it.
        isrc: Its ISRC, if the requirement names it.
        duration_seconds: Its length, if the requirement names it.
    """

    title: str
    artist: str
    isrc: str | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True)
class Heard:
    """A recording as a play or a detection names it; None is what the source does not know.

    Attributes:
        title: Its title, or a file's name.
        artist: Who made it.
        isrc: Its ISRC.
        duration_seconds: The recording's own length, not how long it was played.
    """

    title: str
    artist: str | None = None
    isrc: str | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True)
class Policy:
    """What agreement is worth, and how much of it is enough.

    Attributes:
        title_exact: Points for the same title.
        title_partial: Points for nearly the same title.
        artist_exact: Points for the same artists.
        artist_partial: Points for some of them, or for a slip in a name.
        isrc: Points for the same ISRC.
        duration_near: Points for a length within `near_ms`.
        duration_close: Points for a length within `close_ms`.
        near_ms: How far the lengths may be apart for `duration_near`, this included.
        close_ms: How far the lengths may be apart for `duration_close`, this included.
        pass_at: The confidence from which a score can pass, this included.
    """

    title_exact: int = 40
    title_partial: int = 30
    artist_exact: int = 30
    artist_partial: int = 20
    isrc: int = 20
    duration_near: int = 10
    duration_close: int = 5
    near_ms: int = 2_000
    close_ms: int = 5_000
    pass_at: Decimal = Decimal("70.0")


MISSION_POLICY: Final = Policy()


@dataclass(frozen=True)
class Score:
    """How far what was heard is what was asked for.

    Attributes:
        title: Points for the title.
        artist: Points for the artists.
        isrc: Points for the ISRC.
        duration: Points for the length.
        total: All of them together.
        available: The points that could be had: those of each criterion that the requirement names and the source can know.
        title_closeness: How near the titles are.
        artist_closeness: How near the artists are; NONE also where nobody named one.
        isrc_contradicts: Whether both sides name an ISRC, and not the same.
        isrc_agrees: Whether both sides name the same ISRC.
    """

    title: int
    artist: int
    isrc: int
    duration: int
    total: int
    available: int
    title_closeness: Closeness
    artist_closeness: Closeness
    isrc_contradicts: bool
    isrc_agrees: bool = False

    @property
    def confidence(self) -> Decimal:
        """Points of a hundred available ones, to one decimal, rounded down: what is shown as 70.0 is never 69.95."""
        return percent(self.total, self.available)


def percent(points: int, available: int) -> Decimal:
    """Say points as a share of a hundred with one decimal, rounded down; nothing available is 0.0."""
    if available <= 0:
        return Decimal("0.0")
    return (Decimal(points) * 100 / available).quantize(Decimal("0.1"), rounding=ROUND_FLOOR)


@dataclass(frozen=True)
class RuleResult:
    """One rule of a gig, with its figure.

    Attributes:
        code: Which rule.
        passed: Whether it holds; None when nothing is known either way, which fails nobody.
        actual: What was found.
        limit: What is asked.
    """

    code: GigRule
    passed: bool | None
    actual: str
    limit: str


@dataclass(frozen=True)
class GigCheck:
    """Whether a run of plays looks like a gig.

    Attributes:
        is_professional: Whether no rule failed.
        track_count: How many tracks were heard.
        rules: Every rule, in the order of `GigRule`.
    """

    is_professional: bool
    track_count: int
    rules: tuple[RuleResult, ...]
