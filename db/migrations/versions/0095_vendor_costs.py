"""Money that comes back from people's accounts elsewhere; and the bodies of old webhooks, which are forgotten."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0092"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
MOMENT = sa.DateTime(timezone=True)
# Table, column, name of the check, words that it allows from now on.
WORDS = (
    ("jobs", "kind", "jobkind", ("RECOVER_DEBT", "TAKE_BACK")),
    ("notifications", "kind", "notificationkind", ("PAYOUT_RETURNED",)),
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
    for table, column, check, words in WORDS:
        allow(table, column, check, [*allowed(table, check), *words])
    op.add_column("payouts", sa.Column("returned_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("ck_payouts_returned_of_it"), "payouts", "returned_minor BETWEEN 0 AND amount_minor - fee_minor"
    )
    op.create_check_constraint(
        op.f("ck_payouts_returned_when_paid"), "payouts", "returned_minor = 0 OR status = 'PAID'"
    )
    op.create_table(
        "payout_returns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("status", word("returnstatus", "REQUESTED", "DONE", "FAILED"), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("requested_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payout_returns_something")),
        sa.CheckConstraint(
            "(status = 'DONE') = (vendor_id IS NOT NULL)", name=op.f("ck_payout_returns_named_when_done")
        ),
        sa.CheckConstraint(
            "(status = 'DONE') = (entry_id IS NOT NULL)", name=op.f("ck_payout_returns_booked_when_done")
        ),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_returns_payout_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_payout_returns_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_returns")),
        sa.UniqueConstraint("vendor_id", name=op.f("uq_payout_returns_vendor_id")),
    )
    op.create_index(op.f("ix_payout_returns_payout_id"), "payout_returns", ["payout_id"])
    op.create_index(
        "ix_webhook_events_bodies", "webhook_events", ["received_at"], postgresql_where=sa.text("payload <> ''")
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_events_bodies", "webhook_events")
    op.drop_table("payout_returns")
    op.drop_constraint(op.f("ck_payouts_returned_when_paid"), "payouts")
    op.drop_constraint(op.f("ck_payouts_returned_of_it"), "payouts")
    op.drop_column("payouts", "returned_minor")
    for table, column, check, words in WORDS:
        for each in words:
            op.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :word").bindparams(word=each))  # noqa: S608 -- our own words
        allow(table, column, check, [word for word in allowed(table, check) if word not in words])
