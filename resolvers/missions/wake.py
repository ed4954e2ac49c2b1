"""Looking at missions at once when their runner's history has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from db.queries import jobs, missions, verification
from db.session import Tx
from db.tables import Mission
from domain.jobs import JobKind
from domain.missions import EVIDENCE_WITHIN, MissionStatus
from domain.verification import AROUND
from resolvers.missions import news
from resolvers.missions.schedule import key_of, schedule


async def find_waiting(tx: Tx, user_id: UUID, since: datetime, until: datetime) -> Sequence[Mission]:
    """Lock the missions of a runner that plays between two moments may prove: their windows, with what is around them.

    Call it before the plays are written: missions are locked before people are.
    """
    now = datetime.now(UTC)
    found = await missions.lock_running(tx.session, user_id, since - AROUND, until + AROUND)
    return [mission for mission in found if mission.window_starts_at <= now]


async def wake(tx: Tx, waiting: Sequence[Mission], *, by: UUID) -> None:
    """Let verification look at locked missions as soon as this is committed.

    One that failed is verified anew, if its window ended less than a week ago: nobody keeps somebody's money held by
    sending files for ever.
    """
    now = datetime.now(UTC)
    for mission in waiting:
        if mission.status is MissionStatus.VERIFICATION_FAILED:
            if now < mission.window_ends_at + EVIDENCE_WITHIN:
                await _verify_anew(tx, mission, now, by=by)
            continue
        found = await jobs.hasten_named(tx.session, JobKind.VERIFY_MISSION, key_of(mission.id, mission.verifications))
        if found is not None:
            tx.ring(found.queue, found.id)
        else:
            # One that looks at this moment may have read the history before this: what it says counts no more.
            await schedule(tx, mission, at=now)


async def _verify_anew(tx: Tx, mission: Mission, now: datetime, *, by: UUID) -> None:
    before, after = mission.status, MissionStatus.VERIFYING
    await missions.move(tx.session, mission.id, after, review_due_at=None)
    await verification.forget_next(tx.session, mission.id)
    await schedule(tx, mission, at=now)
    await news.note(tx, mission.id, before=before, after=after, by=by, reason="HISTORY_CAME")
