"""Missions, how they were verified, and what proves it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.missions import AttemptStatus, EvidenceDecision, MissionStatus, VerificationMethod, VerificationOutcome
from domain.money import Currency
from domain.payouts import PayoutMethodKind
from domain.scoring.words import VenueMatch


class Mission(Row):
    """A track to be played at a gig, and what is paid for it. The fee is the one that held when it was written."""

    __tablename__ = "missions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    curator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    runner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    status: Mapped[MissionStatus] = mapped_column(enum_column(MissionStatus), server_default=MissionStatus.DRAFT.value)
    title: Mapped[str]
    description: Mapped[str | None]
    track_title: Mapped[str]
    track_artist: Mapped[str]
    track_album: Mapped[str | None]
    track_isrc: Mapped[str | None]
    track_duration_seconds: Mapped[float | None]
    track_bpm: Mapped[float | None]
    track_musical_key: Mapped[str | None]
    window_starts_at: Mapped[datetime]
    window_ends_at: Mapped[datetime]
    venue_name: Mapped[str | None]
    venue_city: Mapped[str | None]
    venue_latitude: Mapped[float | None]
    venue_longitude: Mapped[float | None]
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    fee_basis_points: Mapped[int]
    verification_method: Mapped[VerificationMethod] = mapped_column(enum_column(VerificationMethod))
    auto_verify: Mapped[bool]
    requires_gig: Mapped[bool]
    payout_method_kind: Mapped[PayoutMethodKind | None] = mapped_column(enum_column(PayoutMethodKind))
    payout_method_id: Mapped[UUID | None] = mapped_column(ForeignKey("payout_methods.id"))
    """Where the runner wants it; none leaves it on their balance."""

    checkout_id: Mapped[UUID | None] = mapped_column(ForeignKey("checkouts.id"), unique=True)
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("holds.id"), unique=True)
    payout_id: Mapped[UUID | None] = mapped_column(ForeignKey("payouts.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    funded_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    verification_scheduled_at: Mapped[datetime | None]
    verifications: Mapped[int] = mapped_column(server_default=text("0"))
    """How often its verification was promised: each promise is a job of its own."""

    review_due_at: Mapped[datetime | None]
    """Until when the curator may decide, or evidence is taken; what follows then depends on the status."""

    rejected_at: Mapped[datetime | None]
    """When a person said last that it does not count; none when only verification found nothing."""

    appealed_at: Mapped[datetime | None]
    """When operators were asked to decide: by the runner, or because the curator did not."""

    completed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_missions_created", "created_at", "id"),
        Index("ix_missions_status", "status", "created_at", "id"),
        Index("ix_missions_curator", "curator_id", "created_at", "id"),
        Index("ix_missions_runner", "runner_id", "created_at", "id"),
        Index("ix_missions_window", "window_starts_at", "id"),
        Index("ix_missions_amount", "amount_minor", "id"),
        Index("ix_missions_completed", "completed_at"),
        Index(
            "ix_missions_running",
            "runner_id",
            "window_starts_at",
            postgresql_where=text("status IN ('ACCEPTED', 'VERIFYING', 'VERIFICATION_FAILED')"),
        ),
        CheckConstraint("amount_minor > 0", name="something"),
        CheckConstraint("runner_id <> curator_id", name="by_somebody_else"),
        CheckConstraint("window_ends_at > window_starts_at", name="window_ahead"),
        CheckConstraint("(venue_latitude IS NULL) = (venue_longitude IS NULL)", name="coordinates_together"),
        CheckConstraint("(status = 'COMPLETED') = (completed_at IS NOT NULL)", name="completed_when_completed"),
        CheckConstraint("status NOT IN ('DRAFT', 'OPEN') OR runner_id IS NULL", name="open_without_runner"),
        CheckConstraint("status IN ('DRAFT', 'CANCELLED', 'EXPIRED') OR hold_id IS NOT NULL", name="funded_when_shown"),
        at_most("title", 120),
        at_most("description", 2000),
        at_most("track_title", 300),
        at_most("track_artist", 300),
        at_most("venue_name", 120),
        at_most("venue_city", 80),
    )


class MissionChange(Row):
    """One move of a mission. Nobody means that the platform did it, or somebody who runs it."""

    __tablename__ = "mission_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[UUID]
    from_status: Mapped[MissionStatus | None] = mapped_column(enum_column(MissionStatus))
    to_status: Mapped[MissionStatus] = mapped_column(enum_column(MissionStatus))
    reason: Mapped[str]
    changed_at: Mapped[datetime]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    __table_args__ = {"info": {"view": True}}


class VerificationAttempt(Row):
    """One look at a runner's history, with all figures; raw points, and the points that could be had."""

    __tablename__ = "verification_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[UUID] = mapped_column(ForeignKey("missions.id"))
    number: Mapped[int]
    status: Mapped[AttemptStatus] = mapped_column(enum_column(AttemptStatus))
    outcome: Mapped[VerificationOutcome | None] = mapped_column(enum_column(VerificationOutcome))
    play_id: Mapped[UUID | None] = mapped_column(ForeignKey("plays.id"), index=True)
    confidence: Mapped[float | None]
    """Of 100, with one decimal; none when nothing was there to be scored."""

    title_points: Mapped[int | None]
    artist_points: Mapped[int | None]
    isrc_points: Mapped[int | None]
    duration_points: Mapped[int | None]
    total_points: Mapped[int | None]
    available_points: Mapped[int | None]
    venue_match: Mapped[VenueMatch | None] = mapped_column(enum_column(VenueMatch))
    gig: Mapped[dict[str, Any] | None]
    """Whether the set was a gig: `isProfessional`, `trackCount`, and `rules` of `code`, `passed`, `actual`, `limit`."""

    findings: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    """What is hard to believe of it: `code`, `grave`, `actual`, `limit`."""

    started_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    finished_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("mission_id", "number"),
        CheckConstraint("(status = 'RUNNING') = (finished_at IS NULL)", name="finished_unless_running"),
        CheckConstraint("(status = 'RUNNING') = (outcome IS NULL)", name="outcome_unless_running"),
        CheckConstraint("confidence BETWEEN 0 AND 100", name="confidence_of_100"),
    )


