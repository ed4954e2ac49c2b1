"""Proofs of missions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import MissionProof


async def find(session: AsyncSession, proof_id: UUID) -> MissionProof | None:
    """One, by its id."""
    return await session.get(MissionProof, proof_id)


async def find_by_cid(session: AsyncSession, cid: str) -> MissionProof | None:
    """One, by its address."""
    return (await session.execute(select(MissionProof).where(MissionProof.cid == cid))).scalar_one_or_none()


async def note_pinned(session: AsyncSession, proof_id: UUID, *, service: str, url: str) -> None:
    """Note that a node keeps it; who noted it first has noted it."""
    await session.execute(
        update(MissionProof)
        .where(MissionProof.id == proof_id, MissionProof.pinned_at.is_(None))
        .values(pinned_at=func.clock_timestamp(), pin_service=service, pin_url=url)
    )
