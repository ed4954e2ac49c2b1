"""Files on their way in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Upload
from domain.states import UPLOAD_MOVES, sources
from domain.uploads import UNUSED_HOURS, FileFacts, UploadFailureCode, UploadPurpose, UploadStatus


async def add(
    session: AsyncSession,
    *,
    upload_id: UUID,
    user_id: UUID,
    purpose: UploadPurpose,
    file: FileFacts,
    storage_key: str,
    expires_at: datetime,
) -> None:
    """Write the permission to send a file."""
    await session.execute(
        insert(Upload).values(
            id=upload_id,
            user_id=user_id,
            purpose=purpose,
            filename=file.filename,
            content_type=file.content_type,
            byte_size=file.byte_size,
            storage_key=storage_key,
            expires_at=expires_at,
        )
    )


async def find_own(session: AsyncSession, user_id: UUID, upload_ids: Sequence[UUID]) -> dict[UUID, Upload]:
    """Those of the uploads that are this person's, by id."""
    statement = select(Upload).where(Upload.user_id == user_id, Upload.id == func.any(list(upload_ids)))
    return {upload.id: upload for upload in (await session.execute(statement)).scalars()}


async def store(session: AsyncSession, upload_id: UUID, storage_key: str) -> bool:
    """Note that what was sent is fine and lies under a new key, to be used within a day; False when somebody was faster."""
    statement = (
        update(Upload)
        .where(
            Upload.id == upload_id,
            Upload.status.in_(sources(UPLOAD_MOVES, UploadStatus.STORED)),
            Upload.expires_at > func.now(),
        )
        .values(
            status=UploadStatus.STORED, storage_key=storage_key, expires_at=func.now() + timedelta(hours=UNUSED_HOURS)
        )
        .returning(Upload.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def fail(session: AsyncSession, upload_id: UUID, code: UploadFailureCode, message: str) -> None:
    """Note that what was sent cannot be used; nothing happens when somebody was faster."""
    await session.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.status == UploadStatus.WAITING)
        .values(status=UploadStatus.FAILED, failure_code=code.value, failure_message=message)
    )


async def use(session: AsyncSession, user_id: UUID, upload_id: UUID, purpose: UploadPurpose) -> str | None:
    """Use a finished file of somebody for what it was sent for, which only one caller can.

    Returns:
        The key it lies under; None when it cannot be used.
    """
    statement = (
        update(Upload)
        .where(
            Upload.id == upload_id,
            Upload.user_id == user_id,
            Upload.purpose == purpose,
            Upload.status.in_(sources(UPLOAD_MOVES, UploadStatus.USED)),
            Upload.expires_at > func.now(),
        )
        .values(status=UploadStatus.USED)
        .returning(Upload.storage_key)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def expire(session: AsyncSession, limit: int, upload_id: UUID | None = None) -> list[str]:
    """Give up files that never came or were never used, or one of them; at most `limit` at once.

    Returns:
        The keys under which they would lie.
    """
    over = (
        select(Upload.id)
        .where(
            Upload.status.in_(sources(UPLOAD_MOVES, UploadStatus.EXPIRED)),
            Upload.expires_at < func.now(),
            true() if upload_id is None else Upload.id == upload_id,
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
        .subquery()
    )
    statement = (
        update(Upload).where(Upload.id == over.c.id).values(status=UploadStatus.EXPIRED).returning(Upload.storage_key)
    )
    return list((await session.execute(statement)).scalars())
