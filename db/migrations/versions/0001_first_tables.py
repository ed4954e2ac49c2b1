"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "TRACK_CHANGED",
                "MESSAGE_SENT",
                "MESSAGE_DELETED",
                "LISTENER_JOINED",
                "LISTENER_LEFT",
                "TIP_RECEIVED",
                "BROADCAST_STARTED",
                "BROADCAST_ENDED",
                "NOTIFICATION_CREATED",
                "SESSION_REVOKED",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "occurred_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("topic", "sequence", name=op.f("pk_events")),
    )
    op.create_index("ix_events_occurred", "events", ["occurred_at"], unique=False, postgresql_using="brin")
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "SEND_SIGN_IN_CODE",
                "END_SILENT_BROADCAST",
                "NOTIFY_FOLLOWERS",
                "DELETE_FILES",
                name="jobkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "queue",
            sa.Enum("urgent", "normal", name="queue", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING",
                "RUNNING",
                "DONE",
                "PARKED",
                name="jobstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="PENDING",
            nullable=False,
        ),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost_leases", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_jobs_kind_key")),
    )
    op.create_index("ix_jobs_due", "jobs", ["run_at"], unique=False, postgresql_where=sa.text("status = 'PENDING'"))
    op.create_index(
        "ix_jobs_finished", "jobs", ["finished_at"], unique=False, postgresql_where=sa.text("status = 'DONE'")
    )
    op.create_index(
        "ix_jobs_leased", "jobs", ["lease_until"], unique=False, postgresql_where=sa.text("status = 'RUNNING'")
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "TIP",
                "SALE",
                "BOOKING",
                "MISSION",
                "ROYALTY",
                "FEE",
                "HOLD",
                "RELEASE",
                "REFUND",
                "DISPUTE",
                "PAYOUT",
                "ADJUSTMENT",
                name="entrykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
    )
    op.create_index("ix_journal_entries_subject", "journal_entries", ["subject_id", "kind"], unique=False)
    op.create_table(
        "sign_in_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("EMAIL", "SMS", name="channel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_code", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_codes")),
    )
    op.create_index("ix_sign_in_codes_address", "sign_in_codes", ["channel", "address", "created_at"], unique=False)
    op.create_table(
        "topics",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_topics")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), server_default="{LISTENER}", nullable=False),
        sa.Column("genre_tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("instagram_handle", sa.Text(), nullable=True),
        sa.Column("photo_key", sa.Text(), nullable=True),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("country_code", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("follower_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("following_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("username_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, username || ' ' || display_name)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "roles <@ ARRAY['LISTENER', 'CURATOR', 'DJ', 'PRODUCER', 'ARTIST', 'ENGINEER', 'STUDIO', 'PUBLISHER', 'STATION', 'LABEL', 'MODERATOR', 'OPERATOR']::text[]",
            name=op.f("ck_users_roles_known"),
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_users_coordinates_together")),
        sa.CheckConstraint("char_length(bio) <= 500", name=op.f("ck_users_bio_length")),
        sa.CheckConstraint("char_length(display_name) <= 60", name=op.f("ck_users_display_name_length")),
        sa.CheckConstraint("char_length(username) <= 30", name=op.f("ck_users_username_length")),
        sa.CheckConstraint("follower_count >= 0 AND following_count >= 0", name=op.f("ck_users_counts_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_index("ix_users_followers", "users", ["follower_count", "id"], unique=False)
    op.create_index("ix_users_genre_tags", "users", ["genre_tags"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_users_username_prefix", "users", ["username"], unique=False, postgresql_ops={"username": "text_pattern_ops"}
    )
    op.create_index("ix_users_words", "users", ["words"], unique=False, postgresql_using="gin")
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "scopes <@ ARRAY['READ', 'BROADCAST', 'CHAT', 'FOLLOW', 'PROFILE']::text[]",
            name=op.f("ck_api_tokens_scopes_known"),
        ),
        sa.CheckConstraint("char_length(name) <= 80", name=op.f("ck_api_tokens_name_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_tokens_secret_hash")),
    )
    op.create_index("ix_api_tokens_user", "api_tokens", ["user_id", "created_at", "id"], unique=False)
    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("blocker_id <> blocked_id", name=op.f("ck_blocks_not_oneself")),
        sa.ForeignKeyConstraint(["blocked_id"], ["users.id"], name=op.f("fk_blocks_blocked_id")),
        sa.ForeignKeyConstraint(["blocker_id"], ["users.id"], name=op.f("fk_blocks_blocker_id")),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
    )
    op.create_index("ix_blocks_blocked", "blocks", ["blocked_id"], unique=False)
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("curator_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum("LIVE", "ENDED", name="broadcaststatus", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("genre_tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "end_reason",
            sa.Enum(
                "STOPPED",
                "SILENT",
                "CLOSED_BY_OPERATOR",
                name="endreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("last_heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_without_heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chat_interval_seconds", sa.Integer(), nullable=False),
        sa.Column("listener_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("peak_listener_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_listener_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("(status = 'ENDED') = (ended_at IS NOT NULL)", name=op.f("ck_broadcasts_ended_when_ended")),
        sa.CheckConstraint("char_length(description) <= 2000", name=op.f("ck_broadcasts_description_length")),
        sa.CheckConstraint("char_length(title) <= 120", name=op.f("ck_broadcasts_title_length")),
        sa.CheckConstraint("listener_count >= 0", name=op.f("ck_broadcasts_listeners_not_negative")),
        sa.ForeignKeyConstraint(["curator_id"], ["users.id"], name=op.f("fk_broadcasts_curator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(
        "ix_broadcasts_busiest",
        "broadcasts",
        ["listener_count", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'LIVE'"),
    )
    op.create_index("ix_broadcasts_curator", "broadcasts", ["curator_id", "started_at", "id"], unique=False)
    op.create_index(
        "ix_broadcasts_live",
        "broadcasts",
        ["started_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'LIVE'"),
    )
    op.create_index(
        "uq_broadcasts_live_curator",
        "broadcasts",
        ["curator_id"],
        unique=True,
        postgresql_where=sa.text("status = 'LIVE'"),
    )
    op.create_table(
        "content_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject_type",
            sa.Enum(
                "User", "Broadcast", "Message", name="subjecttype", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "SPAM",
                "HARASSMENT",
                "HATE",
                "SEXUAL_CONTENT",
                "VIOLENCE",
                "COPYRIGHT",
                "IMPERSONATION",
                "OTHER",
                name="reportreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "OPEN", "UPHELD", "DISMISSED", name="reportstatus", native_enum=False, create_constraint=True, length=40
            ),
            server_default="OPEN",
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(details) <= 1000", name=op.f("ck_content_reports_details_length")),
        sa.ForeignKeyConstraint(["reporter_id"], ["users.id"], name=op.f("fk_content_reports_reporter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_reports")),
    )
    op.create_index(
        "uq_content_reports_open",
        "content_reports",
        ["reporter_id", "subject_type", "subject_id"],
        unique=True,
        postgresql_where=sa.text("status = 'OPEN'"),
    )
    op.create_table(
        "follows",
        sa.Column("follower_id", sa.Uuid(), nullable=False),
        sa.Column("followee_id", sa.Uuid(), nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("follower_id <> followee_id", name=op.f("ck_follows_not_oneself")),
        sa.ForeignKeyConstraint(["followee_id"], ["users.id"], name=op.f("fk_follows_followee_id")),
        sa.ForeignKeyConstraint(["follower_id"], ["users.id"], name=op.f("fk_follows_follower_id")),
        sa.PrimaryKeyConstraint("follower_id", "followee_id", name=op.f("pk_follows")),
    )
    op.create_index("ix_follows_followers", "follows", ["followee_id", "followed_at", "follower_id"], unique=False)
    op.create_index("ix_follows_following", "follows", ["follower_id", "followed_at", "followee_id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("EMAIL", "SMS", name="channel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identities_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_identities_channel_address")),
    )
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"], unique=False)
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "AVAILABLE",
                "PENDING",
                "WITHHELD",
                "HOLD",
                "RECEIVABLE",
                "FEES",
                "CLEARING",
                name="accountkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "currency",
            sa.Enum(
                "EUR",
                "GBP",
                "GHS",
                "JPY",
                "KES",
                "NGN",
                "USD",
                "USDC",
                "ZAR",
                name="currency",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("balance_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "(owner_id IS NOT NULL) = (kind IN ('AVAILABLE', 'PENDING', 'WITHHELD', 'RECEIVABLE')) OR kind = 'HOLD'",
            name=op.f("ck_ledger_accounts_owner_when_personal"),
        ),
        sa.CheckConstraint(
            "kind IN ('FEES', 'CLEARING', 'RECEIVABLE') OR balance_minor >= 0",
            name=op.f("ck_ledger_accounts_not_overdrawn"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_ledger_accounts_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint(
            "owner_id",
            "kind",
            "currency",
            name=op.f("uq_ledger_accounts_owner_id_kind_currency"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "BROADCAST_STARTED",
                "NEW_FOLLOWER",
                "MADE_MODERATOR",
                name="notificationkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "subject_type",
            sa.Enum(
                "User", "Broadcast", "Message", name="subjecttype", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notifications_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint(
            "user_id",
            "kind",
            "subject_type",
            "subject_id",
            name=op.f("uq_notifications_user_id_kind_subject_type_subject_id"),
        ),
    )
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notifications_user", "notifications", ["user_id", "created_at", "id"], unique=False)
    op.create_table(
        "push_notification_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "platform",
            sa.Enum(
                "IOS", "ANDROID", "WEB", name="deviceplatform", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_push_notification_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_notification_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_push_notification_tokens_token_hash")),
    )
    op.create_index(op.f("ix_push_notification_tokens_user_id"), "push_notification_tokens", ["user_id"], unique=False)
    op.create_table(
        "released_usernames",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_released_usernames_user_id")),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_released_usernames")),
    )
    op.create_index(op.f("ix_released_usernames_user_id"), "released_usernames", ["user_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(device) <= 120", name=op.f("ck_sessions_device_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_user", "sessions", ["user_id", "last_seen_at", "id"], unique=False)
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("PROFILE_PHOTO", name="uploadpurpose", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "WAITING",
                "STORED",
                "USED",
                "FAILED",
                "EXPIRED",
                name="uploadstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="WAITING",
            nullable=False,
        ),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_uploads_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(
        "ix_uploads_expiring",
        "uploads",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('WAITING', 'STORED')"),
    )
    op.create_index(op.f("ix_uploads_user_id"), "uploads", ["user_id"], unique=False)
    op.create_table(
        "user_music_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("favorite_genres", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("explicit_content", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_music_preferences_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_music_preferences")),
    )
    op.create_table(
        "user_notification_settings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("broadcast_started", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("mission_updates", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("payouts", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("bookings", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("releases", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("marketing", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_notification_settings_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_notification_settings")),
    )
    op.create_table(
        "broadcast_listeners",
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_broadcast_listeners_broadcast_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_broadcast_listeners_user_id")),
        sa.PrimaryKeyConstraint("broadcast_id", "user_id", name=op.f("pk_broadcast_listeners")),
    )
    op.create_index(
        "ix_broadcast_listeners_present",
        "broadcast_listeners",
        ["broadcast_id", "joined_at", "user_id"],
        unique=False,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_index(
        "ix_broadcast_listeners_user",
        "broadcast_listeners",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "broadcast_moderators",
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_broadcast_moderators_broadcast_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_broadcast_moderators_user_id")),
        sa.PrimaryKeyConstraint("broadcast_id", "user_id", name=op.f("pk_broadcast_moderators")),
    )
    op.create_index(
        "ix_broadcast_moderators_room", "broadcast_moderators", ["broadcast_id", "added_at", "user_id"], unique=False
    )
    op.create_table(
        "broadcast_mutes",
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("muted_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_broadcast_mutes_broadcast_id")),
        sa.ForeignKeyConstraint(["muted_by_id"], ["users.id"], name=op.f("fk_broadcast_mutes_muted_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_broadcast_mutes_user_id")),
        sa.PrimaryKeyConstraint("broadcast_id", "user_id", name=op.f("pk_broadcast_mutes")),
    )
    op.create_table(
        "broadcast_tracks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "MANUAL",
                "SPOTIFY",
                "APPLE_MUSIC",
                "SERATO",
                name="tracksource",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("playing", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("progress_seconds", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spotify_url", sa.Text(), nullable=True),
        sa.Column("apple_music_url", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("album", sa.Text(), nullable=True),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        sa.Column("bpm", sa.Double(), nullable=True),
        sa.Column("musical_key", sa.Text(), nullable=True),
        sa.Column("artwork_url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_broadcast_tracks_broadcast_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_tracks")),
    )
    op.create_index("ix_broadcast_tracks_room", "broadcast_tracks", ["broadcast_id", "started_at", "id"], unique=False)
    op.create_index(
        "uq_broadcast_tracks_current",
        "broadcast_tracks",
        ["broadcast_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "journal_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_journal_lines_not_zero")),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_accounts.id"], name=op.f("fk_journal_lines_account_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_journal_lines_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_lines")),
    )
    op.create_index(op.f("ix_journal_lines_account_id"), "journal_lines", ["account_id"], unique=False)
    op.create_index(op.f("ix_journal_lines_entry_id"), "journal_lines", ["entry_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("char_length(client_key) <= 64", name=op.f("ck_messages_client_key_length")),
        sa.CheckConstraint("char_length(text) <= 500", name=op.f("ck_messages_text_length")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_messages_author_id")),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_messages_broadcast_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["users.id"], name=op.f("fk_messages_deleted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(
        "uq_messages_client_key",
        "messages",
        ["broadcast_id", "author_id", "client_key"],
        unique=True,
        postgresql_where=sa.text("client_key IS NOT NULL"),
    )
    op.create_index("uq_messages_room", "messages", ["broadcast_id", "sequence", "id"], unique=True)
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_session_id"), "refresh_tokens", ["session_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_refresh_tokens_session_id"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("uq_messages_room", table_name="messages")
    op.drop_index("uq_messages_client_key", table_name="messages", postgresql_where=sa.text("client_key IS NOT NULL"))
    op.drop_table("messages")
    op.drop_index(op.f("ix_journal_lines_entry_id"), table_name="journal_lines")
    op.drop_index(op.f("ix_journal_lines_account_id"), table_name="journal_lines")
    op.drop_table("journal_lines")
    op.drop_index(
        "uq_broadcast_tracks_current", table_name="broadcast_tracks", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index("ix_broadcast_tracks_room", table_name="broadcast_tracks")
    op.drop_table("broadcast_tracks")
    op.drop_table("broadcast_mutes")
    op.drop_index("ix_broadcast_moderators_room", table_name="broadcast_moderators")
    op.drop_table("broadcast_moderators")
    op.drop_index(
        "ix_broadcast_listeners_user", table_name="broadcast_listeners", postgresql_where=sa.text("left_at IS NULL")
    )
    op.drop_index(
        "ix_broadcast_listeners_present", table_name="broadcast_listeners", postgresql_where=sa.text("left_at IS NULL")
    )
    op.drop_table("broadcast_listeners")
    op.drop_table("user_notification_settings")
    op.drop_table("user_music_preferences")
    op.drop_index(op.f("ix_uploads_user_id"), table_name="uploads")
    op.drop_index(
        "ix_uploads_expiring", table_name="uploads", postgresql_where=sa.text("status IN ('WAITING', 'STORED')")
    )
    op.drop_table("uploads")
    op.drop_index("ix_sessions_user", table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_released_usernames_user_id"), table_name="released_usernames")
    op.drop_table("released_usernames")
    op.drop_index(op.f("ix_push_notification_tokens_user_id"), table_name="push_notification_tokens")
    op.drop_table("push_notification_tokens")
    op.drop_index("ix_notifications_user", table_name="notifications")
    op.drop_index("ix_notifications_unread", table_name="notifications", postgresql_where=sa.text("read_at IS NULL"))
    op.drop_table("notifications")
    op.drop_table("ledger_accounts")
    op.drop_index(op.f("ix_identities_user_id"), table_name="identities")
    op.drop_table("identities")
    op.drop_index("ix_follows_following", table_name="follows")
    op.drop_index("ix_follows_followers", table_name="follows")
    op.drop_table("follows")
    op.drop_index("uq_content_reports_open", table_name="content_reports", postgresql_where=sa.text("status = 'OPEN'"))
    op.drop_table("content_reports")
    op.drop_index("uq_broadcasts_live_curator", table_name="broadcasts", postgresql_where=sa.text("status = 'LIVE'"))
    op.drop_index("ix_broadcasts_live", table_name="broadcasts", postgresql_where=sa.text("status = 'LIVE'"))
    op.drop_index("ix_broadcasts_curator", table_name="broadcasts")
    op.drop_index("ix_broadcasts_busiest", table_name="broadcasts", postgresql_where=sa.text("status = 'LIVE'"))
    op.drop_table("broadcasts")
    op.drop_index("ix_blocks_blocked", table_name="blocks")
    op.drop_table("blocks")
    op.drop_index("ix_api_tokens_user", table_name="api_tokens")
    op.drop_table("api_tokens")
    op.drop_index("ix_users_words", table_name="users", postgresql_using="gin")
    op.drop_index("ix_users_username_prefix", table_name="users", postgresql_ops={"username": "text_pattern_ops"})
    op.drop_index("ix_users_genre_tags", table_name="users", postgresql_using="gin")
    op.drop_index("ix_users_followers", table_name="users")
    op.drop_table("users")
    op.drop_table("topics")
    op.drop_index("ix_sign_in_codes_address", table_name="sign_in_codes")
    op.drop_table("sign_in_codes")
    op.drop_index("ix_journal_entries_subject", table_name="journal_entries")
    op.drop_table("journal_entries")
    op.drop_index("ix_jobs_leased", table_name="jobs", postgresql_where=sa.text("status = 'RUNNING'"))
    op.drop_index("ix_jobs_finished", table_name="jobs", postgresql_where=sa.text("status = 'DONE'"))
    op.drop_index("ix_jobs_due", table_name="jobs", postgresql_where=sa.text("status = 'PENDING'"))
    op.drop_table("jobs")
    op.drop_index("ix_events_occurred", table_name="events", postgresql_using="brin")
    op.drop_table("events")
