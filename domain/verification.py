"""Whether a history proves that a track was played as a mission asks for it. Pure: the same history, the same word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from domain.missions import FOR_REVIEW, AttemptStatus, VerificationOutcome
from domain.plays import TRUST, Play, PlaySource, TrustLevel
from domain.scoring.gig import check_gig, find_set
from domain.scoring.plausible import GRAVE, Finding, find_faults
from domain.scoring.score import judge, score
from domain.scoring.venue import Place, match_venue
from domain.scoring.words import GigCheck, Heard, Score, VenueMatch, Verdict, Wanted

AROUND: Final = timedelta(hours=3)
"""How much of a history beside the window is looked at: a set may begin before it and end after it."""

BELIEVED_FROM: Final = TrustLevel.SIGNED
"""The least trust that pays by itself. A file that its owner sends can be made with a text editor: people look at those."""


@dataclass(frozen=True)
class Told:
    """One play, and how we know of it.

    Attributes:
        id: The play's row.
        play: What was played.
        source: By which software.
        trust: How far the way by which it came is believed.
        time_known: Whether the source said when.
        venue_name: Where, if the source said so.
        received_at: When we first heard of it.
    """

    id: UUID
    play: Play
    source: PlaySource
    trust: TrustLevel
    time_known: bool
    venue_name: str | None
    received_at: datetime


@dataclass(frozen=True)
class Asked:
    """What a mission asks for.

    Attributes:
        track: The track.
        starts_at: The window's first moment.
        ends_at: Its end: a play begins before that.
        venue: Where; None when it says nothing of it.
        requires_gig: Whether the set around it must be a gig.
    """

    track: Wanted
    starts_at: datetime
    ends_at: datetime
    venue: Place | None
    requires_gig: bool


@dataclass(frozen=True)
class Decision:
    """What a history says.

    Attributes:
        outcome: The word, and why.
        told: The play that fits best; None when there is none that resembles it at all.
        score: How well it fits.
        gig: Whether the set around it was a gig.
        venue: Whether it was where it should be.
        findings: What is hard to believe of the set.
    """

    outcome: VerificationOutcome
    told: Told | None = None
    score: Score | None = None
    gig: GigCheck | None = None
    venue: VenueMatch = VenueMatch.UNKNOWN
    findings: tuple[Finding, ...] = ()

    @property
    def status(self) -> AttemptStatus:
        """Whether that is enough, is not, or is for a person to say."""
        if self.outcome is VerificationOutcome.PASSED:
            return AttemptStatus.PASSED
        return AttemptStatus.NEEDS_REVIEW if self.outcome in FOR_REVIEW else AttemptStatus.FAILED

    @property
    def confidence(self) -> Decimal | None:
        """The points of those that could be had, of 100; None when there was nothing to score."""
        return None if self.score is None else self.score.confidence


def decide(asked: Asked, history: Sequence[Told], elsewhere: Sequence[Play] = ()) -> Decision:
    """Look through a history for the track.

    Args:
        asked: What is wanted.
        history: Everything that the person played within the window and `AROUND` it.
        elsewhere: What others played in the same hours.

    Returns:
        Of all plays within the window the one that speaks most for them, and what it comes to: first whether the track is
        the one, then whether the set was a gig and where it was, then whether it can be believed.
    """
    within = [
        each
        for each in history
        if each.play.started_at is not None and asked.starts_at <= each.play.started_at < asked.ends_at
    ]
    if not within:
        return Decision(VerificationOutcome.NO_HISTORY)
    audible = [each for each in within if each.play.audible is not False]
    likely = [each for each in audible if _resembles(asked, each)]
    if not likely:
        return Decision(VerificationOutcome.NOT_PLAYED)
    decisions = [_look(asked, history, elsewhere, each) for each in likely]
    return max(decisions, key=_worth)


def heard_of(play: Play) -> Heard:
    """A play as the scorer takes it."""
    return Heard(play.title, play.artist, play.isrc, play.duration_seconds)


def _resembles(asked: Asked, told: Told) -> bool:
    """Whether a play is worth a closer look: the title is nearly the one, or the ISRC the same."""
    points = score(asked.track, heard_of(told.play))
    return points.title > 0 or points.isrc_agrees


def _look(asked: Asked, history: Sequence[Told], elsewhere: Sequence[Play], told: Told) -> Decision:
    points = score(asked.track, heard_of(told.play))
    verdict = judge(points)
    venue = VenueMatch.UNKNOWN if asked.venue is None else match_venue(asked.venue, Place(told.venue_name))
    around = find_set([each.play for each in history if each.source is told.source], told.play)
    gig = check_gig(around, venue)
    received_at = max(each.received_at for each in history if each.source is told.source)
    findings = find_faults(around, received_at=received_at, live_elsewhere=elsewhere)
    seen = Decision(VerificationOutcome.PASSED, told, points, gig, venue, findings)
    return replace(seen, outcome=_outcome(asked, told, verdict, seen))


def _outcome(asked: Asked, told: Told, verdict: Verdict, seen: Decision) -> VerificationOutcome:
    """The first thing that speaks against it, what fails before what people look at."""
    assert seen.gig is not None
    assert seen.score is not None
    weak = not told.time_known or TRUST.index(told.trust) < TRUST.index(BELIEVED_FROM)
    against = {
        VerificationOutcome.LOW_CONFIDENCE: verdict is Verdict.FAIL,
        VerificationOutcome.WRONG_VENUE: seen.venue is VenueMatch.MISMATCH,
        VerificationOutcome.NOT_A_GIG: asked.requires_gig and not seen.gig.is_professional,
        VerificationOutcome.ISRC_CONTRADICTS: verdict is Verdict.REVIEW and seen.score.isrc_contradicts,
        VerificationOutcome.NAMES_UNSURE: verdict is Verdict.REVIEW,
        VerificationOutcome.IMPLAUSIBLE: any(finding.code in GRAVE for finding in seen.findings),
        VerificationOutcome.WEAK_SOURCE: weak,
    }
    return next((outcome for outcome, holds in against.items() if holds), VerificationOutcome.PASSED)


def gig_facts(gig: GigCheck | None) -> dict[str, Any] | None:
    """A gig check as it is kept with an attempt."""
    if gig is None:
        return None
    rules = [
        {"code": rule.code.value, "passed": rule.passed, "actual": rule.actual, "limit": rule.limit}
        for rule in gig.rules
    ]
    return {"isProfessional": gig.is_professional, "trackCount": gig.track_count, "rules": rules}


def finding_facts(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as they are kept with an attempt."""
    return [
        {"code": each.code.value, "grave": each.code in GRAVE, "actual": each.actual, "limit": each.limit}
        for each in findings
    ]


ORDER: Final = {AttemptStatus.FAILED: 0, AttemptStatus.NEEDS_REVIEW: 1, AttemptStatus.PASSED: 2}


def _worth(decision: Decision) -> tuple[int, Decimal, int]:
    """What speaks most for the runner: the word, then the confidence, then the trust; of equals the first."""
    assert decision.told is not None
    assert decision.score is not None
    return ORDER[decision.status], decision.score.confidence, TRUST.index(decision.told.trust)
