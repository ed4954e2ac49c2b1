"""A person decides whether a track was played."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from db.queries import mission_evidence, missions
from db.session import Tx
from db.tables import Mission
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.missions import EVIDENCE_WITHIN, MAX_NOTE, AttemptStatus, EvidenceDecision, MissionStatus
from domain.notifications import NotificationKind
from domain.ports import Services
from domain.texts import clean_text
from resolvers.missions import news
from resolvers.missions.complete import complete
from resolvers.missions.reach import take_seen
from resolvers.missions.schedule import close_at


async def review(
    tx: Tx, services: Services, actor: Actor, mission_id: UUID, *, decision: EvidenceDecision, note: str | None
) -> None:
    """Decide about a mission: its curator, or, once operators were asked, one of them who is no party.

    What is approved is paid at once. After a curator's no the DJ has a week to show more or to appeal; an operator's no
    is the last word, and the money goes back.

    Raises:
        Forbidden: A program asked, or somebody who does not decide about it.
        NotFound: They may not see the mission.
        InvalidInput: It is rejected without a reason.
        Conflict: It waits for nobody's decision, or its money is disputed.
    """
    actor.require_person()
    said = clean_text(note, "note", most=MAX_NOTE, lines=True) if note and note.strip() else None
    mission = await take_seen(tx, actor, mission_id)
    by_operator = _check_standing(mission, actor)
    if mission.status is not MissionStatus.IN_REVIEW:
        raise Conflict("This mission does not wait for a decision.", "missionId")
    if decision is EvidenceDecision.REJECTED and said is None:
        raise InvalidInput("Say why.", "note")
    await mission_evidence.decide(tx.session, mission.id, decision, by=actor.user_id, note=said)
    suffix = "_BY_OPERATOR" if by_operator else ""
    if decision is EvidenceDecision.APPROVED:
        attempt_id, reason = await _seen_by(tx, mission), f"APPROVED{suffix}"
        await complete(tx, services, mission, by=actor.user_id, reason=reason, attempt_id=attempt_id)
        return
    await _reject(tx, actor, mission, said or "", by_operator=by_operator)


def _check_standing(mission: Mission, actor: Actor) -> bool:
    """Whether an operator decides; everybody else who asks does not."""
    party = actor.user_id in (mission.curator_id, mission.runner_id)
    if mission.appealed_at is not None and mission.status is MissionStatus.IN_REVIEW:
        if party or Role.OPERATOR not in actor.roles:
            raise Forbidden("Operators who are no party decide about this.", "missionId")
        return True
    if mission.curator_id != actor.user_id:
        raise Forbidden("Its curator decides about this.", "missionId")
    return False


async def _reject(tx: Tx, actor: Actor, mission: Mission, why: str, *, by_operator: bool) -> None:
    now = datetime.now(UTC)
    due = now if by_operator else now + EVIDENCE_WITHIN
    before, after = mission.status, MissionStatus.VERIFICATION_FAILED
    await missions.move(tx.session, mission.id, after, rejected_at=now, review_due_at=due)
    await close_at(tx, mission.id, due)
    reason = "REJECTED_BY_OPERATOR" if by_operator else "REJECTED"
    await news.note(tx, mission.id, before=before, after=after, by=actor.user_id, reason=reason)
    if mission.runner_id is None or by_operator:
        # What follows at once, that it has expired, is told to both.
        return
    kind, title = NotificationKind.MISSION_FAILED, f"“{mission.title}” was not accepted as played"
    body = f"Show more, or appeal, within a week. They said: {why}"
    await news.tell(tx, mission, mission.runner_id, kind, title=title, body=body[:500])


async def _seen_by(tx: Tx, mission: Mission) -> UUID | None:
    """The latest look at the history, if it saw the track: it goes into the proof."""
    latest = await mission_evidence.find_latest_look(tx.session, mission)
    if latest is None or latest.status not in (AttemptStatus.PASSED, AttemptStatus.NEEDS_REVIEW):
        return None
    return latest.id
