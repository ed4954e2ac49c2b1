"""Writing down how a status changed."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import StatusChange
from domain.ids import new_id


async def note(
    session: AsyncSession,
    subject: tuple[str, UUID],
    *,
    before: StrEnum | None,
    after: StrEnum,
    by: UUID | None,
    reason: str,
) -> None:
    """Write a move down, in the transaction that makes it.

    Args:
        session: That transaction's.
        subject: The type's name in the schema, and the row's id.
        before: Where it stood; None for something new.
        after: Where it stands now.
        by: Who did it; None for the platform itself.
        reason: Why, in a word.
    """
    kind, key = subject
    await session.execute(
        insert(StatusChange).values(
            id=new_id(),
            subject_type=kind,
            subject_id=key,
            from_status=before.value if before else None,
            to_status=after.value,
            changed_by_id=by,
            reason=reason,
        )
    )
