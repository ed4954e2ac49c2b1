"""Accounts elsewhere, and the round trips that connect them or sign somebody in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.connections import AccountProvider, AccountStatus, FlowPurpose, Vendor


class ConnectedAccount(Row):
    """An account elsewhere that somebody let us use.

    One person has one of a provider at a time, and one account elsewhere serves one person: the partial unique indexes
    are the law. What was disconnected stays as a row, without its tokens once they are revoked.
    """

    __tablename__ = "connected_accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[AccountProvider] = mapped_column(enum_column(AccountProvider))
    subject: Mapped[str]
    username: Mapped[str | None]
    display_name: Mapped[str | None]
    status: Mapped[AccountStatus] = mapped_column(enum_column(AccountStatus))
    scopes: Mapped[list[str]] = mapped_column(server_default="{}")
    sealed_tokens: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(BIG, server_default=text("1"))
    """Counts the tokens: each renewal and reconnection is one more, so that two can tell whether they hold the same."""

    connections: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts the times that the person connected it."""

    renewed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    renewing_until: Mapped[datetime | None]
    renewal: Mapped[int] = mapped_column(BIG, server_default=text("0"))
    """The fence of renewals: who claimed one earlier can no longer record anything."""

    renewal_failed: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the last renewal came to nothing; then nobody tries again before `renewing_until`."""

    connected_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    disconnected_at: Mapped[datetime | None]
    __table_args__ = (
        Index(
            "uq_connected_accounts_user",
            "user_id",
            "provider",
            unique=True,
            postgresql_where=text("status <> 'DISCONNECTED'"),
        ),
        Index(
            "uq_connected_accounts_subject",
            "provider",
            "subject",
            unique=True,
            postgresql_where=text("status <> 'DISCONNECTED'"),
        ),
        Index("ix_connected_accounts_user", "user_id", "connected_at", "id"),
        CheckConstraint("(status = 'DISCONNECTED') = (disconnected_at IS NOT NULL)", name="disconnected_when"),
        at_most("subject", 300),
        at_most("username", 300),
        at_most("display_name", 300),
    )


class OAuthSession(Row):
    """One round trip to a provider's page. Its state counts once; a ticket that it ended in counts once."""

    __tablename__ = "oauth_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    vendor: Mapped[Vendor] = mapped_column(enum_column(Vendor))
    purpose: Mapped[FlowPurpose] = mapped_column(enum_column(FlowPurpose))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id"))
    """Where the person who connects is signed in: when that ends meanwhile, nothing is connected."""

    return_to: Mapped[str]
    sealed_verifier: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Our PKCE verifier and the nonce, for as long as the round trip lasts."""

    app_challenge: Mapped[str | None]
    """The app's own PKCE challenge: only the app that began to sign in can spend the ticket."""

    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ticket_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    ticket_expires_at: Mapped[datetime | None]
    ticket_used_at: Mapped[datetime | None]
    sealed_profile: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Who came back, sealed, until the ticket is spent."""

    __table_args__ = (
        Index("ix_oauth_sessions_expires", "expires_at"),
        CheckConstraint("(purpose = 'CONNECT') = (user_id IS NOT NULL)", name="connects_a_person"),
        CheckConstraint("(user_id IS NULL) = (session_id IS NULL)", name="asked_in_a_session"),
    )
