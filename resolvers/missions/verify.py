"""Verifying a mission: what the runner's history says, and what follows from it.

The history is fetched and looked through with no transaction open; what it says is written in one transaction with the
end or the next turn of its job. A look during the set that finds nothing is no attempt: there is time.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from db.queries import mission_evidence, missions, verification
from db.session import Database, Tx
from db.tables import Mission
from domain.connections import AccessEnded
from domain.errors import NotConfigured, NotFound, RateLimited, Unavailable
from domain.missions import (
    EVIDENCE_WITHIN,
    LIVE_PAUSE,
    REVIEWED_WITHIN,
    SETTLES_AFTER,
    AttemptStatus,
    MissionStatus,
    VerificationOutcome,
    pause_after,
)
from domain.notifications import NotificationKind
from domain.ports import Services
from domain.verification import Decision, finding_facts, gig_facts
from resolvers.missions import news
from resolvers.missions.complete import complete
from resolvers.missions.look import look
from resolvers.missions.money import is_disputed
from resolvers.missions.schedule import close_at, left_until
from resolvers.plays.pull import pull

WAITING: Final = (MissionStatus.ACCEPTED, MissionStatus.VERIFYING)


@dataclass(frozen=True)
class Seen:
    """What one look saw.

    Attributes:
        mission_id: Of which mission.
        number: Which promise asked for it.
        runner_id: Whose history it was.
        decision: What it says.
        began_at: When the look began.
        silent: Whether a source that may know more did not answer.
    """

    mission_id: UUID
    number: int
    runner_id: UUID
    decision: Decision
    began_at: datetime
    silent: bool


async def see(database: Database, services: Services, payload: Mapping[str, Any]) -> Seen | float | None:
    """Fetch what there is of a runner's history and look through it.

    Returns:
        What was seen; seconds to wait while the window has not opened; None when there is nothing to verify any more.
    """
    mission_id, number = UUID(str(payload["missionId"])), int(payload["number"])
    async with database.session() as session:
        mission = await missions.find(session, mission_id)
    if mission is None or not _waits(mission, number) or mission.runner_id is None:
        return None
    began_at = datetime.now(UTC)
    if began_at < mission.window_starts_at:
        return left_until(mission.window_starts_at + LIVE_PAUSE)
    silent = await _fetch(database, services, mission)
    decision = await look(database, mission, mission.runner_id)
    return Seen(mission_id, number, mission.runner_id, decision, began_at, silent)


async def record(tx: Tx, services: Services, seen: Seen) -> float | None:
    """Write what was seen, and what follows from it.

    Returns:
        Seconds until the next look; None when there is none.
    """
    mission = await missions.lock(tx.session, seen.mission_id)
    if mission is None or not _waits(mission, seen.number) or mission.runner_id != seen.runner_id:
        return None
    passed = seen.decision.status is AttemptStatus.PASSED
    if not passed and seen.began_at < mission.window_ends_at + SETTLES_AFTER:
        # The set goes on, or is being packed up: the first look that counts comes after that.
        return min(LIVE_PAUSE.total_seconds(), left_until(mission.window_ends_at + SETTLES_AFTER) + 1)
    early = None if passed else await _early(tx, mission, seen)
    if early is not None:
        return early
    tried = await verification.count_attempts(tx.session, mission.id, mission.accepted_at) + 1
    pause = pause_after(tried, random.random())  # noqa: S311 -- it only spreads
    again = None if pause is None or seen.decision.status is not AttemptStatus.FAILED else pause
    attempt_id = await _write(tx, mission, seen, None if again is None else datetime.now(UTC) + again)
    # While the money is disputed nobody is paid: it waits like what a curator is to decide.
    if passed and mission.auto_verify and not await is_disputed(tx, mission):
        await complete(tx, services, mission, by=None, reason="VERIFIED", attempt_id=attempt_id)
    elif seen.decision.status is not AttemptStatus.FAILED:
        await _ask_curator(tx, mission)
    elif again is None:
        await _give_up(tx, mission, seen.decision.outcome)
    else:
        await _go_on(tx, mission)
        return again.total_seconds()
    return None


async def _early(tx: Tx, mission: Mission, seen: Seen) -> float | None:
    """Seconds until the next look that counts, when news of the history had this one come before its time, in vain."""
    last = await mission_evidence.find_latest_look(tx.session, mission)
    if seen.decision.status is not AttemptStatus.FAILED or last is None or last.next_attempt_at is None:
        return None
    return left_until(last.next_attempt_at) or None


def _waits(mission: Mission, number: int) -> bool:
    return mission.status in WAITING and mission.verifications == number


async def _fetch(database: Database, services: Services, mission: Mission) -> bool:
    """Read the runner's account, if they have one that tells; gives whether it was silent."""
    try:
        await pull(database, services, mission)
    except (Unavailable, RateLimited):
        return True
    except (AccessEnded, NotFound, NotConfigured):
        # They disconnected it, or have to connect it again and know so: what came by other ways is looked at.
        return False
    return False


