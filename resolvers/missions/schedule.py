"""Promising that a mission will be verified. Each acceptance and each retry is a promise of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.queries import missions, verification
from db.session import Tx
from db.tables import Mission
from domain.jobs import Job, JobKind
from domain.missions import LIVE_PAUSE, SETTLES_AFTER


async def schedule(tx: Tx, mission: Mission, *, at: datetime) -> None:
    """Promise to look at the runner's history at a moment, in the transaction that gives the reason for it."""
    number = await missions.count_verification(tx.session, mission.id, at)
    payload = {"missionId": str(mission.id), "number": number}
    await tx.later(Job(JobKind.VERIFY_MISSION, key_of(mission.id, number), payload, run_at=at))


async def first_look(tx: Tx, mission: Mission, runner_id: UUID) -> datetime:
    """When to look first: during the set if the runner's software tells while it plays, else when it is packed up."""
    if await verification.tells_live(tx.session, runner_id):
        return max(mission.window_starts_at, datetime.now(UTC)) + LIVE_PAUSE
    return mission.window_ends_at + SETTLES_AFTER


async def close_at(tx: Tx, mission_id: UUID, at: datetime) -> None:
    """Promise to look at a mission when a time for people is over."""
    key = f"{mission_id}:{int(at.timestamp())}"
    await tx.later(Job(JobKind.CLOSE_MISSION, key, {"missionId": str(mission_id)}, run_at=at))


def key_of(mission_id: UUID, number: int) -> str:
    """What the job of one promise is called."""
    return f"{mission_id}:{number}"


def left_until(moment: datetime) -> float:
    """Seconds from now until a moment; 0 when it is past."""
    return max((moment - datetime.now(UTC)) / timedelta(seconds=1), 0.0)
