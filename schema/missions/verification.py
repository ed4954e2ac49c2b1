"""What verification saw, and what it would say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from db import tables
from db.access import missions as access
from domain.ids import Prefix, from_wire
from domain.missions import AttemptStatus, VerificationOutcome
from domain.scoring.plausible import FindingCode
from domain.scoring.words import GigRule, VenueMatch
from domain.verification import Decision, finding_facts, gig_facts
from engine.declare import Node, column, embedded, entity, finished, one, part
from engine.executor import ref
from resolvers.missions import retry as deeds
from schema.context import Context, Info
from schema.deeds import Payload, deed
from schema.missions.types import Mission
from schema.plays import Play
from schema.words import describe

describe(
    AttemptStatus,
    "Where one look at a history stands.",
    name="VerificationAttemptStatus",
    RUNNING="It is under way.",
    PASSED="The track was played.",
    NEEDS_REVIEW="The track seems to have been played; a person has to say so.",
    FAILED="It was not shown that the track was played.",
)
describe(
    VerificationOutcome,
    "What verification says of a history, and why.",
    PASSED="The track was played as it was asked for.",
    NO_HISTORY="Nothing was recorded within the window.",
    NOT_PLAYED="Nothing like the track was played within the window.",
    LOW_CONFIDENCE="Something like the track was played, but less than 70.0 of 100 speaks for it.",
    NOT_A_GIG="The track was played, but not in a set as the mission asks for: see `gig`.",
    WRONG_VENUE="The track was played somewhere else.",
    ISRC_CONTRADICTS="Title and artist agree, and the ISRC is another: a person has to look.",
    NAMES_UNSURE="The title is not exact and no ISRC says that it is the same, or nobody named the artist: a person has to look.",
    IMPLAUSIBLE="The history holds what decks and software cannot do: a person has to look.",
    WEAK_SOURCE="Anybody could have made the file that says so: a person has to look.",
    SOURCE_SILENT="Nothing was found, but an account that may know more did not answer.",
)
describe(
    VenueMatch,
    "Whether the place where a track was played is the one that was asked for.",
    MATCH="It is.",
    MISMATCH="It is another.",
    UNKNOWN="Nobody can tell, which speaks against nobody.",
)
describe(
    GigRule,
    "What makes a run of plays a gig.",
    ENOUGH_TRACKS="At least 10 tracks.",
    GAPS="No pause longer than 5 minutes.",
    DURATIONS="Each track on for 1 to 10 minutes.",
    VENUE="Not somewhere else.",
)
describe(
    FindingCode,
    "What is odd about a history.",
    name="HistoryFindingCode",
    OVERLAP_ON_DECK="Two tracks at once on one deck.",
    TOO_MANY_DECKS="More tracks at once than there are decks.",
    LONGER_THAN_TRACK="On for longer than the track is.",
    CLOCK_BACKWARDS="Something ended before it began.",
    FUTURE="Something was played after we heard of it.",
    UPLOADED_LONG_AFTER="The history came long after the set.",
    SAME_TRACK_EVERYWHERE="Others began the same tracks in the same seconds.",
)


@part
class VerificationScore:
    """How far a play is what was asked for: points, and the points that could be had.

    A criterion can be had when the mission names it and the source can know it: a Serato file has no ISRC and often no
    length. The confidence is their ratio.
    """

    title: int = strawberry.field(description="For the title: 40 when it is the same, 30 when it is nearly the same.")
    artist: int = strawberry.field(description="For the artists: 30 when they are the same, 20 for some of them.")
    isrc: int = strawberry.field(description="For the ISRC: 20 when it is the same.")
    duration: int = strawberry.field(description="For the length: 10 within 2 seconds, 5 within 5 seconds.")
    total: int = strawberry.field(description="All of them together.")
    available: int = strawberry.field(description="What could be had.")


@part
class GigRuleResult:
    """One rule of a gig, with its figure."""

    code: GigRule = strawberry.field(description="Which rule.")
    passed: bool | None = strawberry.field(description="Whether it holds; null when nobody can tell.")
    actual: str = strawberry.field(description="What was found.")
    limit: str = strawberry.field(description="What is asked for.")


@part
class GigCheck:
    """Whether the set around a play was a gig."""

    is_professional: bool = strawberry.field(description="Whether no rule is broken.")
    track_count: int = strawberry.field(description="How many tracks were heard in it.")
    rules: list[GigRuleResult] = strawberry.field(description="Each rule with its figure.")


@part
class HistoryFinding:
    """Something odd about a history."""

    code: FindingCode = strawberry.field(description="What it is.")
    grave: bool = strawberry.field(description="Whether a person has to look because of it.")
    actual: str = strawberry.field(description="What was found.")
    limit: str = strawberry.field(description="What is allowed.")


def gig_of(facts: dict[str, Any] | None) -> GigCheck | None:
    """A gig check, as it is kept."""
    if facts is None:
        return None
    rules = [
        GigRuleResult(code=GigRule(rule["code"]), passed=rule["passed"], actual=rule["actual"], limit=rule["limit"])
        for rule in facts["rules"]
    ]
    return GigCheck(is_professional=facts["isProfessional"], track_count=facts["trackCount"], rules=rules)


def findings_of(facts: list[dict[str, Any]]) -> list[HistoryFinding]:
    """Findings, as they are kept."""
    return [
        HistoryFinding(code=FindingCode(each["code"]), grave=each["grave"], actual=each["actual"], limit=each["limit"])
        for each in facts
    ]


@entity(tables.VerificationAttempt, id=Prefix.VERIFICATION_ATTEMPT, visible=access.attempt)
class VerificationAttempt(Node):
    """One look at the history of the DJ who does a mission. Seen by them, by the mission's curator and by operators."""

    number: int = column("Which one it is, from 1.")
    status: AttemptStatus = column("Where it stands.")
    outcome: VerificationOutcome | None = column("What it says, and why; null while it is under way.")
    confidence: float | None = column(
        "How much speaks for it, of 100, with one decimal; null when nothing was like it."
    )
    venue_match: VenueMatch | None = column("Whether it was played where it was to be; null while it is under way.")
    started_at: datetime = column("When it began.")
    finished_at: datetime | None = column("When it was over.")
    next_attempt_at: datetime | None = column("When the next one follows by itself; null when none does.")
    matched_play: Play | None = one("The play that speaks most for it.", tables.VerificationAttempt.play_id)
    score: VerificationScore | None = embedded(
        "How far that play is what was asked for; null when nothing was like it.",
        when=tables.VerificationAttempt.total_points,
        title=tables.VerificationAttempt.title_points,
        artist=tables.VerificationAttempt.artist_points,
        isrc=tables.VerificationAttempt.isrc_points,
        duration=tables.VerificationAttempt.duration_points,
        total=tables.VerificationAttempt.total_points,
        available=tables.VerificationAttempt.available_points,
    )

    @finished(tables.VerificationAttempt.gig)
    def gig(facts: dict[str, Any] | None, context: Context) -> GigCheck | None:
        """Whether the set around it was a gig; null when nothing was like it."""
        return gig_of(facts)

    @finished(tables.VerificationAttempt.findings)
    def findings(facts: list[dict[str, Any]], context: Context) -> list[HistoryFinding]:
        """What is odd about the set around it."""
        return findings_of(facts)


