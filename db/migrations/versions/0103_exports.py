"""Files made of what somebody may see."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
# Table, column, name of the check, words that it allows from now on beside those of before.
WORDS = (("jobs", "kind", "jobkind", ("MAKE_EXPORT",)),)


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
    _make_exports()


def _make_exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", word("exportkind", "MISSION_REPORT", "TRANSACTIONS", "PAYOUTS"), nullable=False),
        sa.Column("format", word("exportformat", "CSV", "JSON", "PDF"), nullable=False),
        sa.Column(
            "status",
            word("exportstatus", "WAITING", "RUNNING", "READY", "FAILED", "EXPIRED"),
            server_default="WAITING",
            nullable=False,
        ),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("progress", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("failure_code", word("exportfailurecode", "TOO_LARGE", "GIVEN_UP"), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(status IN ('READY', 'EXPIRED')) = (storage_key IS NOT NULL)", name=op.f("ck_exports_file_when_ready")
        ),
        sa.CheckConstraint(
            "(status = 'FAILED') = (failure_code IS NOT NULL)", name=op.f("ck_exports_reason_when_failed")
        ),
        sa.CheckConstraint("from_day <= to_day", name=op.f("ck_exports_days_in_order")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_exports_progress_of_100")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_exports_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(
        "ix_exports_expiring", "exports", ["expires_at"], unique=False, postgresql_where=sa.text("status = 'READY'")
    )
    op.create_index(
        "ix_exports_open",
        "exports",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('WAITING', 'RUNNING')"),
    )
    op.create_index("ix_exports_user", "exports", ["user_id", "created_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("exports")
    for table, column, check, words in WORDS:
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(f"DELETE FROM {table} WHERE {column} IN ({listed})")  # noqa: S608 -- our own words
        allow(table, column, check, [each for each in allowed(table, check) if each not in words])
