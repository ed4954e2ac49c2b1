"""Missions: who asked for what, who does it, and what they showed."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
MOMENT = sa.DateTime(timezone=True)
# Table, column, name of the check, words that it allows from now on beside those of before.
WORDS = (
    ("jobs", "kind", "jobkind", ("VERIFY_MISSION", "CLOSE_MISSION", "PIN_PROOF")),
    ("events", "kind", "eventkind", ("MISSION_UPDATED",)),
    (
        "notifications",
        "kind",
        "notificationkind",
        (
            "MISSION_ACCEPTED",
            "MISSION_COMPLETED",
            "MISSION_FAILED",
            "MISSION_CANCELLED",
            "MISSION_EXPIRED",
            "MISSION_TO_REVIEW",
            "MISSION_WITHDRAWN",
        ),
    ),
    ("notifications", "subject_type", "subjecttype", ("Mission",)),
    ("content_reports", "subject_type", "subjecttype", ("Mission",)),
    ("checkouts", "subject_type", "checkoutsubject", ("Mission",)),
)

# Who runs the platform decides without a name: the words of their reasons end so.
CHANGES = """
CREATE VIEW mission_changes AS
SELECT change.id, change.subject_id AS mission_id, change.from_status, change.to_status, change.reason, change.changed_at,
    CASE WHEN change.reason NOT LIKE '%\\_BY\\_OPERATOR' THEN change.changed_by_id END AS actor_id
