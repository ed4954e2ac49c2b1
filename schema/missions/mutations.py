"""Deeds about missions."""

from __future__ import annotations

from uuid import UUID

import strawberry

from domain.ids import Prefix, from_wire
from engine.executor import ref
from resolvers.missions import accept, cancel, create, evidence, rate, review
from schema.context import Info
from schema.deeds import Payload, deed
from schema.missions.inputs import (
    AcceptMissionInput,
    AppealMissionDecisionInput,
    CancelMissionInput,
    CreateMissionInput,
    RateMissionInput,
    ReviewMissionEvidenceInput,
    SubmitMissionEvidenceInput,
    WithdrawMissionInput,
)
from schema.missions.types import Mission, MissionReview


@strawberry.type(description="The answer to `createMission`.")
class CreateMissionPayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(
        default=None,
        description="The mission. By card it is a draft: open the page of its checkout; while that is OPENING, ask again.",
    )


@strawberry.type(description="The answer to `acceptMission`.")
class AcceptMissionPayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(default=None, description="The mission, which is yours to do now.")


@strawberry.type(description="The answer to `cancelMission`.")
class CancelMissionPayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(default=None, description="The mission, which is called off.")


@strawberry.type(description="The answer to `withdrawMission`.")
class WithdrawMissionPayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(default=None, description="The mission, which is open to others again.")


@strawberry.type(description="The answer to `submitMissionEvidence`.")
class SubmitMissionEvidencePayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(
        default=None, description="The mission, which its curator decides about."
    )


@strawberry.type(description="The answer to `reviewMissionEvidence`.")
class ReviewMissionEvidencePayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(default=None, description="The mission, decided about.")


@strawberry.type(description="The answer to `appealMissionDecision`.")
class AppealMissionDecisionPayload(Payload):
    """The mission."""

    mission: Mission | None = strawberry.field(default=None, description="The mission, which operators decide about.")


@strawberry.type(description="The answer to `rateMission`.")
class RateMissionPayload(Payload):
    """The review."""

    review: MissionReview | None = strawberry.field(default=None, description="What you said.")


def mission_named(wire: str) -> UUID:
    """The id of the mission that an input names."""
    return from_wire(Prefix.MISSION, wire, "missionId")


@strawberry.type
class MissionMutations:
    """Deeds about missions. Only a person can do them, not a program."""

    @deed(
        "Ask DJs to play a track, and put the money for it aside: all at once from your balance, or by card at the "
        "mission's checkout. The platform's fee stays what it is when the mission is written."
    )
    async def create_mission(self, info: Info, input: CreateMissionInput) -> CreateMissionPayload:
        """Write a mission."""
        actor, context = info.context.signed_in, info.context
        mission_id = await create.create(context.database, context.services, actor, input.asked())
        return CreateMissionPayload(mission=ref(Mission, mission_id))

    @deed(
        "Take an open mission on. Of two at once one does, and the other is told CONFLICT. When your history is looked at "
        "is in `verificationScheduledAt`: during the set where your software tells while you play, else after the window."
    )
    async def accept_mission(self, info: Info, input: AcceptMissionInput) -> AcceptMissionPayload:
        """Accept."""
        actor, services, method_id = info.context.signed_in, info.context.services, None
        mission_id = mission_named(input.mission_id)
        if input.payout_method_id is not None:
            method_id = from_wire(Prefix.PAYOUT_METHOD, input.payout_method_id, "payoutMethodId")
        async with info.context.transaction() as tx:
            await accept.accept(tx, services, actor, mission_id, method_id)
        return AcceptMissionPayload(mission=ref(Mission, mission_id))

    @deed(
        "Call a mission of yours off: while no DJ does it, or before its window begins. All of its money goes back, to your "
        "balance at once and to a card in some days. Twice changes nothing."
    )
    async def cancel_mission(self, info: Info, input: CancelMissionInput) -> CancelMissionPayload:
        """Cancel."""
        actor, context, mission_id = info.context.signed_in, info.context, mission_named(input.mission_id)
        await cancel.cancel(context.database, context.services, actor, mission_id)
        return CancelMissionPayload(mission=ref(Mission, mission_id))

    @deed("Give a mission back that you accepted, before its window ends. It is open to others again.")
    async def withdraw_mission(self, info: Info, input: WithdrawMissionInput) -> WithdrawMissionPayload:
        """Withdraw."""
        actor, mission_id = info.context.signed_in, mission_named(input.mission_id)
        async with info.context.transaction() as tx:
            await accept.withdraw(tx, actor, mission_id)
        return WithdrawMissionPayload(mission=ref(Mission, mission_id))

    @deed(
        "Show that you played the track: where people decide, from the beginning of the window to a week after its end; "
        "otherwise for a week after verification failed. The curator has three days to decide."
    )
    async def submit_mission_evidence(
        self, info: Info, input: SubmitMissionEvidenceInput
    ) -> SubmitMissionEvidencePayload:
        """Hand in evidence."""
        actor, mission_id = info.context.signed_in, mission_named(input.mission_id)
        given = enumerate(input.upload_ids or [])
        upload_ids = [from_wire(Prefix.UPLOAD, each, "uploadIds", str(place)) for place, each in given]
        async with info.context.transaction() as tx:
            await evidence.submit(tx, actor, mission_id, input.note, upload_ids)
        return SubmitMissionEvidencePayload(mission=ref(Mission, mission_id))

    @deed(
        "Decide whether the track of a mission was played. What you approve is paid at once. After a curator's no the DJ "
        "may show more or appeal; what was appealed, or not decided in time, operators decide for good."
    )
    async def review_mission_evidence(
        self, info: Info, input: ReviewMissionEvidenceInput
    ) -> ReviewMissionEvidencePayload:
        """Decide."""
        actor, services = info.context.signed_in, info.context.services
        mission_id = mission_named(input.mission_id)
        async with info.context.transaction() as tx:
            await review.review(tx, services, actor, mission_id, decision=input.decision, note=input.note)
        return ReviewMissionEvidencePayload(mission=ref(Mission, mission_id))

    @deed("Have operators decide anew what a curator rejected: once, within a week.")
    async def appeal_mission_decision(
        self, info: Info, input: AppealMissionDecisionInput
    ) -> AppealMissionDecisionPayload:
        """Appeal."""
        actor, mission_id = info.context.signed_in, mission_named(input.mission_id)
        async with info.context.transaction() as tx:
            await evidence.appeal(tx, actor, mission_id, input.note)
        return AppealMissionDecisionPayload(mission=ref(Mission, mission_id))

    @deed("Say how a mission went, once, when it is done or failed.")
    async def rate_mission(self, info: Info, input: RateMissionInput) -> RateMissionPayload:
        """Rate."""
        actor, mission_id = info.context.signed_in, mission_named(input.mission_id)
        async with info.context.transaction() as tx:
            review_id = await rate.rate(tx, actor, mission_id, input.rating, input.text)
        return RateMissionPayload(review=ref(MissionReview, review_id))
