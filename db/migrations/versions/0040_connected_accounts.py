"""Accounts elsewhere, the round trips that connect them, and the words that go with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0031"
branch_labels = None
depends_on = None

CHANNELS = ("EMAIL", "SMS", "SPOTIFY", "APPLE", "PRIVY")
KINDS = ("BROADCAST_STARTED", "NEW_FOLLOWER", "MADE_MODERATOR", "ACCOUNT_NEEDS_RECONNECT")
JOBS = (
    "SEND_SIGN_IN_CODE",
    "END_SILENT_BROADCAST",
    "NOTIFY_FOLLOWERS",
    "DELETE_FILES",
    "REVOKE_ACCESS",
    "POLL_PLAYER",
    "LINK_TRACK",
)
SUBJECTS = ("User", "Broadcast", "Message", "ConnectedAccount")
# Table, column, name of the check, what it allows from now on, what it allowed before.
WORDS = (
    ("identities", "channel", "channel", CHANNELS, CHANNELS[:2]),
    ("sign_in_codes", "channel", "channel", CHANNELS, CHANNELS[:2]),
    ("notifications", "kind", "notificationkind", KINDS, KINDS[:3]),
    ("notifications", "subject_type", "subjecttype", SUBJECTS, SUBJECTS[:3]),
    ("content_reports", "subject_type", "subjecttype", SUBJECTS, SUBJECTS[:3]),
    ("jobs", "kind", "jobkind", JOBS, JOBS[:4]),
    ("jobs", "queue", "queue", ("urgent", "normal", "players"), ("urgent", "normal")),
)


def allow(table: str, column: str, check: str, words: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{check}"), table)
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(f"ck_{table}_{check}"), table, f"{column} IN ({listed})")


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    for table, column, check, words, _ in WORDS:
        allow(table, column, check, words)
    # A carrier that makes its own codes lets nobody see them: there is nothing to hash.
    op.alter_column("sign_in_codes", "code_hash", nullable=True)
    op.create_table(
        "connected_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", word("accountprovider", "SERATO", "SPOTIFY", "APPLE_MUSIC"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("status", word("accountstatus", "CONNECTED", "NEEDS_RECONNECT", "DISCONNECTED"), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("sealed_tokens", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("connections", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disconnected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'DISCONNECTED') = (disconnected_at IS NOT NULL)",
            name=op.f("ck_connected_accounts_disconnected_when"),
        ),
        sa.CheckConstraint("char_length(subject) <= 300", name=op.f("ck_connected_accounts_subject_length")),
        sa.CheckConstraint("char_length(username) <= 300", name=op.f("ck_connected_accounts_username_length")),
        sa.CheckConstraint("char_length(display_name) <= 300", name=op.f("ck_connected_accounts_display_name_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_connected_accounts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connected_accounts")),
    )
    connected = sa.text("status <> 'DISCONNECTED'")
    for name, columns in (("user", ["user_id", "provider"]), ("subject", ["provider", "subject"])):
        op.create_index(
            f"uq_connected_accounts_{name}", "connected_accounts", columns, unique=True, postgresql_where=connected
        )
    op.create_index("ix_connected_accounts_user", "connected_accounts", ["user_id", "connected_at", "id"])
    op.create_table(
        "oauth_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("vendor", word("vendor", "SERATO", "SPOTIFY", "APPLE"), nullable=False),
        sa.Column("purpose", word("flowpurpose", "CONNECT", "SIGN_IN"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("sealed_verifier", sa.LargeBinary(), nullable=True),
        sa.Column("app_challenge", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=True),
        sa.Column("ticket_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_profile", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(purpose = 'CONNECT') = (user_id IS NOT NULL)", name=op.f("ck_oauth_sessions_connects_a_person")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_oauth_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_sessions")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_oauth_sessions_state_hash")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_oauth_sessions_ticket_hash")),
    )
    op.create_index("ix_oauth_sessions_expires", "oauth_sessions", ["expires_at"])


def downgrade() -> None:
    op.drop_table("oauth_sessions")
    op.drop_table("connected_accounts")
    op.execute("DELETE FROM sign_in_codes WHERE code_hash IS NULL")
    op.alter_column("sign_in_codes", "code_hash", nullable=False)
    for table, column, check, _, words in WORDS:
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(f"DELETE FROM {table} WHERE {column} NOT IN ({listed})")  # noqa: S608 -- words of this file
        allow(table, column, check, words)
