"""Payouts: where people are paid, what is on its way to them, runs that pay everybody; and what happens by the clock."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0080"
down_revision = "0070"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
MOMENT = sa.DateTime(timezone=True)
# Table, column, name of the check, words that it allows from now on beside those of before.
WORDS = (
    ("jobs", "kind", "jobkind", ("SEND_PAYOUT", "RUN_PAYOUTS")),
    ("events", "kind", "eventkind", ("PAYOUT_UPDATED",)),
    ("notifications", "kind", "notificationkind", ("PAYOUT_PAID", "PAYOUT_FAILED", "PAYOUT_CANCELLED")),
    ("notifications", "subject_type", "subjecttype", ("Payout",)),
    ("content_reports", "subject_type", "subjecttype", ("Payout",)),
)
TOTALS = """
CREATE VIEW payout_totals AS
SELECT run_id, currency, sum(amount_minor)::bigint AS amount_minor FROM payout_lines GROUP BY run_id, currency
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
    _make_schedules()
    _make_methods()
    _make_runs()
    _make_payouts()
    _make_lines()
    op.execute(TOTALS)


def _make_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("name", word("schedulename", "DAILY_PAYOUTS"), nullable=False),
        sa.Column("looked_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedules")),
    )
    op.create_table(
        "schedule_ticks",
        sa.Column("name", word("schedulename", "DAILY_PAYOUTS"), nullable=False),
        sa.Column("tick", MOMENT, nullable=False),
        sa.Column("skipped", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("run_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["schedules.name"], name=op.f("fk_schedule_ticks_name")),
        sa.PrimaryKeyConstraint("name", "tick", name=op.f("pk_schedule_ticks")),
    )


def _make_methods() -> None:
    op.create_table(
        "payout_methods",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", word("payoutmethodkind", "STRIPE", "CASH_APP", "ZELLE"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("sealed_handle", sa.LargeBinary(), nullable=True),
        sa.Column("handle_hash", sa.LargeBinary(), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("verified_by_id", sa.Uuid(), nullable=True),
        sa.Column("submitted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("requirements_due", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("added_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(kind = 'STRIPE') = (account IS NOT NULL)", name=op.f("ck_payout_methods_account_at_stripe")
        ),
        sa.CheckConstraint("(kind = 'STRIPE') = (handle_hash IS NULL)", name=op.f("ck_payout_methods_handle_by_hand")),
        sa.CheckConstraint(
            "NOT (is_default AND removed_at IS NOT NULL)", name=op.f("ck_payout_methods_default_is_there")
        ),
        sa.CheckConstraint("char_length(label) <= 300", name=op.f("ck_payout_methods_label_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payout_methods_user_id")),
        sa.ForeignKeyConstraint(["verified_by_id"], ["users.id"], name=op.f("fk_payout_methods_verified_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_methods")),
        sa.UniqueConstraint("account", name=op.f("uq_payout_methods_account")),
    )
    op.create_index(
        "ix_payout_methods_unverified",
        "payout_methods",
        ["added_at", "id"],
        postgresql_where=sa.text("NOT verified AND removed_at IS NULL AND kind <> 'STRIPE'"),
    )
    op.create_index("ix_payout_methods_user", "payout_methods", ["user_id", "added_at", "id"])
    op.create_index(
        "uq_payout_methods_default",
        "payout_methods",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND removed_at IS NULL"),
    )
    op.create_index(
        "uq_payout_methods_handle",
        "payout_methods",
        ["user_id", "kind", "handle_hash"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(
        "uq_payout_methods_stripe",
        "payout_methods",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'STRIPE' AND removed_at IS NULL"),
    )


def _make_runs() -> None:
    op.create_table(
        "payout_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", word("payoutrunstatus", "RUNNING", "DONE"), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("eligible_count", sa.Integer(), nullable=False),
        sa.Column("started_by_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(status = 'DONE') = (finished_at IS NOT NULL)", name=op.f("ck_payout_runs_finished_when_done")
        ),
        sa.ForeignKeyConstraint(["started_by_id"], ["users.id"], name=op.f("fk_payout_runs_started_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_runs")),
    )
    op.create_index("ix_payout_runs_started", "payout_runs", ["started_at", "id"])


def _make_payouts() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("method_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            word(
                "payoutstatus",
                "REQUESTED",
                "SENDING",
                "AWAITING_OPERATOR",
                "AWAITING_CONFIRMATION",
                "PAID",
                "FAILED",
                "CANCELLED",
            ),
            nullable=False,
        ),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.Column("paid_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("requested_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("sending_at", MOMENT, nullable=True),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.CheckConstraint("(status = 'PAID') = (paid_at IS NOT NULL)", name=op.f("ck_payouts_paid_when_paid")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payouts_something")),
        sa.CheckConstraint("char_length(reference) <= 300", name=op.f("ck_payouts_reference_length")),
        sa.CheckConstraint("fee_minor >= 0 AND fee_minor < amount_minor", name=op.f("ck_payouts_something_arrives")),
        sa.CheckConstraint("paid_by_id <> confirmed_by_id", name=op.f("ck_payouts_two_people")),
        sa.CheckConstraint(
            "paid_by_id <> user_id AND confirmed_by_id <> user_id", name=op.f("ck_payouts_somebody_elses")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["journal_entries.id"], name=op.f("fk_payouts_claim_id")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["users.id"], name=op.f("fk_payouts_confirmed_by_id")),
        sa.ForeignKeyConstraint(["method_id"], ["payout_methods.id"], name=op.f("fk_payouts_method_id")),
        sa.ForeignKeyConstraint(["paid_by_id"], ["users.id"], name=op.f("fk_payouts_paid_by_id")),
        sa.ForeignKeyConstraint(["run_id"], ["payout_runs.id"], name=op.f("fk_payouts_run_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payouts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_payouts_claim_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_payouts_reference")),
    )
    op.create_index(op.f("ix_payouts_method_id"), "payouts", ["method_id"])
    op.create_index("ix_payouts_requested", "payouts", ["requested_at", "id"])
    op.create_index("ix_payouts_run", "payouts", ["run_id", "requested_at", "id"])
    op.create_index("ix_payouts_status", "payouts", ["status", "requested_at", "id"])
    op.create_index("ix_payouts_user", "payouts", ["user_id", "requested_at", "id"])


def _make_lines() -> None:
    op.create_table(
        "payout_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("method_id", sa.Uuid(), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "outcome", word("lineoutcome", "PLANNED", "MADE", "SKIPPED"), server_default="PLANNED", nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(outcome = 'MADE') = (payout_id IS NOT NULL)", name=op.f("ck_payout_lines_made_is_there")),
        sa.ForeignKeyConstraint(["method_id"], ["payout_methods.id"], name=op.f("fk_payout_lines_method_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_lines_payout_id")),
        sa.ForeignKeyConstraint(["run_id"], ["payout_runs.id"], name=op.f("fk_payout_lines_run_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_payout_lines_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_lines")),
        sa.UniqueConstraint("payout_id", name=op.f("uq_payout_lines_payout_id")),
        sa.UniqueConstraint("run_id", "user_id", "currency", name=op.f("uq_payout_lines_run_id_user_id_currency")),
    )
    op.create_index("ix_payout_lines_run", "payout_lines", ["run_id", "id"])


def downgrade() -> None:
    op.execute("DROP VIEW payout_totals")
    for table in ("payout_lines", "payouts", "payout_runs", "payout_methods", "schedule_ticks", "schedules"):
        op.drop_table(table)
    for table, column, check, words in WORDS:
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(f"DELETE FROM {table} WHERE {column} IN ({listed})")  # noqa: S608 -- our own words
        allow(table, column, check, [each for each in allowed(table, check) if each not in words])
