"""People, the addresses and sessions that prove who they are, and their programs' tokens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from db.tables.row import Row, at_most, enum_column
from domain.accounts import ApiScope, Channel, Role

ROLES = ", ".join(f"'{role.value}'" for role in Role)
SCOPES = ", ".join(f"'{scope.value}'" for scope in ApiScope)


class User(Row):
    """Somebody with an account. A deleted person stays as a row whose columns are masked."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    bio: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{LISTENER}")
    genre_tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    instagram_handle: Mapped[str | None]
    photo_key: Mapped[str | None]
    verified: Mapped[bool] = mapped_column(server_default=text("false"))
    suspended: Mapped[bool] = mapped_column(server_default=text("false"))
    city: Mapped[str | None]
    country_code: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    follower_count: Mapped[int] = mapped_column(server_default=text("0"))
    following_count: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    username_changed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(
        TSVECTOR,
        Computed("to_tsvector('simple'::regconfig, search_words(username || ' ' || display_name))", persisted=True),
    )
    __table_args__ = (
        at_most("username", 30),
        at_most("display_name", 60),
        at_most("bio", 500),
        CheckConstraint(f"roles <@ ARRAY[{ROLES}]::text[]", name="roles_known"),
        CheckConstraint("follower_count >= 0 AND following_count >= 0", name="counts_not_negative"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_together"),
        Index("ix_users_username_prefix", "username", postgresql_ops={"username": "text_pattern_ops"}),
        Index("ix_users_words", "words", postgresql_using="gin"),
        Index("ix_users_genre_tags", "genre_tags", postgresql_using="gin"),
        Index("ix_users_followers", "follower_count", "id"),
        Index("ix_users_created", "created_at", "id"),
    )


class ReleasedUsername(Row):
    """A name that was given up: kept for its last owner for a while."""

    __tablename__ = "released_usernames"

    username: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    released_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Identity(Row):
    """A verified address somebody signs in with."""

    __tablename__ = "identities"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    channel: Mapped[Channel] = mapped_column(enum_column(Channel))
    address: Mapped[str]
    verified_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("channel", "address"),)


class SignInCode(Row):
    """A code that was sent to an address. Only its keyed hash is kept; none of a code that the carrier made itself."""

    __tablename__ = "sign_in_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = mapped_column(enum_column(Channel))
    address: Mapped[str]
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_sign_in_codes_address", "channel", "address", "created_at"),)


class Session(Row):
    """Somewhere a person is signed in. All its refresh tokens are one family."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    device: Mapped[str]
    city: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    revoked_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_sessions_user", "user_id", "last_seen_at", "id"), at_most("device", 120))


class RefreshToken(Row):
    """One refresh token, by its hash. A used one that comes back means that it was stolen."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_refresh_tokens_expires", "expires_at"),)


class ApiToken(Row):
    """A token for somebody's own program, by the hash of its secret."""

    __tablename__ = "api_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_api_tokens_user", "user_id", "created_at", "id"),
        CheckConstraint(f"scopes <@ ARRAY[{SCOPES}]::text[]", name="scopes_known"),
        at_most("name", 80),
    )


class MusicPreferences(Row):
    """What somebody likes to hear."""

    __tablename__ = "user_music_preferences"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    favorite_genres: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    explicit_content: Mapped[bool] = mapped_column(server_default=text("true"))
