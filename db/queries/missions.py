"""Missions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import missions as access
from db.access.viewer import VIEWER
from db.tables import Mission, User
from domain.accounts import Role
from domain.missions import ENDED, MissionStatus, VerificationMethod
from domain.states import MISSION_MOVES, sources


async def add(session: AsyncSession, mission_id: UUID, **facts: Any) -> None:
    """Write one."""
    await session.execute(insert(Mission).values(id=mission_id, **facts))


async def find(session: AsyncSession, mission_id: UUID) -> Mission | None:
    """One, as it stands."""
    statement = select(Mission).where(Mission.id == mission_id).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def lock(session: AsyncSession, mission_id: UUID) -> Mission | None:
    """One that stays as it is until the commit."""
    statement = (
        select(Mission).where(Mission.id == mission_id).with_for_update().execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def move(session: AsyncSession, mission_id: UUID, to: MissionStatus, **facts: Any) -> Mission | None:
    """Bring a mission to another state; None when that cannot follow from where it is."""
    if to is MissionStatus.COMPLETED:
        facts["completed_at"] = func.clock_timestamp()
    if to in ENDED:
        facts["ended_at"] = func.clock_timestamp()
    statement = (
        update(Mission)
        .where(Mission.id == mission_id, Mission.status.in_(sources(MISSION_MOVES, to)))
        .values(status=to, **facts)
        .returning(Mission)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def change(session: AsyncSession, mission_id: UUID, **facts: Any) -> None:
    """Write facts that are no move."""
    await session.execute(update(Mission).where(Mission.id == mission_id).values(**facts))


async def count_verification(session: AsyncSession, mission_id: UUID, at: datetime) -> int:
    """Note that a mission's verification was promised once more, for a moment; gives how often that is now."""
    statement = (
        update(Mission)
        .where(Mission.id == mission_id)
        .values(verifications=Mission.verifications + 1, verification_scheduled_at=at)
        .returning(Mission.verifications)
    )
    return (await session.execute(statement)).scalar_one()


async def lock_running(session: AsyncSession, runner_id: UUID, since: datetime, until: datetime) -> Sequence[Mission]:
    """What a runner is at, or failed to show, with windows that lie between two moments in part; they stay as they are."""
    statement = (
        select(Mission)
        .where(
            Mission.runner_id == runner_id,
            Mission.status.in_((MissionStatus.ACCEPTED, MissionStatus.VERIFYING, MissionStatus.VERIFICATION_FAILED)),
            Mission.verification_method == VerificationMethod.AUTOMATED,
            Mission.window_starts_at < until,
            Mission.window_ends_at > since,
        )
        .order_by(Mission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(statement)).scalars().all()


async def is_seen(session: AsyncSession, mission_id: UUID, viewer_id: UUID, *, operates: bool) -> bool:
    """Whether a mission is there for somebody."""
    seen = select(Mission.id).where(Mission.id == mission_id, access.mission(Mission, VIEWER))
    roles = [Role.OPERATOR.value] if operates else []
    found = await session.execute(seen, {"viewer": viewer_id, "viewer_roles": roles})
    return found.scalar_one_or_none() is not None


async def list_operators(session: AsyncSession, *, but: Sequence[UUID | None], most: int = 50) -> Sequence[UUID]:
    """Those who run the platform, without some, at most so many."""
    statement = (
        select(User.id)
        .where(
            literal(Role.OPERATOR.value) == func.any(User.roles),
            ~User.suspended,
            User.deleted_at.is_(None),
            User.id.not_in([each for each in but if each is not None]),
        )
        .order_by(User.id)
        .limit(most)
    )
    return (await session.execute(statement)).scalars().all()