FROM status_changes change
WHERE change.subject_type = 'Mission'
"""


def allowed(table: str, check: str) -> list[str]:
    """What a check allows now, as the database has it."""
    written = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
        {"name": f"ck_{table}_{check}"},
    )
    return re.findall(r"'([^']+)'", str(written))


def allow(table: str, column: str, check: str, words: list[str]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{check}"), table)
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(f"ck_{table}_{check}"), table, f"{column} IN ({listed})")


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    for table, column, check, words in WORDS:
        allow(table, column, check, [*allowed(table, check), *words])
    _make_missions()
    _make_mission_evidence()
    _make_mission_evidence_files()
    _make_mission_reviews()
    op.execute(CHANGES)
    op.create_unique_constraint(op.f("uq_payments_hold_id"), "payments", ["hold_id"])


def _make_missions() -> None:
    op.create_table(
        "missions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("curator_id", sa.Uuid(), nullable=False),
        sa.Column("runner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            word(
                "missionstatus",
                "DRAFT",
                "OPEN",
                "ACCEPTED",
                "VERIFYING",
                "IN_REVIEW",
                "COMPLETED",
                "VERIFICATION_FAILED",
                "CANCELLED",
                "EXPIRED",
            ),
            server_default="DRAFT",
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("track_title", sa.Text(), nullable=False),
        sa.Column("track_artist", sa.Text(), nullable=False),
        sa.Column("track_album", sa.Text(), nullable=True),
        sa.Column("track_isrc", sa.Text(), nullable=True),
        sa.Column("track_duration_seconds", sa.Double(), nullable=True),
        sa.Column("track_bpm", sa.Double(), nullable=True),
        sa.Column("track_musical_key", sa.Text(), nullable=True),
        sa.Column("window_starts_at", MOMENT, nullable=False),
        sa.Column("window_ends_at", MOMENT, nullable=False),
        sa.Column("venue_name", sa.Text(), nullable=True),
        sa.Column("venue_city", sa.Text(), nullable=True),
        sa.Column("venue_latitude", sa.Double(), nullable=True),
        sa.Column("venue_longitude", sa.Double(), nullable=True),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_basis_points", sa.Integer(), nullable=False),
        sa.Column(
            "verification_method",
            word("verificationmethod", "AUTOMATED", "MANUAL", "MANUAL_WITH_PROOF"),
            nullable=False,
        ),
        sa.Column("auto_verify", sa.Boolean(), nullable=False),
        sa.Column("requires_gig", sa.Boolean(), nullable=False),
        sa.Column("payout_method_kind", word("payoutmethodkind", "STRIPE", "CASH_APP", "ZELLE"), nullable=True),
        sa.Column("payout_method_id", sa.Uuid(), nullable=True),
        sa.Column("checkout_id", sa.Uuid(), nullable=True),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("funded_at", MOMENT, nullable=True),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("verification_scheduled_at", MOMENT, nullable=True),
        sa.Column("verifications", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("review_due_at", MOMENT, nullable=True),
        sa.Column("rejected_at", MOMENT, nullable=True),
        sa.Column("appealed_at", MOMENT, nullable=True),
        sa.Column("completed_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(status = 'COMPLETED') = (completed_at IS NOT NULL)", name=op.f("ck_missions_completed_when_completed")
        ),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'CANCELLED', 'EXPIRED') OR hold_id IS NOT NULL",
            name=op.f("ck_missions_funded_when_shown"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('DRAFT', 'OPEN') OR runner_id IS NULL", name=op.f("ck_missions_open_without_runner")
        ),
        sa.CheckConstraint(
            "(venue_latitude IS NULL) = (venue_longitude IS NULL)", name=op.f("ck_missions_coordinates_together")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_missions_something")),
        sa.CheckConstraint("char_length(description) <= 2000", name=op.f("ck_missions_description_length")),
        sa.CheckConstraint("char_length(title) <= 120", name=op.f("ck_missions_title_length")),
        sa.CheckConstraint("char_length(track_artist) <= 300", name=op.f("ck_missions_track_artist_length")),
        sa.CheckConstraint("char_length(track_title) <= 300", name=op.f("ck_missions_track_title_length")),
        sa.CheckConstraint("char_length(venue_city) <= 80", name=op.f("ck_missions_venue_city_length")),
        sa.CheckConstraint("char_length(venue_name) <= 120", name=op.f("ck_missions_venue_name_length")),
        sa.CheckConstraint("runner_id <> curator_id", name=op.f("ck_missions_by_somebody_else")),
        sa.CheckConstraint("window_ends_at > window_starts_at", name=op.f("ck_missions_window_ahead")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkouts.id"], name=op.f("fk_missions_checkout_id")),
        sa.ForeignKeyConstraint(["curator_id"], ["users.id"], name=op.f("fk_missions_curator_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_missions_hold_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_missions_payout_id")),
        sa.ForeignKeyConstraint(["payout_method_id"], ["payout_methods.id"], name=op.f("fk_missions_payout_method_id")),
        sa.ForeignKeyConstraint(["runner_id"], ["users.id"], name=op.f("fk_missions_runner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missions")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_missions_checkout_id")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_missions_hold_id")),
        sa.UniqueConstraint("payout_id", name=op.f("uq_missions_payout_id")),
    )
    op.create_index("ix_missions_amount", "missions", ["amount_minor", "id"], unique=False)
    op.create_index("ix_missions_created", "missions", ["created_at", "id"], unique=False)
    op.create_index("ix_missions_curator", "missions", ["curator_id", "created_at", "id"], unique=False)
    op.create_index("ix_missions_runner", "missions", ["runner_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_missions_running",
        "missions",
        ["runner_id", "window_starts_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('ACCEPTED', 'VERIFYING', 'VERIFICATION_FAILED')"),
    )
    op.create_index("ix_missions_status", "missions", ["status", "created_at", "id"], unique=False)
    op.create_index("ix_missions_window", "missions", ["window_starts_at", "id"], unique=False)


def _make_mission_evidence() -> None:
    op.create_table(
        "mission_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("runner_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("submitted_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("decision", word("evidencedecision", "APPROVED", "REJECTED"), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_mission_evidence_decided_when_decided")
        ),
        sa.CheckConstraint("char_length(decision_note) <= 2000", name=op.f("ck_mission_evidence_decision_note_length")),
        sa.CheckConstraint("char_length(note) <= 2000", name=op.f("ck_mission_evidence_note_length")),
        sa.CheckConstraint("decided_by_id <> runner_id", name=op.f("ck_mission_evidence_decided_by_somebody_else")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_mission_evidence_decided_by_id")),
        sa.ForeignKeyConstraint(["mission_id"], ["missions.id"], name=op.f("fk_mission_evidence_mission_id")),
        sa.ForeignKeyConstraint(["runner_id"], ["users.id"], name=op.f("fk_mission_evidence_runner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_evidence")),
    )
    op.create_index(
        "ix_mission_evidence_mission", "mission_evidence", ["mission_id", "submitted_at", "id"], unique=False
    )


def _make_mission_evidence_files() -> None:
    op.create_table(
        "mission_evidence_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["mission_evidence.id"], name=op.f("fk_mission_evidence_files_evidence_id")
        ),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("fk_mission_evidence_files_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_evidence_files")),
        sa.UniqueConstraint("evidence_id", "position", name=op.f("uq_mission_evidence_files_evidence_id_position")),
        sa.UniqueConstraint("upload_id", name=op.f("uq_mission_evidence_files_upload_id")),
    )


def _make_mission_reviews() -> None:
    op.create_table(
        "mission_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("written_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(text) <= 2000", name=op.f("ck_mission_reviews_text_length")),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_mission_reviews_rating_of_five")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_mission_reviews_author_id")),
        sa.ForeignKeyConstraint(["mission_id"], ["missions.id"], name=op.f("fk_mission_reviews_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_reviews")),
        sa.UniqueConstraint("mission_id", name=op.f("uq_mission_reviews_mission_id")),
    )
    op.create_index("ix_mission_reviews_written", "mission_reviews", ["written_at"], unique=False)


def downgrade() -> None:
    op.drop_constraint(op.f("uq_payments_hold_id"), "payments")
    op.execute("DROP VIEW mission_changes")
    op.drop_table("mission_reviews")
    op.drop_table("mission_evidence_files")
    op.drop_table("mission_evidence")
    op.drop_table("missions")
    for table, column, check, words in WORDS:
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(f"DELETE FROM {table} WHERE {column} IN ({listed})")  # noqa: S608 -- our own words
        allow(table, column, check, [each for each in allowed(table, check) if each not in words])