class MissionEvidence(Row):
    """What a runner handed in to show that they played the track, and what was decided."""

    __tablename__ = "mission_evidence"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[UUID] = mapped_column(ForeignKey("missions.id"))
    runner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    decision: Mapped[EvidenceDecision | None] = mapped_column(enum_column(EvidenceDecision))
    decision_note: Mapped[str | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_mission_evidence_mission", "mission_id", "submitted_at", "id"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_when_decided"),
        CheckConstraint("decided_by_id <> runner_id", name="decided_by_somebody_else"),
        at_most("note", 2000),
        at_most("decision_note", 2000),
    )


class EvidenceFile(Row):
    """A file of some evidence; an upload shows one thing."""

    __tablename__ = "mission_evidence_files"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("mission_evidence.id"))
    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id"), unique=True)
    filename: Mapped[str]
    content_type: Mapped[str]
    storage_key: Mapped[str]
    position: Mapped[int]
    __table_args__ = (UniqueConstraint("evidence_id", "position"),)


class MissionReview(Row):
    """How it went, in the runner's words, once."""

    __tablename__ = "mission_reviews"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[UUID] = mapped_column(ForeignKey("missions.id"), unique=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    rating: Mapped[int]
    text: Mapped[str | None]
    written_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    __table_args__ = (
        Index("ix_mission_reviews_written", "written_at"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_of_five"),
        at_most("text", 2000),
    )


class MissionProof(Row):
    """The signed document that says what was played. The salt lets those who know the people find them in it."""

    __tablename__ = "mission_proofs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[UUID] = mapped_column(ForeignKey("missions.id"), unique=True)
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("verification_attempts.id"))
    cid: Mapped[str] = mapped_column(unique=True)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    verification_method: Mapped[VerificationMethod] = mapped_column(enum_column(VerificationMethod))
    played_at: Mapped[datetime | None]
    venue_name: Mapped[str | None]
    confidence: Mapped[float | None]
    verified_at: Mapped[datetime]
    pinned_at: Mapped[datetime | None]
    pin_service: Mapped[str | None]
    pin_url: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        Index("ix_mission_proofs_verified", "verified_at", "id"),
        CheckConstraint("octet_length(document) <= 262144", name="one_block"),
    )
