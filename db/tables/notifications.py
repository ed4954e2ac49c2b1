"""News for one person, which news they want, and where to push it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, enum_column
from domain.notifications import DevicePlatform, NotificationKind, SubjectType


class Notification(Row):
    """One piece of news. The same news is told once, however often its job runs."""

    __tablename__ = "notifications"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[NotificationKind] = mapped_column(enum_column(NotificationKind))
    title: Mapped[str]
    body: Mapped[str]
    subject_type: Mapped[SubjectType] = mapped_column(enum_column(SubjectType))
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    read_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("user_id", "kind", "subject_type", "subject_id"),
        Index("ix_notifications_user", "user_id", "created_at", "id"),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at IS NULL")),
    )


class NotificationSettings(Row):
    """Which news somebody wants; a person without a row wants what the defaults say."""

    __tablename__ = "user_notification_settings"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    broadcast_started: Mapped[bool] = mapped_column(server_default=text("true"))
    mission_updates: Mapped[bool] = mapped_column(server_default=text("true"))
    payouts: Mapped[bool] = mapped_column(server_default=text("true"))
    bookings: Mapped[bool] = mapped_column(server_default=text("true"))
    releases: Mapped[bool] = mapped_column(server_default=text("true"))
    marketing: Mapped[bool] = mapped_column(server_default=text("false"))


class PushToken(Row):
    """A device that can be pushed to. Its token is sealed; the hash finds it again when it is registered twice."""

    __tablename__ = "push_notification_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    platform: Mapped[DevicePlatform] = mapped_column(enum_column(DevicePlatform))
    sealed_token: Mapped[bytes] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    registered_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
