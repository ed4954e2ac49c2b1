"""What DJs hand in to show that they played a track, and what people say of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import EvidenceFile, Mission, MissionEvidence, MissionReview, VerificationAttempt
from domain.missions import EvidenceDecision


async def add(session: AsyncSession, evidence_id: UUID, **facts: Any) -> None:
    """Write some."""
    facts["submitted_at"] = func.clock_timestamp()
    await session.execute(insert(MissionEvidence).values(id=evidence_id, **facts))


async def add_files(session: AsyncSession, files: Sequence[dict[str, Any]]) -> None:
    """Write its files."""
    if files:
        await session.execute(insert(EvidenceFile), list(files))


async def count(session: AsyncSession, mission_id: UUID) -> int:
    """How often some was handed in for a mission."""
    statement = select(func.count()).where(MissionEvidence.mission_id == mission_id)
    return (await session.execute(statement)).scalar_one()


async def decide(
    session: AsyncSession, mission_id: UUID, decision: EvidenceDecision, *, by: UUID, note: str | None
) -> None:
    """Write what was decided about all that waits."""
    statement = (
        update(MissionEvidence)
        .where(MissionEvidence.mission_id == mission_id, MissionEvidence.decision.is_(None))
        .values(decision=decision, decision_note=note, decided_by_id=by, decided_at=func.clock_timestamp())
    )
    await session.execute(statement.execution_options(synchronize_session=False))


async def find_latest_look(session: AsyncSession, mission: Mission) -> VerificationAttempt | None:
    """The latest look at the history of who does a mission now; none before the first."""
    statement = select(VerificationAttempt).where(VerificationAttempt.mission_id == mission.id)
    if mission.accepted_at is not None:
        statement = statement.where(VerificationAttempt.started_at >= mission.accepted_at)
    latest = statement.order_by(VerificationAttempt.number.desc()).limit(1)
    return (await session.execute(latest)).scalar_one_or_none()


async def find_review(session: AsyncSession, mission_id: UUID) -> MissionReview | None:
    """How a mission went, if its DJ said so."""
    return (
        await session.execute(select(MissionReview).where(MissionReview.mission_id == mission_id))
    ).scalar_one_or_none()


async def add_review(session: AsyncSession, review_id: UUID, **facts: Any) -> None:
    """Write how it went."""
    await session.execute(insert(MissionReview).values(id=review_id, **facts))