@strawberry.type(description="What verification would say of your history now.")
class VerificationPreview:
    """The answer to `verificationPreview`."""

    outcome: VerificationOutcome = strawberry.field(description="What it would say, and why.")
    confidence: float | None = strawberry.field(
        description="How much speaks for it, of 100, with one decimal; null when nothing was like it."
    )
    score: VerificationScore | None = strawberry.field(
        description="How far the play is what was asked for; null when nothing was like it."
    )
    gig: GigCheck | None = strawberry.field(
        description="Whether the set around it was a gig; null when nothing was like it."
    )
    venue_match: VenueMatch = strawberry.field(description="Whether it was played where it is to be.")
    findings: list[HistoryFinding] = strawberry.field(description="What is odd about the set around it.")
    matched_play: Play | None = strawberry.field(description="The play that speaks most for it.")


def preview_of(decision: Decision) -> VerificationPreview:
    """A decision as clients see it."""
    points = decision.score
    score = (
        None
        if points is None
        else VerificationScore(
            title=points.title,
            artist=points.artist,
            isrc=points.isrc,
            duration=points.duration,
            total=points.total,
            available=points.available,
        )
    )
    return VerificationPreview(
        outcome=decision.outcome,
        confidence=None if decision.confidence is None else float(decision.confidence),
        score=score,
        gig=gig_of(gig_facts(decision.gig)),
        venue_match=decision.venue,
        findings=findings_of(finding_facts(decision.findings)),
        matched_play=None if decision.told is None else ref(Play, decision.told.id),
    )


@strawberry.input(description="Which mission.")
class VerificationPreviewInput:
    """The input of `verificationPreview`."""

    mission_id: strawberry.ID = strawberry.field(description="One that you do, or that is open.")


@strawberry.type
class VerificationReads:
    """Reads about verification."""

    @strawberry.field(
        description="What verification would say of your own history of a mission's window now. Changes nothing, and asks "
        "no account: it looks at what is here already."
    )
    async def verification_preview(
        self, info: Info, input: Annotated[VerificationPreviewInput, strawberry.argument(description="Which mission.")]
    ) -> VerificationPreview:
        """Look."""
        actor, context = info.context.signed_in, info.context
        mission_id = from_wire(Prefix.MISSION, input.mission_id, "missionId")
        return preview_of(await deeds.preview(context.database, context.services, actor, mission_id))


@strawberry.input(description="Which mission.")
class RetryVerificationInput:
    """The input of `retryVerification`."""

    mission_id: strawberry.ID = strawberry.field(description="One that you do, whose verification found nothing yet.")


@strawberry.type(description="The answer to `retryVerification`.")
class RetryVerificationPayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(
        default=None, description="The mission; follow it to hear what came of it."
    )


@strawberry.type
class VerificationMutations:
    """Deeds about verification."""

    @deed(
        "Have your history looked at again for a mission that you do, at once, such as after you handed in more of it."
    )
    async def retry_verification(self, info: Info, input: RetryVerificationInput) -> RetryVerificationPayload:
        """Look again."""
        actor, context = info.context.signed_in, info.context
        mission_id = from_wire(Prefix.MISSION, input.mission_id, "missionId")
        await deeds.retry(context.database, context.services, actor, mission_id)
        return RetryVerificationPayload(mission=ref(Mission, mission_id))
