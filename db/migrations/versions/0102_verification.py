"""How missions were verified, what proves it, and each look into an account for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
MOMENT = sa.DateTime(timezone=True)


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    _make_verification_attempts()
    _make_mission_proofs()
    _make_play_history_reads()


def _make_verification_attempts() -> None:
    op.create_table(
        "verification_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", word("attemptstatus", "RUNNING", "PASSED", "NEEDS_REVIEW", "FAILED"), nullable=False),
        sa.Column(
            "outcome",
            word(
                "verificationoutcome",
                "PASSED",
                "NO_HISTORY",
                "NOT_PLAYED",
                "LOW_CONFIDENCE",
                "NOT_A_GIG",
                "WRONG_VENUE",
                "ISRC_CONTRADICTS",
                "NAMES_UNSURE",
                "IMPLAUSIBLE",
                "WEAK_SOURCE",
                "SOURCE_SILENT",
            ),
            nullable=True,
        ),
        sa.Column("play_id", sa.Uuid(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("title_points", sa.Integer(), nullable=True),
        sa.Column("artist_points", sa.Integer(), nullable=True),
        sa.Column("isrc_points", sa.Integer(), nullable=True),
        sa.Column("duration_points", sa.Integer(), nullable=True),
        sa.Column("total_points", sa.Integer(), nullable=True),
        sa.Column("available_points", sa.Integer(), nullable=True),
        sa.Column("venue_match", word("venuematch", "MATCH", "MISMATCH", "UNKNOWN"), nullable=True),
        sa.Column("gig", postgresql.JSONB(), nullable=True),
        sa.Column("findings", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("started_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("next_attempt_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(status = 'RUNNING') = (finished_at IS NULL)",
            name=op.f("ck_verification_attempts_finished_unless_running"),
        ),
        sa.CheckConstraint(
            "(status = 'RUNNING') = (outcome IS NULL)", name=op.f("ck_verification_attempts_outcome_unless_running")
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 100", name=op.f("ck_verification_attempts_confidence_of_100")),
        sa.ForeignKeyConstraint(["mission_id"], ["missions.id"], name=op.f("fk_verification_attempts_mission_id")),
        sa.ForeignKeyConstraint(["play_id"], ["plays.id"], name=op.f("fk_verification_attempts_play_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_attempts")),
        sa.UniqueConstraint("mission_id", "number", name=op.f("uq_verification_attempts_mission_id_number")),
    )
    op.create_index(op.f("ix_verification_attempts_play_id"), "verification_attempts", ["play_id"], unique=False)


def _make_mission_proofs() -> None:
    op.create_table(
        "mission_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("cid", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column(
            "verification_method",
            word("verificationmethod", "AUTOMATED", "MANUAL", "MANUAL_WITH_PROOF"),
            nullable=False,
        ),
        sa.Column("played_at", MOMENT, nullable=True),
        sa.Column("venue_name", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("verified_at", MOMENT, nullable=False),
        sa.Column("pinned_at", MOMENT, nullable=True),
        sa.Column("pin_service", sa.Text(), nullable=True),
        sa.Column("pin_url", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("octet_length(document) <= 262144", name=op.f("ck_mission_proofs_one_block")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["verification_attempts.id"], name=op.f("fk_mission_proofs_attempt_id")
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["missions.id"], name=op.f("fk_mission_proofs_mission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_proofs")),
        sa.UniqueConstraint("cid", name=op.f("uq_mission_proofs_cid")),
        sa.UniqueConstraint("mission_id", name=op.f("uq_mission_proofs_mission_id")),
    )


def _make_play_history_reads() -> None:
    op.create_table(
        "play_history_reads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("mission_id", sa.Uuid(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("play_count", sa.Integer(), nullable=False),
        sa.Column("read_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["connected_accounts.id"], name=op.f("fk_play_history_reads_account_id")
        ),
        sa.ForeignKeyConstraint(["mission_id"], ["missions.id"], name=op.f("fk_play_history_reads_mission_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_play_history_reads_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_play_history_reads")),
    )
    op.create_index("ix_play_history_reads_mission", "play_history_reads", ["mission_id", "read_at"], unique=False)
    op.create_index("ix_play_history_reads_user", "play_history_reads", ["user_id", "read_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("play_history_reads")
    op.drop_table("mission_proofs")
    op.drop_table("verification_attempts")
