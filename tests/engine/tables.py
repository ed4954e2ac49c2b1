"""The tables of a small world of reading clubs, for tests of the engine alone."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, DateTime, Enum, ForeignKey, Index, Integer, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Stage(StrEnum):
    PLANNED = "PLANNED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Row(DeclarativeBase):
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        date: Date,
        Decimal: Numeric,
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        Stage: Enum(Stage, native_enum=False, length=20),
    }


class Member(Row):
    __tablename__ = "members"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    email: Mapped[str]
    rating: Mapped[Decimal | None]
    birthday: Mapped[date | None]
    joined_at: Mapped[datetime]
    barred: Mapped[bool]
    photo_key: Mapped[str | None]
    settings: Mapped[dict[str, Any]]
    tags: Mapped[list[str]]
    __table_args__ = (Index("ix_members_joined", "joined_at", "id"),)


class Club(Row):
    __tablename__ = "clubs"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    keeper_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    helper_id: Mapped[UUID | None] = mapped_column(ForeignKey("members.id"))
    title: Mapped[str]
    genre: Mapped[str]
    stage: Mapped[Stage]
    secret: Mapped[bool]
    visits: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    fee_minor: Mapped[int]
    fee_currency: Mapped[str]
    city: Mapped[str | None]
    street: Mapped[str | None]
    __table_args__ = (
        Index("uq_clubs_open", "keeper_id", unique=True, postgresql_where=text("stage = 'OPEN'")),
        Index("ix_clubs_keeper", "keeper_id", "opened_at", "id"),
        Index("ix_clubs_opened", "opened_at", "id"),
        Index("ix_clubs_visits", "visits", "id"),
        Index("ix_clubs_closed", text("coalesce(closed_at, 'infinity')"), "id"),
    )


class Note(Row):
    __tablename__ = "notes"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    club_id: Mapped[UUID] = mapped_column(ForeignKey("clubs.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    text: Mapped[str]
    pinned: Mapped[bool]
    written_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_notes_club", "club_id", "written_at", "id"),)


class Follow(Row):
    __tablename__ = "follows"
    follower_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    followed_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    since: Mapped[datetime]
    muted: Mapped[bool]
    __table_args__ = (Index("ix_follows_followed", "followed_id", "since", "follower_id"),)


class Meeting(Row):
    __tablename__ = "meetings"
    club_id: Mapped[UUID] = mapped_column(ForeignKey("clubs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    host_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    book: Mapped[str]
    pages: Mapped[int]
    held_at: Mapped[datetime]


class Stipend(Row):
    __tablename__ = "stipends"
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    free_minor: Mapped[int]
    bound_minor: Mapped[int]


class Notice(Row):
    __tablename__ = "notices"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_notices_member", "member_id", "created_at", "id"),
        Index("ix_notices_created", "created_at", "id"),
    )
