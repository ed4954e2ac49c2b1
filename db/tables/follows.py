"""Who follows, blocks and reports whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, at_most, enum_column
from domain.notifications import ReportReason, ReportStatus, SubjectType


class Follow(Row):
    """One person follows another; both carry the counts."""

    __tablename__ = "follows"

    follower_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    followee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    followed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        CheckConstraint("follower_id <> followee_id", name="not_oneself"),
        Index("ix_follows_followers", "followee_id", "followed_at", "follower_id"),
        Index("ix_follows_following", "follower_id", "followed_at", "followee_id"),
    )


class Block(Row):
    """One person wants nothing of another."""

    __tablename__ = "blocks"

    blocker_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        CheckConstraint("blocker_id <> blocked_id", name="not_oneself"),
        Index("ix_blocks_blocked", "blocked_id"),
    )


class ContentReport(Row):
    """Somebody says that something should not be there."""

    __tablename__ = "content_reports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reporter_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    subject_type: Mapped[SubjectType] = mapped_column(enum_column(SubjectType))
    subject_id: Mapped[UUID]
    reason: Mapped[ReportReason] = mapped_column(enum_column(ReportReason))
    details: Mapped[str | None]
    status: Mapped[ReportStatus] = mapped_column(enum_column(ReportStatus), server_default=ReportStatus.OPEN.value)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        Index(
            "uq_content_reports_open",
            "reporter_id",
            "subject_type",
            "subject_id",
            unique=True,
            postgresql_where=text("status = 'OPEN'"),
        ),
        at_most("details", 1000),
    )
