"""Looking at a runner's history, and writing down what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import (
    Companion,
    ConnectedAccount,
    EvidenceFile,
    MissionEvidence,
    PlayImport,
    PlayRow,
    VerificationAttempt,
)
from domain.connections import AccountProvider, AccountStatus
from domain.ids import new_id
from domain.missions import AttemptStatus

MOST_PLAYS = 5_000
"""More than anybody plays within the longest window and what is around it."""


async def tells_live(session: AsyncSession, user_id: UUID) -> bool:
    """Whether somebody's history comes here while they play: by a connected account, or by a companion."""
    account = exists().where(
        ConnectedAccount.user_id == user_id,
        ConnectedAccount.provider == AccountProvider.SERATO,
        ConnectedAccount.status == AccountStatus.CONNECTED,
    )
    companion = exists().where(
        Companion.user_id == user_id, Companion.paired_at.is_not(None), Companion.revoked_at.is_(None)
    )
    return bool(await session.scalar(select(or_(account, companion))))


async def read_plays(session: AsyncSession, user_id: UUID, since: datetime, until: datetime) -> Sequence[PlayRow]:
    """What somebody played from one moment to another, in that order; the latest when there is too much of it."""
    statement = (
        select(PlayRow)
        .where(PlayRow.user_id == user_id, PlayRow.played_at >= since, PlayRow.played_at < until)
        .order_by(PlayRow.played_at.desc(), PlayRow.id.desc())
        .limit(MOST_PLAYS)
    )
    return (await session.execute(statement)).scalars().all()[::-1]


async def read_elsewhere(session: AsyncSession, user_id: UUID, since: datetime, until: datetime) -> Sequence[PlayRow]:
    """What other people played in the same hours."""
    statement = (
        select(PlayRow)
        .where(PlayRow.user_id != user_id, PlayRow.played_at >= since, PlayRow.played_at < until)
        .order_by(PlayRow.played_at, PlayRow.id)
        .limit(MOST_PLAYS)
    )
    return (await session.execute(statement)).scalars().all()


async def count_attempts(session: AsyncSession, mission_id: UUID, since: datetime | None) -> int:
    """How many looks a mission had since a moment."""
    statement = select(func.count()).where(VerificationAttempt.mission_id == mission_id)
    if since is not None:
        statement = statement.where(VerificationAttempt.started_at >= since)
    return (await session.execute(statement)).scalar_one()


async def add_attempt(session: AsyncSession, mission_id: UUID, status: AttemptStatus, **facts: Any) -> UUID:
    """Write a look that has ended; gives its id. The mission's row is locked: its attempts are numbered in order."""
    attempt_id = new_id()
    last = select(func.coalesce(func.max(VerificationAttempt.number), 0)).where(
        VerificationAttempt.mission_id == mission_id
    )
    await session.execute(
        insert(VerificationAttempt).values(
            id=attempt_id,
            mission_id=mission_id,
            number=last.scalar_subquery() + 1,
            status=status,
            finished_at=func.clock_timestamp(),
            **facts,
        )
    )
    return attempt_id


async def find_attempt(session: AsyncSession, attempt_id: UUID) -> VerificationAttempt | None:
    """One look."""
    return await session.get(VerificationAttempt, attempt_id)


async def find_play(session: AsyncSession, play_id: UUID) -> PlayRow | None:
    """One play."""
    return await session.get(PlayRow, play_id)


async def forget_next(session: AsyncSession, mission_id: UUID) -> None:
    """No look follows the last one any more."""
    await session.execute(
        update(VerificationAttempt)
        .where(VerificationAttempt.mission_id == mission_id, VerificationAttempt.next_attempt_at.is_not(None))
        .values(next_attempt_at=None)
    )


async def find_import_hash(session: AsyncSession, import_id: UUID) -> bytes | None:
    """The SHA-256 of a history file."""
    return (await session.execute(select(PlayImport.sha256).where(PlayImport.id == import_id))).scalar_one_or_none()


async def list_evidence(session: AsyncSession, mission_id: UUID) -> list[list[str]]:
    """What was handed in for a mission: each note and the names under which its files are kept, in order."""
    statement = (
        select(MissionEvidence.note, EvidenceFile.storage_key)
        .outerjoin(EvidenceFile, EvidenceFile.evidence_id == MissionEvidence.id)
        .where(MissionEvidence.mission_id == mission_id)
        .order_by(MissionEvidence.submitted_at, MissionEvidence.id, EvidenceFile.position)
    )
    return [[note, key or ""] for note, key in (await session.execute(statement)).all()]
