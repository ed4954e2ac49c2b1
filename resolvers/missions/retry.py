"""Having a runner's history looked at again, and looking without changing anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from db.queries import missions, verification
from db.session import Database, Tx
from db.tables import Mission
from domain.accounts import Role
from domain.actors import Actor
from domain.errors import Conflict, NotFound
from domain.limits import VERIFICATIONS_BY_PERSON
from domain.missions import RETRIED_WITHIN, MissionStatus, VerificationMethod
from domain.ports import Services
from domain.verification import Decision
from resolvers.limits import spend
from resolvers.missions import news
from resolvers.missions.look import look
from resolvers.missions.schedule import schedule

RETRIED: Final = frozenset({MissionStatus.VERIFYING, MissionStatus.VERIFICATION_FAILED})


async def preview(database: Database, services: Services, actor: Actor, mission_id: UUID) -> Decision:
    """Say what verification would say of one's own history now. Changes nothing, and asks nobody else.

    Raises:
        NotFound: There is no such mission, or one may not see it.
        RateLimited: Too often.
    """
    async with database.session() as session:
        mission = await missions.find(session, mission_id)
    if mission is None or not _may_preview(mission, actor.user_id):
        raise NotFound("There is no such mission.", "missionId")
    await _take_turn(services, actor)
    return await look(database, mission, actor.user_id)


def _may_preview(mission: Mission, user_id: UUID) -> bool:
    open_to_them = mission.status is MissionStatus.OPEN and mission.curator_id != user_id
    return mission.runner_id == user_id or open_to_them


async def retry(database: Database, services: Services, actor: Actor, mission_id: UUID) -> None:
    """Look at the runner's history again at once: they may ask for it, and operators.

    Raises:
        NotFound: There is no such mission, or it is not theirs.
        Conflict: Nothing is verified of it now, a person has decided about it, or it is too late.
        RateLimited: Too often.
    """
    actor.require_person()
    await _take_turn(services, actor)
    async with database.transaction() as tx:
        mission = await missions.lock(tx.session, mission_id)
        if mission is None or (actor.user_id != mission.runner_id and Role.OPERATOR not in actor.roles):
            raise NotFound("There is no such mission that you do.", "missionId")
        if mission.status not in RETRIED or mission.verification_method is not VerificationMethod.AUTOMATED:
            raise Conflict("Nothing is verified of this mission now.", "missionId")
        _check_time(mission)
        await _look_again(tx, mission, actor)


def _check_time(mission: Mission) -> None:
    now, due = datetime.now(UTC), mission.review_due_at
    if mission.rejected_at is not None:
        raise Conflict("A person has decided about this mission.", "missionId")
    if now >= mission.window_ends_at + RETRIED_WITHIN or (due is not None and now >= due):
        raise Conflict("It is too late for another look.", "missionId")


async def _look_again(tx: Tx, mission: Mission, actor: Actor) -> None:
    before, after = mission.status, MissionStatus.VERIFYING
    if before is not after:
        await missions.move(tx.session, mission.id, after, review_due_at=None)
    await verification.forget_next(tx.session, mission.id)
    await schedule(tx, mission, at=datetime.now(UTC))
    if before is not after:
        await news.note(tx, mission.id, before=before, after=after, by=actor.user_id, reason="RETRIED")
    else:
        await news.show(tx, mission.id)


async def _take_turn(services: Services, actor: Actor) -> None:
    await spend(
        services.limiter, f"verifications:{actor.user_id}", VERIFICATIONS_BY_PERSON, "Too many looks. Wait a little."
    )
