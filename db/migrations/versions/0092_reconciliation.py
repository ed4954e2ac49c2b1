"""Comparing the vendors' journals with ours: what was read of them, how far, and where they differ."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
VENDORS = ("STRIPE",)
MOMENT = sa.DateTime(timezone=True)
SCHEDULE = "DAILY_RECONCILIATION"
# Table, column, name of the check, a word that it allows from now on.
WORDS = (
    ("jobs", "kind", "jobkind", "RECONCILE"),
    ("schedules", "name", "schedulename", SCHEDULE),
    ("schedule_ticks", "name", "schedulename", SCHEDULE),
)


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
    for table, column, check, name in WORDS:
        allow(table, column, check, [*allowed(table, check), name])
    op.create_table(
        "vendor_movements",
        sa.Column("vendor", word("paymentvendor", *VENDORS), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("vendor", "vendor_id", name=op.f("pk_vendor_movements")),
    )
    op.create_index("ix_vendor_movements_reference", "vendor_movements", ["vendor", "reference"])
    op.create_table(
        "vendor_journals",
        sa.Column("vendor", word("paymentvendor", *VENDORS), nullable=False),
        sa.Column("read_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("vendor", name=op.f("pk_vendor_journals")),
    )
    _make_cases()


def _make_cases() -> None:
    op.create_table(
        "reconciliation_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor", word("paymentvendor", *VENDORS), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", word("casekind", "MISSING_HERE", "MISSING_THERE", "DIFFERENT_AMOUNT"), nullable=False),
        sa.Column("status", word("casestatus", "OPEN", "RESOLVED", "CLOSED"), server_default="OPEN", nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("vendor_minor", sa.BigInteger(), nullable=True),
        sa.Column("ledger_minor", sa.BigInteger(), nullable=True),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'OPEN') = (closed_at IS NULL)", name=op.f("ck_reconciliation_cases_closed_when_over")
        ),
        sa.CheckConstraint(
            "status <> 'CLOSED' OR reason IS NOT NULL", name=op.f("ck_reconciliation_cases_closed_with_reason")
        ),
        sa.CheckConstraint("char_length(reason) <= 500", name=op.f("ck_reconciliation_cases_reason_length")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["users.id"], name=op.f("fk_reconciliation_cases_closed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_cases")),
        sa.UniqueConstraint(
            "vendor", "reference", "currency", name=op.f("uq_reconciliation_cases_vendor_reference_currency")
        ),
    )
    op.create_index("ix_reconciliation_cases_opened", "reconciliation_cases", ["opened_at", "id"])


def downgrade() -> None:
    for table in ("reconciliation_cases", "vendor_journals", "vendor_movements"):
        op.drop_table(table)
    op.execute("DELETE FROM jobs WHERE kind = 'RECONCILE'")
    for table in ("schedule_ticks", "schedules"):
        op.execute(sa.text(f"DELETE FROM {table} WHERE name = :name").bindparams(name=SCHEDULE))  # noqa: S608 -- our own words
    for table, column, check, name in WORDS:
        allow(table, column, check, [word for word in allowed(table, check) if word != name])
