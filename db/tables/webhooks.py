"""What outside systems sent us: the inbox."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, enum_column
from domain.webhooks import WebhookSource, WebhookStatus


class WebhookEvent(Row):
    """One thing that happened outside, kept once however often it is sent.

    `payload` is exactly what came, and empty when that was long ago.
    """

    __tablename__ = "webhook_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[WebhookSource] = mapped_column(enum_column(WebhookSource))
    external_id: Mapped[str]
    event_type: Mapped[str]
    account_id: Mapped[str | None]
    """On whose account there it happened, if not the platform's own."""

    subject_kind: Mapped[str]
    """What it is about, in the sender's words, and which one."""

    subject_id: Mapped[str]
    status: Mapped[WebhookStatus] = mapped_column(
        enum_column(WebhookStatus), server_default=WebhookStatus.PENDING.value
    )
    payload: Mapped[str]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    processed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_webhook_events_received", "received_at", "id"),
        Index("ix_webhook_events_bodies", "received_at", postgresql_where=text("payload <> ''")),
    )
