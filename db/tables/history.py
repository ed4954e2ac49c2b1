"""How things that have a status came to where they are."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row


class StatusChange(Row):
    """One move: of what, from where to where, when, by whom and why. Nobody means that the platform did it by itself."""

    __tablename__ = "status_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    __table_args__ = (
        Index("ix_status_changes_subject", "subject_id", "changed_at", "id"),
        Index("ix_status_changes_changed", "changed_at", "id"),
    )
