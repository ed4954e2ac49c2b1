"""What DJs played, the files that said so, and the programs that send them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.plays import HistoryFormat, PlaySource, TrustLevel


class Companion(Row):
    """The uploader beside somebody's DJ software. It proves itself with a key of its own; `counter` is the last it used."""

    __tablename__ = "companions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of the pairing code; gone once it was used."""

    code_expires_at: Mapped[datetime]
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    counter: Mapped[int] = mapped_column(BIG, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    paired_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_companions_user", "user_id", "created_at", "id"),
        CheckConstraint("(public_key IS NULL) = (paired_at IS NULL)", name="paired_with_key"),
        CheckConstraint("counter >= 0", name="counter_not_negative"),
        at_most("name", 80),
    )


class PlayImport(Row):
    """One file that was read. The same bytes are read once for each person; they are kept under `storage_key`."""

    __tablename__ = "play_imports"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    source: Mapped[PlaySource] = mapped_column(enum_column(PlaySource))
    format: Mapped[HistoryFormat] = mapped_column(enum_column(HistoryFormat))
    trust: Mapped[TrustLevel] = mapped_column(enum_column(TrustLevel))
    upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.id"))
    companion_id: Mapped[UUID | None] = mapped_column(ForeignKey("companions.id"))
    filename: Mapped[str]
    storage_key: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    imported_count: Mapped[int]
    updated_count: Mapped[int]
    duplicate_count: Mapped[int]
    warnings: Mapped[list[str]] = mapped_column(server_default="{}")
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        UniqueConstraint("user_id", "sha256", "trust"),
        Index("ix_play_imports_user", "user_id", "received_at", "id"),
        CheckConstraint("upload_id IS NULL OR companion_id IS NULL", name="by_one_way"),
    )


class PlayRow(Row):
    """One track on one deck, once. What came by a way that is believed more takes the place of what came by another."""

    __tablename__ = "plays"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    source: Mapped[PlaySource] = mapped_column(enum_column(PlaySource))
    key: Mapped[str]
    trust: Mapped[TrustLevel] = mapped_column(enum_column(TrustLevel))
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("play_imports.id"), index=True)
    """The file that last said so; none for what an account told."""

    title: Mapped[str]
    artist: Mapped[str | None]
    album: Mapped[str | None]
    isrc: Mapped[str | None]
    duration_seconds: Mapped[float | None]
    bpm: Mapped[float | None]
    musical_key: Mapped[str | None]
    played_at: Mapped[datetime]
    time_known: Mapped[bool]
    """Whether the source said when; otherwise the owner said when the list began and the rest is guessed."""

    ended_at: Mapped[datetime | None]
    played_seconds: Mapped[float | None]
    deck: Mapped[int | None]
    audible: Mapped[bool | None]
    venue_name: Mapped[str | None]
    source_updated_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        UniqueConstraint("user_id", "source", "key"),
        Index("ix_plays_user", "user_id", "played_at", "id"),
        Index("ix_plays_played", "played_at", "id"),
        Index("ix_plays_source", "user_id", "source", "played_at", "id"),
        at_most("title", 300),
        at_most("artist", 300),
        at_most("key", 200),
    )


class PlayHistoryRead(Row):
    """A look into somebody's account elsewhere: for which mission, from when to when, and what it gave."""

    __tablename__ = "play_history_reads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("connected_accounts.id"))
    mission_id: Mapped[UUID] = mapped_column(ForeignKey("missions.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    play_count: Mapped[int]
    read_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    __table_args__ = (
        Index("ix_play_history_reads_user", "user_id", "read_at", "id"),
        Index("ix_play_history_reads_mission", "mission_id", "read_at"),
    )
