"""What missions came to, as PostgreSQL views."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row


class MissionPlay(Row):
    """A track that was played for a mission and paid. Where people decided without a history, it is what was asked for."""

    __tablename__ = "mission_plays"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mission_id: Mapped[UUID] = mapped_column(ForeignKey("missions.id"))
    curator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    verified_at: Mapped[datetime]
    played_at: Mapped[datetime | None]
    venue_name: Mapped[str | None]
    confidence: Mapped[float | None]
    title: Mapped[str]
    artist: Mapped[str]
    album: Mapped[str | None]
    isrc: Mapped[str | None]
    duration_seconds: Mapped[float | None]
    bpm: Mapped[float | None]
    musical_key: Mapped[str | None]
    __table_args__ = {"info": {"view": True}}
