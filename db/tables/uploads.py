"""Files on their way in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, enum_column
from domain.uploads import UploadPurpose, UploadStatus


class Upload(Row):
    """The permission to send one file, and what became of it."""

    __tablename__ = "uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[UploadPurpose] = mapped_column(enum_column(UploadPurpose))
    status: Mapped[UploadStatus] = mapped_column(enum_column(UploadStatus), server_default=UploadStatus.WAITING.value)
    filename: Mapped[str]
    content_type: Mapped[str]
    byte_size: Mapped[int] = mapped_column(BIG)
    storage_key: Mapped[str]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_uploads_expiring", "expires_at", postgresql_where=text("status IN ('WAITING', 'STORED')")),
    )