async def _write(tx: Tx, mission: Mission, seen: Seen, next_at: datetime | None) -> UUID:
    decision = seen.decision
    outcome = decision.outcome
    if seen.silent and decision.status is AttemptStatus.FAILED:
        outcome = VerificationOutcome.SOURCE_SILENT
    points = decision.score
    return await verification.add_attempt(
        tx.session,
        mission.id,
        decision.status,
        outcome=outcome,
        started_at=seen.began_at,
        next_attempt_at=next_at,
        play_id=decision.told and decision.told.id,
        confidence=None if decision.confidence is None else float(decision.confidence),
        title_points=points and points.title,
        artist_points=points and points.artist,
        isrc_points=points and points.isrc,
        duration_points=points and points.duration,
        total_points=points and points.total,
        available_points=points and points.available,
        venue_match=decision.venue,
        gig=gig_facts(decision.gig),
        findings=finding_facts(decision.findings),
    )


async def _go_on(tx: Tx, mission: Mission) -> None:
    if mission.status is MissionStatus.ACCEPTED:
        before, after = mission.status, MissionStatus.VERIFYING
        await missions.move(tx.session, mission.id, after)
        await news.note(tx, mission.id, before=before, after=after, by=None, reason="WINDOW_ENDED")
    else:
        await news.show(tx, mission.id)


async def _ask_curator(tx: Tx, mission: Mission) -> None:
    due = datetime.now(UTC) + REVIEWED_WITHIN
    before, after = mission.status, MissionStatus.IN_REVIEW
    await missions.move(tx.session, mission.id, after, review_due_at=due)
    await close_at(tx, mission.id, due)
    await news.note(tx, mission.id, before=before, after=after, by=None, reason="VERIFIED")
    await news.tell(
        tx,
        mission,
        mission.curator_id,
        NotificationKind.MISSION_TO_REVIEW,
        title=f"“{mission.title}” waits for you",
        body="The track was found in the DJ's history. Say whether it counts.",
    )


async def _give_up(tx: Tx, mission: Mission, outcome: VerificationOutcome) -> None:
    assert mission.runner_id is not None
    if mission.status is MissionStatus.ACCEPTED:
        await _go_on(tx, mission)
    due = datetime.now(UTC) + EVIDENCE_WITHIN
    after = MissionStatus.VERIFICATION_FAILED
    await missions.move(tx.session, mission.id, after, review_due_at=due)
    await close_at(tx, mission.id, due)
    await news.note(tx, mission.id, before=MissionStatus.VERIFYING, after=after, by=None, reason=outcome.value)
    told = {
        mission.runner_id: "Hand in evidence within a week, or it expires.",
        mission.curator_id: "The DJ may still hand in evidence.",
    }
    title, kind = f"“{mission.title}” was not verified", NotificationKind.MISSION_FAILED
    for person_id in sorted(told):
        await news.tell(tx, mission, person_id, kind, title=title, body=told[person_id])
