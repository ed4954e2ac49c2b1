"""Inputs of deeds about missions."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.missions import Place
from domain.tracks import TrackFacts
from resolvers.missions.create import Asked
from schema.missions.enums import EvidenceDecision, FundFrom, VerificationMethod


@strawberry.input(description="What is to be played. The more is known, the surer it is found.")
class TrackRequirementInput:
    """A track that is asked for."""

    title: str = strawberry.field(description="Its title, with the words of its version, such as `Night Drive (Dub)`.")
    artist: str = strawberry.field(description="Who made it; several as they are written on the track.")
    album: str | None = strawberry.field(default=None, description="The album it is on.")
    isrc: str | None = strawberry.field(default=None, description="Its ISRC; hyphens and spaces do not matter.")
    duration_seconds: float | None = strawberry.field(default=None, description="Its length in seconds.")
    bpm: float | None = strawberry.field(default=None, description="Its tempo, 20 to 400 beats a minute.")
    musical_key: str | None = strawberry.field(default=None, description="Its key, such as `D#m`.")

    def facts(self) -> TrackFacts:
        """The same, in the words of the platform."""
        return TrackFacts(**vars(self))


@strawberry.input(description="From one moment to another.")
class DateTimeRangeInput:
    """A range."""

    starts_at: datetime = strawberry.field(description="The first moment.")
    ends_at: datetime = strawberry.field(description="The moment after the last.")


@strawberry.input(description="A place.")
class VenueInput:
    """Where a track is to be played."""

    name: str = strawberry.field(description="What it is called, up to 120 characters.")
    city: str | None = strawberry.field(default=None, description="In which city.")
    latitude: float | None = strawberry.field(default=None, description="Degrees north (WGS 84).")
    longitude: float | None = strawberry.field(default=None, description="Degrees east (WGS 84).")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """An amount."""

    amount: str = strawberry.field(description="The amount, such as `50.00`.")
    currency_code: str = strawberry.field(default="USD", description="Its currency.")


@strawberry.input(description="The mission to write.")
class CreateMissionInput:
    """The input of `createMission`."""

    title: str = strawberry.field(description="What to call it, up to 120 characters.")
    description: str | None = strawberry.field(default=None, description="More about it, up to 2,000 characters.")
    track_requirement: TrackRequirementInput = strawberry.field(description="What is to be played.")
    window: DateTimeRangeInput = strawberry.field(
        description="When it is to be played: it begins later than now, is 31 days long at most and ends within a year."
    )
    venue: VenueInput | None = strawberry.field(default=None, description="Where it is to be played; null: anywhere.")
    budget: MoneyInput = strawberry.field(
        description="What you pay, 5 to 10,000 dollars or about as much in another currency; the platform's fee is part of "
        "it."
    )
    verification_method: VerificationMethod = strawberry.field(
        default=VerificationMethod.AUTOMATED, description="How it is found out whether the track was played."
    )
    auto_verify: bool = strawberry.field(
        default=False,
        description="Whether what verification passes is paid at once. Otherwise you decide within three days, and after "
        "that it is paid by itself.",
    )
    requires_gig: bool = strawberry.field(
        default=True, description="Whether the track has to be part of a set: other tracks before or after it."
    )
    fund_from: FundFrom = strawberry.field(default=FundFrom.CARD, description="Where the money comes from.")
    return_to: str | None = strawberry.field(
        default=None,
        description="Where the browser goes after paying, with `checkout` and `status` in the query. Exactly one of the "
        "addresses that this installation allows; a small page of ours unless given.",
    )
    idempotency_key: str = strawberry.field(
        description="Made up by you: the same key gives the same mission, however often it is sent."
    )

    def asked(self) -> Asked:
        """The same, in the words of the platform."""
        return Asked(
            title=self.title,
            description=self.description,
            track=self.track_requirement.facts(),
            starts_at=self.window.starts_at,
            ends_at=self.window.ends_at,
            venue=None if self.venue is None else Place(**vars(self.venue)),
            amount=self.budget.amount,
            currency=self.budget.currency_code,
            method=self.verification_method,
            auto_verify=self.auto_verify,
            requires_gig=self.requires_gig,
            fund_from=self.fund_from,
            return_to=self.return_to,
            key=self.idempotency_key,
        )


@strawberry.input(description="Which mission to do, and where to be paid.")
class AcceptMissionInput:
    """The input of `acceptMission`."""

    mission_id: strawberry.ID = strawberry.field(description="An open mission of somebody else's.")
    payout_method_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A verified way of yours that carries the mission's currency, by which the money goes on to you; null "
        "leaves it on your balance.",
    )


@strawberry.input(description="Which mission.")
class CancelMissionInput:
    """The input of `cancelMission`."""

    mission_id: strawberry.ID = strawberry.field(description="A mission of yours.")


@strawberry.input(description="Which mission.")
class WithdrawMissionInput:
    """The input of `withdrawMission`."""

    mission_id: strawberry.ID = strawberry.field(description="A mission that you accepted.")


@strawberry.input(description="What shows that the track was played.")
class SubmitMissionEvidenceInput:
    """The input of `submitMissionEvidence`."""

    mission_id: strawberry.ID = strawberry.field(description="A mission that you do.")
    note: str = strawberry.field(description="When and where it was, up to 2,000 characters.")
    upload_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Up to 10 finished uploads with the purpose MISSION_EVIDENCE; at least one where a mission is "
        "MANUAL_WITH_PROOF.",
    )


@strawberry.input(description="Whether the track was played.")
class ReviewMissionEvidenceInput:
    """The input of `reviewMissionEvidence`."""

    mission_id: strawberry.ID = strawberry.field(description="A mission that waits for your decision.")
    decision: EvidenceDecision = strawberry.field(description="Whether it counts.")
    note: str | None = strawberry.field(
        default=None, description="What the DJ reads with it, up to 2,000 characters; needed to reject."
    )


@strawberry.input(description="Why a decision is wrong.")
class AppealMissionDecisionInput:
    """The input of `appealMissionDecision`."""

    mission_id: strawberry.ID = strawberry.field(description="A mission that you do, and whose curator rejected it.")
    note: str = strawberry.field(description="Why the decision is wrong, up to 2,000 characters.")


@strawberry.input(description="How a mission went.")
class RateMissionInput:
    """The input of `rateMission`."""

    mission_id: strawberry.ID = strawberry.field(description="A mission that you did.")
    rating: int = strawberry.field(description="1 to 5, 5 being best.")
    text: str | None = strawberry.field(default=None, description="A few words, up to 2,000 characters.")
