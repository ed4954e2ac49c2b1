"""A mission's clock: what happens when nobody paid, accepted, showed or decided anything in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from db.queries import mission_evidence, missions
from db.session import Tx
from db.tables import Mission
from domain.missions import AttemptStatus, MissionStatus, VerificationMethod
from domain.ports import Services
from resolvers.missions import news
from resolvers.missions.cancel import end
from resolvers.missions.complete import complete
from resolvers.missions.evidence import ask_operators
from resolvers.missions.money import is_disputed, take
from resolvers.missions.schedule import left_until

EARLY: Final = timedelta(minutes=1)
"""A clock that is so far behind the database's asks again. What is due later has a promise of its own."""

DISPUTED_SECONDS: Final = 24 * 60 * 60.0
"""How soon to look again at money that nobody may be paid of now."""

REASONS: Final = {
    MissionStatus.DRAFT: "NOT_PAID",
    MissionStatus.OPEN: "NOT_ACCEPTED",
    MissionStatus.ACCEPTED: "NO_EVIDENCE",
    MissionStatus.VERIFICATION_FAILED: "NOT_VERIFIED",
}


async def close(tx: Tx, services: Services, mission_id: UUID) -> float | None:
    """Do what a mission's clock asks for, if its time has come.

    Without money, a DJ or evidence it expires, and the money goes back. What the history showed and nobody decided about
    is approved by itself; about everything else operators are asked.

    Returns:
        Seconds until it is to be looked at again; None when there is nothing to do now.
    """
    taken = await take(tx, mission_id)
    if taken is None:
        return None
    mission = taken.mission
    due, now = due_of(mission), datetime.now(UTC)
    if due is None or now < due:
        return None if due is None or due - now > EARLY else left_until(due)
    if mission.status is not MissionStatus.IN_REVIEW:
        await end(tx, taken, MissionStatus.EXPIRED, by=None, reason=REASONS[mission.status])
        return None
    if await is_disputed(tx, mission):
        return DISPUTED_SECONDS
    latest = await mission_evidence.find_latest_look(tx.session, mission)
    if latest is not None and latest.status is AttemptStatus.PASSED and mission.rejected_at is None:
        await complete(tx, services, mission, by=None, reason="NOT_DECIDED", attempt_id=latest.id)
    else:
        await missions.change(tx.session, mission.id, appealed_at=now, review_due_at=None)
        await news.show(tx, mission.id)
        await ask_operators(tx, mission, "Its curator did not decide in time.")
    return None


def due_of(mission: Mission) -> datetime | None:
    """When something happens to a mission by itself; None while it waits for nothing, or for what is not a clock's."""
    match mission.status:
        case MissionStatus.DRAFT | MissionStatus.OPEN:
            return mission.window_ends_at
        case MissionStatus.ACCEPTED if mission.verification_method is VerificationMethod.AUTOMATED:
            return None
        case MissionStatus.ACCEPTED | MissionStatus.IN_REVIEW | MissionStatus.VERIFICATION_FAILED:
            return mission.review_due_at
        case _:
            return None
