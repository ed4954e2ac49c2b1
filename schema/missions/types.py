"""Missions, and how they are found."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import tables
from db.access import missions as access
from db.access.viewer import Viewer
from db.expressions import missions as expressions
from db.expressions.money import decimal_text
from domain.ids import Prefix
from domain.missions import MAX_EVIDENCE_FILES
from domain.money import Currency
from engine.declare import (
    SQL,
    Connection,
    Node,
    Where,
    by_id,
    column,
    computed,
    embedded,
    entity,
    finished,
    listed,
    many,
    one,
    part,
    private,
    reads,
    within,
)
from schema.broadcasts.types import Track
from schema.checkouts import Checkout
from schema.context import Context
from schema.missions.enums import EvidenceDecision, MissionAction, MissionOrder, MissionStatus, VerificationMethod
from schema.money import Money
from schema.payouts.enums import PayoutMethodKind
from schema.payouts.types import Payout
from schema.subjects import CheckoutSubject, NotificationSubject, TransactionSubject

if TYPE_CHECKING:
    from schema.accounts.user import User
    from schema.missions.proofs import MissionProof
    from schema.missions.verification import VerificationAttempt


@part
class DateTimeRange:
    """From one moment to another."""

    starts_at: datetime = strawberry.field(description="The first moment.")
    ends_at: datetime = strawberry.field(description="The moment after the last.")


@part
class Venue:
    """Where a track is to be played."""

    name: str = strawberry.field(description="What the place is called.")
    city: str | None = strawberry.field(description="In which city.")
    latitude: float | None = strawberry.field(description="Degrees north (WGS 84), together with `longitude`.")
    longitude: float | None = strawberry.field(description="Degrees east (WGS 84).")


@entity(tables.EvidenceFile, id=Prefix.EVIDENCE_FILE, visible=access.evidence_file)
class EvidenceFile(Node):
    """A file that shows something. Seen by who handed it in, by the curator and by operators."""

    filename: str = column("Its name, as the DJ called it.")
    content_type: str = column("Its media type.")

    @finished(tables.EvidenceFile.storage_key)
    def url(storage_key: str, context: Context) -> str:
        """Where it can be fetched, for an hour."""
        return context.services.files.sign_download(storage_key)


@entity(tables.MissionEvidence, id=Prefix.EVIDENCE, visible=access.evidence)
class MissionEvidence(Node):
    """What a DJ handed in to show that they played the track. Seen by them, by the curator and by operators."""

    note: str = column("What they say.")
    submitted_at: datetime = column("When they handed it in.")
    decision: EvidenceDecision | None = column("What was decided; null while it waits.")
    decided_at: datetime | None = column("When it was decided.")
    decision_note: str | None = column("What was said about the decision.")
    files: list[EvidenceFile] = listed(
        "Its files.", tables.EvidenceFile.evidence_id, order=tables.EvidenceFile.position, limit=MAX_EVIDENCE_FILES
    )


@entity(tables.MissionReview, id=Prefix.REVIEW, visible=access.review)
class MissionReview(Node):
    """How it went, in the DJ's words. Seen by them, by the curator and by operators."""

    rating: int = column("1 to 5, 5 being best.")
    text: str | None = column("A few words.")
    written_at: datetime = column("When it was written.")
    author: User = one("Who wrote it.", tables.MissionReview.author_id)


@entity(tables.MissionChange, id=None, visible=access.change)
class MissionStatusChange:
    """A move of a mission. Its DJ does not see what earlier DJs did."""

    from_: MissionStatus | None = column("Where it stood; null for the first.", tables.MissionChange.from_status)
    to: MissionStatus = column("Where it stood then.", tables.MissionChange.to_status)
    occurred_at: datetime = column("When.", tables.MissionChange.changed_at)
    reason: str = column("Why, in a word such as `ACCEPTED`.")
    actor: User | None = one("Who did it; null for the platform and those who run it.", tables.MissionChange.actor_id)


