"""Live rooms, what they play, and who is in them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from db.tables.row import Row, at_most, enum_column
from domain.broadcasts import BroadcastStatus, EndReason, TrackSource


class Broadcast(Row):
    """A live room. A curator has one at a time: the partial unique index is the law, whatever the code thinks."""

    __tablename__ = "broadcasts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    curator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[BroadcastStatus] = mapped_column(enum_column(BroadcastStatus))
    genre_tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[EndReason | None] = mapped_column(enum_column(EndReason))
    last_heartbeat_at: Mapped[datetime]
    ends_without_heartbeat_at: Mapped[datetime]
    chat_interval_seconds: Mapped[int]
    now_playing_from: Mapped[TrackSource | None] = mapped_column(enum_column(TrackSource))
    """What the curator chose; NULL is their connected player, when there is one."""

    listener_count: Mapped[int] = mapped_column(server_default=text("0"))
    peak_listener_count: Mapped[int] = mapped_column(server_default=text("0"))
    total_listener_count: Mapped[int] = mapped_column(server_default=text("0"))
    __table_args__ = (
        Index("uq_broadcasts_live_curator", "curator_id", unique=True, postgresql_where=text("status = 'LIVE'")),
        Index("ix_broadcasts_curator", "curator_id", "started_at", "id"),
        Index("ix_broadcasts_live", "started_at", "id", postgresql_where=text("status = 'LIVE'")),
        Index("ix_broadcasts_busiest", "listener_count", "id", postgresql_where=text("status = 'LIVE'")),
        CheckConstraint("(status = 'ENDED') = (ended_at IS NOT NULL)", name="ended_when_ended"),
        CheckConstraint("listener_count >= 0", name="listeners_not_negative"),
        at_most("title", 120),
        at_most("description", 2000),
    )


class RoomTrack(Row):
    """A track that plays or played in a room. `progress_seconds` was true at `observed_at`."""

    __tablename__ = "broadcast_tracks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    source: Mapped[TrackSource] = mapped_column(enum_column(TrackSource))
    source_key: Mapped[str | None]
    """What the source calls the track."""

    confirmed_at: Mapped[datetime | None]
    """When the list of what was played lately at the source had the track in it."""

    playing: Mapped[bool] = mapped_column(server_default=text("true"))
    progress_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    observed_at: Mapped[datetime]
    spotify_url: Mapped[str | None]
    apple_music_url: Mapped[str | None]
    title: Mapped[str]
    artist: Mapped[str]
    album: Mapped[str | None]
    isrc: Mapped[str | None]
    duration_seconds: Mapped[float | None]
    bpm: Mapped[float | None]
    musical_key: Mapped[str | None]
    artwork_url: Mapped[str | None]
    __table_args__ = (
        Index("uq_broadcast_tracks_current", "broadcast_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_broadcast_tracks_room", "broadcast_id", "started_at", "id"),
    )


class Listener(Row):
    """Somebody who is or was in a room: one row each, renewed when they come back."""

    __tablename__ = "broadcast_listeners"

    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    __table_args__ = (
        Index(
            "ix_broadcast_listeners_present",
            "broadcast_id",
            "joined_at",
            "user_id",
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_broadcast_listeners_user", "user_id", postgresql_where=text("left_at IS NULL")),
    )


class Moderator(Row):
    """Somebody who keeps order in a room for its curator."""

    __tablename__ = "broadcast_moderators"

    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    added_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (Index("ix_broadcast_moderators_room", "broadcast_id", "added_at", "user_id"),)


class Mute(Row):
    """Somebody who may not write in a room for a while."""

    __tablename__ = "broadcast_mutes"

    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    muted_until: Mapped[datetime]
    muted_by_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
