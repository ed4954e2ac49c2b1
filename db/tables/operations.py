"""What the people who run the platform did."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, enum_column
from domain.operations import AuditAction


class OperatorDeed(Row):
    """A deed that changes no status: triggers refuse to change or remove it. Nobody means who has the server's command line."""

    __tablename__ = "operator_deeds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    action: Mapped[AuditAction] = mapped_column(enum_column(AuditAction))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    detail: Mapped[str]
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    __table_args__ = (Index("ix_operator_deeds_occurred", "occurred_at", "id"),)


class AuditEntry(Row):
    """The audit log: a view over operators' deeds, moves of status, and entries that were made by hand."""

    __tablename__ = "audit_log"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    action: Mapped[AuditAction] = mapped_column(enum_column(AuditAction))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    detail: Mapped[str]
    occurred_at: Mapped[datetime]
    __table_args__ = {"info": {"view": True}}
