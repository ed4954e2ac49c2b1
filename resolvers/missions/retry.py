"""Having a runner's history looked at again, and looking without changing anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from db.queries import missions, verification
from db.session import Database, Tx
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, NotFound
from domain.limits import VERIFICATIONS_BY_PERSON
from domain.missions import MissionStatus, VerificationMethod
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
    seen = mission is not None and (
        mission.runner_id == actor.user_id or mission.status is MissionStatus.OPEN and mission.curator_id != actor.user_id
    )
    if mission is None or not seen:
        raise NotFound("There is no such mission.", "missionId")
    await spend(
        services.limiter, f"verifications:{actor.user_id}", VERIFICATIONS_BY_PERSON, "Too many looks. Wait a little."
    )
    return await look(database, mission, actor.user_id)


async def retry(tx: Tx, services: Services, actor: Actor, mission_id: UUID) -> None:
    """Look at the runner's history again at once: they may ask for it, and operators.

    Raises:
        NotFound: There is no such mission, or one may not see it.
        Forbidden: It is somebody else's to do.
        Conflict: Nothing is verified of it now.
        RateLimited: Too often.
    """
    actor.require_person()
    mission = await missions.lock(tx.session, mission_id)
    if mission is None or actor.user_id not in (mission.runner_id, mission.curator_id) and not actor.operates:
        raise NotFound("There is no such mission.", "missionId")
    if actor.user_id != mission.runner_id and not actor.operates:
        raise Forbidden("Only the DJ who does it can have it looked at again.", "missionId")
    if mission.status not in RETRIED or mission.verification_method is not VerificationMethod.AUTOMATED:
        raise Conflict("Nothing is verified of this mission now.", "missionId")
    await spend(
        services.limiter, f"verifications:{actor.user_id}", VERIFICATIONS_BY_PERSON, "Too many looks. Wait a little."
    )
    if mission.status is MissionStatus.VERIFICATION_FAILED:
        await missions.move(tx.session, mission.id, MissionStatus.VERIFYING)
    await verification.forget_next(tx.session, mission.id)
    await schedule(tx, mission, at=datetime.now(UTC))
    if mission.status is MissionStatus.VERIFICATION_FAILED:
        await news.note(
            tx, mission.id, before=mission.status, after=MissionStatus.VERIFYING, by=actor.user_id, reason="RETRIED"
        )
