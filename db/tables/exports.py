"""Files made of what somebody may see."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, enum_column
from domain.exports import ExportFailureCode, ExportFormat, ExportKind, ExportStatus


class Export(Row):
    """One file that is made, or was; it is kept for some days."""

    __tablename__ = "exports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[ExportKind] = mapped_column(enum_column(ExportKind))
    format: Mapped[ExportFormat] = mapped_column(enum_column(ExportFormat))
    status: Mapped[ExportStatus] = mapped_column(enum_column(ExportStatus), server_default=ExportStatus.WAITING.value)
    from_day: Mapped[date]
    to_day: Mapped[date]
    progress: Mapped[int] = mapped_column(server_default=text("0"))
    storage_key: Mapped[str | None]
    failure_code: Mapped[ExportFailureCode | None] = mapped_column(enum_column(ExportFailureCode))
    failure_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_exports_user", "user_id", "created_at", "id"),
        Index("ix_exports_expiring", "expires_at", postgresql_where=text("status = 'READY'")),
        Index("ix_exports_open", "created_at", postgresql_where=text("status IN ('WAITING', 'RUNNING')")),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress_of_100"),
        CheckConstraint("(status IN ('READY', 'EXPIRED')) = (storage_key IS NOT NULL)", name="file_when_ready"),
        CheckConstraint("(status = 'FAILED') = (failure_code IS NOT NULL)", name="reason_when_failed"),
        CheckConstraint("from_day <= to_day", name="days_in_order"),
    )