@entity(tables.Mission, id=Prefix.MISSION, visible=access.mission)
class Mission(NotificationSubject, CheckoutSubject, TransactionSubject):
    """A track to be played at a gig, and what is paid for it.

    While it is open, everybody who is signed in sees it; a draft only its curator, and the rest only its curator, the DJ
    who does it, and operators.
    """

    status: MissionStatus = column("Where it stands.")
    title: str = column("What its curator calls it.")
    description: str | None = column("What its curator says about it.")
    verification_method: VerificationMethod = column("How it is found out whether the track was played.")
    auto_verify: bool = column(
        "Whether what verification passes is paid at once. Otherwise the curator decides within three days, and after "
        "that it is paid by itself."
    )
    requires_gig: bool = column("Whether the track has to be part of a set: other tracks before or after it.")
    created_at: datetime = column("When it was written.")
    funded_at: datetime | None = column("When its money was held.")
    accepted_at: datetime | None = column("When the DJ accepted it.")
    verification_scheduled_at: datetime | None = column("When the history is looked at next, or was looked at first.")
    review_due_at: datetime | None = column(
        "Until when the curator may decide, or, where evidence may be handed in, until when it is taken."
    )
    appealed_at: datetime | None = column("When operators were asked to decide.")
    completed_at: datetime | None = column("When it was done.")
    ended_at: datetime | None = column("When it came to its end, whichever that is.")
    payout_method_kind: PayoutMethodKind | None = private(
        "By which road the DJ is paid; null for a balance, and for everybody but the DJ and operators.",
        tables.Mission.payout_method_kind,
        to=access.runs,
    )
    budget: Money = embedded(
        "What the curator pays; the platform's fee is part of it.",
        amount=lambda mission, _viewer: decimal_text(mission.amount_minor, mission.currency),
        currency_code=tables.Mission.currency,
    )
    payment: Money = embedded(
        "What the DJ gets: the budget less the platform's fee.",
        amount=expressions.payment_text,
        currency_code=tables.Mission.currency,
    )
    window: DateTimeRange = embedded(
        "When it is to be played.",
        starts_at=tables.Mission.window_starts_at,
        ends_at=tables.Mission.window_ends_at,
    )
    venue: Venue | None = embedded(
        "Where it is to be played; null: anywhere.",
        when=tables.Mission.venue_name,
        name=tables.Mission.venue_name,
        city=tables.Mission.venue_city,
        latitude=tables.Mission.venue_latitude,
        longitude=tables.Mission.venue_longitude,
    )
    track_requirement: Track = embedded(
        "What is to be played.",
        title=tables.Mission.track_title,
        artist=tables.Mission.track_artist,
        album=tables.Mission.track_album,
        isrc=tables.Mission.track_isrc,
        duration_seconds=tables.Mission.track_duration_seconds,
        bpm=tables.Mission.track_bpm,
        musical_key=tables.Mission.track_musical_key,
        artwork_url=expressions.nothing,
    )
    curator: User = one("Who asks for it and pays.", tables.Mission.curator_id)
    runner: User | None = one("Who does it.", tables.Mission.runner_id)
    checkout: Checkout | None = one(
        "How it is paid by card; null for everybody but its curator.", tables.Mission.checkout_id
    )
    payout: Payout | None = one(
        "The payout that took the money on to the DJ; null for everybody but them and operators, and while the money is "
        "on their balance.",
        tables.Mission.payout_id,
    )
    evidence: list[MissionEvidence] = listed(
        "What the DJ handed in, the oldest first.",
        tables.MissionEvidence.mission_id,
        order=tables.MissionEvidence.submitted_at,
        limit=20,
    )
    review: MissionReview | None = one("How it went, in the DJ's words.", tables.MissionReview.mission_id)
    status_history: list[MissionStatusChange] = listed(
        "How it came to where it stands, the oldest first; for its curator, its DJ and operators.",
        tables.MissionChange.mission_id,
        order=tables.MissionChange.changed_at,
        limit=50,
    )
    verification_attempts: list[VerificationAttempt] = listed(
        "The looks at the DJ's history that count, the first first; for its curator, its DJ and operators.",
        tables.VerificationAttempt.mission_id,
        order=tables.VerificationAttempt.number,
        limit=40,
    )
    proof: MissionProof | None = one("What proves it; null until it is done.", tables.MissionProof.mission_id)

    @computed
    def viewer_actions(mission: type[tables.Mission], viewer: Viewer) -> SQL[list[MissionAction]]:
        """What you may do with it next."""
        return expressions.viewer_actions(mission, viewer)


@strawberry.input(description="Which missions to show; all conditions must hold.")
class MissionFilter:
    """The filter of `missions`."""

    statuses: list[MissionStatus] | None = strawberry.field(default=None, description="Only those that stand here.")
    curator_id: strawberry.ID | None = strawberry.field(default=None, description="Only this person's, such as yours.")
    runner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only those that this person does or did, such as you."
    )
    verification_methods: list[VerificationMethod] | None = strawberry.field(
        default=None, description="Only those that are verified so."
    )
    city: str | None = strawberry.field(default=None, description="Only in this city; case and accents do not matter.")
    starts_from: datetime | None = strawberry.field(
        default=None, description="Only those whose window begins at this moment or later."
    )
    ends_by: datetime | None = strawberry.field(
        default=None, description="Only those whose window ends at this moment or before."
    )
    currency_code: Currency | None = strawberry.field(default=None, description="Only those that pay in this currency.")
    min_budget: str | None = strawberry.field(
        default=None, description="Only those that pay at least so much in their currency, such as `25.00`."
    )
    text: str | None = strawberry.field(
        default=None, description="Only those with this in their title, or in the track's title or artist."
    )


def chosen(
    mission: type[tables.Mission],
    viewer: Viewer,
    filter: Annotated[MissionFilter | None, strawberry.argument(description="Which missions.")] = None,
) -> Where:
    """What the filter says."""
    if filter is None:
        return
    if filter.statuses is not None:
        yield within(mission.status, filter.statuses)
    if filter.curator_id is not None:
        yield mission.curator_id == filter.curator_id
    if filter.runner_id is not None:
        yield mission.runner_id == filter.runner_id
    if filter.verification_methods is not None:
        yield within(mission.verification_method, filter.verification_methods)
    yield from within_terms(mission, filter)


def within_terms(mission: type[tables.Mission], filter: MissionFilter) -> Where:
    """What the filter says of place, time and money."""
    if filter.city is not None:
        yield expressions.in_city(mission, filter.city)
    if filter.starts_from is not None:
        yield mission.window_starts_at >= filter.starts_from
    if filter.ends_by is not None:
        yield mission.window_ends_at <= filter.ends_by
    if filter.currency_code is not None:
        yield mission.currency == filter.currency_code
    if filter.min_budget is not None:
        yield expressions.pays_at_least(mission, filter.min_budget)
    if filter.text is not None:
        yield expressions.says(mission, filter.text)


@reads
class MissionReads:
    """Reads about missions."""

    mission: Mission | None = by_id("One mission.")
    missions: Connection[Mission] = many(
        "The missions that you may see: the open ones, and those that you asked for or do. None for strangers.",
        tables.Mission,
        where=chosen,
        order={
            MissionOrder.NEWEST: tables.Mission.created_at.desc(),
            MissionOrder.BUDGET: tables.Mission.amount_minor.desc(),
            MissionOrder.WINDOW: tables.Mission.window_starts_at,
        },
    )
