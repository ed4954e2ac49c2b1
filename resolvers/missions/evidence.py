"""A DJ shows that they played a track, or has a decision looked at anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from db.queries import mission_evidence, missions, uploads
from db.session import Tx
from db.tables import Mission
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ids import new_id
from domain.missions import (
    MAX_EVIDENCE_FILES,
    MAX_EVIDENCES,
    MAX_NOTE,
    REVIEWED_WITHIN,
    MissionStatus,
    VerificationMethod,
)
from domain.notifications import NotificationKind
from domain.texts import clean_text
from domain.uploads import UploadPurpose
from resolvers.missions import news
from resolvers.missions.reach import take_seen
from resolvers.missions.schedule import close_at


async def submit(tx: Tx, actor: Actor, mission_id: UUID, note: str, upload_ids: Sequence[UUID]) -> UUID:
    """Hand evidence in; the curator decides about it.

    It is taken from the beginning of the window to a week after its end where people decide, and for a week after
    verification failed.

    Returns:
        The evidence's id.

    Raises:
        Forbidden: A program asked, or somebody who does not do the mission.
        NotFound: They may not see the mission.
        InvalidInput: There is nothing to see, a file is missing where one is wanted, or one cannot be used.
        Conflict: It is too early or too late, or was handed in too often.
    """
    actor.require_person()
    said = clean_text(note, "note", most=MAX_NOTE, lines=True)
    if len(upload_ids) > MAX_EVIDENCE_FILES or len(set(upload_ids)) < len(upload_ids):
        raise InvalidInput(f"Hand in up to {MAX_EVIDENCE_FILES} files, each once.", "uploadIds")
    mission = await take_seen(tx, actor, mission_id)
    _require_runner(mission, actor)
    now = datetime.now(UTC)
    await _check(tx, mission, now)
    if mission.verification_method is VerificationMethod.MANUAL_WITH_PROOF and not upload_ids:
        raise InvalidInput("This mission wants a file that shows it.", "uploadIds")
    evidence_id = new_id()
    await mission_evidence.add(tx.session, evidence_id, mission_id=mission.id, runner_id=actor.user_id, note=said)
    await _use(tx, actor, evidence_id, upload_ids)
    before, due = mission.status, now + REVIEWED_WITHIN
    await missions.move(tx.session, mission.id, MissionStatus.IN_REVIEW, review_due_at=due)
    await close_at(tx, mission.id, due)
    await news.note(
        tx, mission.id, before=before, after=MissionStatus.IN_REVIEW, by=actor.user_id, reason="EVIDENCE_SUBMITTED"
    )
    kind, title = NotificationKind.MISSION_TO_REVIEW, f"“{mission.title}” waits for you"
    await news.tell(
        tx, mission, mission.curator_id, kind, title=title, body="The DJ handed in evidence. Say if it counts."
    )
    return evidence_id


def _require_runner(mission: Mission, actor: Actor) -> None:
    if mission.runner_id != actor.user_id:
        raise Forbidden("Only the DJ who does it can do that.", "missionId")


async def _check(tx: Tx, mission: Mission, now: datetime) -> None:
    by_hand = mission.verification_method is not VerificationMethod.AUTOMATED
    if mission.status is MissionStatus.ACCEPTED and by_hand:
        if now < mission.window_starts_at:
            raise Conflict("Its window has not begun.", "missionId")
    elif mission.status is not MissionStatus.VERIFICATION_FAILED:
        raise Conflict("This mission takes no evidence now.", "missionId")
    if mission.review_due_at is None or now >= mission.review_due_at:
        raise Conflict("The time for evidence is over.", "missionId")
    if await mission_evidence.count(tx.session, mission.id) >= MAX_EVIDENCES:
        raise Conflict(f"Evidence is taken {MAX_EVIDENCES} times at most.", "missionId")


async def _use(tx: Tx, actor: Actor, evidence_id: UUID, upload_ids: Sequence[UUID]) -> None:
    """Make finished uploads the files of evidence."""
    own = await uploads.find_own(tx.session, actor.user_id, upload_ids)
    files: list[dict[str, Any]] = []
    for position, upload_id in enumerate(upload_ids):
        key = await uploads.use(tx.session, actor.user_id, upload_id, UploadPurpose.MISSION_EVIDENCE)
        if key is None:
            raise InvalidInput("This is no finished upload of yours for evidence.", "uploadIds", str(position))
        upload = own[upload_id]
        files.append(
            {
                "id": new_id(),
                "evidence_id": evidence_id,
                "upload_id": upload_id,
                "filename": upload.filename,
                "content_type": upload.content_type,
                "storage_key": key,
                "position": position,
            }
        )
    await mission_evidence.add_files(tx.session, files)


async def appeal(tx: Tx, actor: Actor, mission_id: UUID, note: str) -> None:
    """Have operators decide anew what a curator rejected; once, and their word is the last.

    Raises:
        Forbidden: A program asked, or somebody who does not do the mission.
        NotFound: They may not see the mission.
        InvalidInput: They give no reason.
        Conflict: No person rejected anything, it was appealed before, or it is too late.
    """
    actor.require_person()
    said = clean_text(note, "note", most=MAX_NOTE, lines=True)
    mission = await take_seen(tx, actor, mission_id)
    _require_runner(mission, actor)
    now = datetime.now(UTC)
    if mission.status is not MissionStatus.VERIFICATION_FAILED or mission.rejected_at is None:
        raise Conflict("There is no decision to appeal.", "missionId")
    if mission.appealed_at is not None or mission.review_due_at is None or now >= mission.review_due_at:
        raise Conflict("It was appealed before, or it is too late.", "missionId")
    await mission_evidence.add(tx.session, new_id(), mission_id=mission.id, runner_id=actor.user_id, note=said)
    await missions.move(tx.session, mission.id, MissionStatus.IN_REVIEW, appealed_at=now, review_due_at=None)
    before, after = MissionStatus.VERIFICATION_FAILED, MissionStatus.IN_REVIEW
    await news.note(tx, mission.id, before=before, after=after, by=actor.user_id, reason="APPEALED")
    await ask_operators(tx, mission, "Its DJ appeals.")


async def ask_operators(tx: Tx, mission: Mission, why: str) -> None:
    """Tell operators who are no party that a mission waits for them."""
    operators = await missions.list_operators(tx.session, but=[mission.curator_id, mission.runner_id])
    kind, title = NotificationKind.MISSION_TO_REVIEW, f"“{mission.title}” waits for an operator"
    await news.tell_each(tx, mission, kind, title=title, told=dict.fromkeys(operators, why))
