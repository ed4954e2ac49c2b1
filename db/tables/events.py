"""What happened, in order: one log for each room, each person and the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, enum_column
from domain.events import EventKind


class Topic(Row):
    """The head of a log. Its row lock makes sequences gapless and puts them in the order of commits."""

    __tablename__ = "topics"

    name: Mapped[str] = mapped_column(primary_key=True)
    head: Mapped[int] = mapped_column(BIG)


class EventRow(Row):
    """One event of a log; kept for 7 days."""

    __tablename__ = "events"

    topic: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BIG, primary_key=True)
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind))
    data: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    __table_args__ = (Index("ix_events_occurred", "occurred_at"),)
