"""Proofs of missions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import MissionProof
from domain.ids import new_id
from domain.proofs import Pinned


async def add(session: AsyncSession, mission_id: UUID, **facts: Any) -> UUID | None:
    """Keep the proof of a mission; gives its id, None when the mission has one."""
    statement = (
        insert(MissionProof)
        .values(id=new_id(), mission_id=mission_id, **facts)
        .on_conflict_do_nothing(index_elements=[MissionProof.mission_id])
        .returning(MissionProof.id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def cid_for(session: AsyncSession, mission_id: UUID) -> str | None:
    """The address of a mission's proof; None when it has none."""
    statement = select(MissionProof.cid).where(MissionProof.mission_id == mission_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def find_at(session: AsyncSession, cid: str) -> MissionProof | None:
    """The proof at an address; None when there is none."""
    return (await session.execute(select(MissionProof).where(MissionProof.cid == cid))).scalar_one_or_none()


@dataclass(frozen=True)
class Unpinned:
    """A proof that is kept here alone, and for how many seconds it has been."""

    cid: str
    document: bytes
    seconds: float


async def find_unpinned(session: AsyncSession, proof_id: UUID) -> Unpinned | None:
    """A proof that is to be pinned; None when it is, or is not there."""
    age = func.extract("epoch", func.now() - MissionProof.created_at)
    statement = select(MissionProof.cid, MissionProof.document, age).where(
        MissionProof.id == proof_id, MissionProof.pinned_at.is_(None)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Unpinned(row[0], row[1], float(row[2]))


async def note_pinned(session: AsyncSession, proof_id: UUID, pinned: Pinned) -> bool:
    """Note where a proof is kept besides here; False when that was noted before."""
    statement = (
        update(MissionProof)
        .where(MissionProof.id == proof_id, MissionProof.pinned_at.is_(None))
        .values(pinned_at=func.now(), pin_service=pinned.service, pin_url=pinned.url)
        .returning(MissionProof.id)
    )
    found = await session.execute(statement.execution_options(synchronize_session=False))
    return found.scalar_one_or_none() is not None
