"""What deeds of the ledger need: held money, entries that name others and outside events, and idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0045"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
BEFORE = ("AVAILABLE", "PENDING", "WITHHELD", "HOLD", "RECEIVABLE", "FEES", "CLEARING")
NAMED = ("about_id", "settles_id", "reverses_id")
PERSONAL = "(owner_id IS NOT NULL) = (kind IN ('AVAILABLE', 'PENDING', 'WITHHELD', 'IN_TRANSIT', 'RECEIVABLE')) OR kind = 'HOLD'"
HOLDER = "COALESCE(hold_id, owner_id, '00000000-0000-0000-0000-000000000000'::uuid)"


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def check(name: str, table: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            word("holdstatus", "HELD", "DISPUTED", "RELEASED", "RETURNED"),
            server_default="HELD",
            nullable=False,
        ),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("payee_id", sa.Uuid(), nullable=True),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_holds_something")),
        sa.ForeignKeyConstraint(["payer_id"], ["users.id"], name=op.f("fk_holds_payer_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["users.id"], name=op.f("fk_holds_payee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_subject_id"), "holds", ["subject_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(key) <= 200", name=op.f("ck_idempotency_keys_key_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_idempotency_keys_user_id")),
        sa.PrimaryKeyConstraint("user_id", "operation", "key", name=op.f("pk_idempotency_keys")),
    )
    _widen_accounts()
    _widen_entries()


def _widen_accounts() -> None:
    # Accounts of holds that were made by hand, before there were holds, would have no holder; no deed has made any.
    op.add_column("ledger_accounts", sa.Column("hold_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_ledger_accounts_hold_id"), "ledger_accounts", "holds", ["hold_id"], ["id"])
    op.drop_constraint(op.f("uq_ledger_accounts_owner_id_kind_currency"), "ledger_accounts")
    op.create_index("uq_ledger_accounts_holder", "ledger_accounts", [sa.text(HOLDER), "kind", "currency"], unique=True)
    op.create_index(op.f("ix_ledger_accounts_owner_id"), "ledger_accounts", ["owner_id"])
    for name in ("accountkind", "owner_when_personal"):
        op.drop_constraint(op.f(f"ck_ledger_accounts_{name}"), "ledger_accounts")
    listed = ", ".join(f"'{kind}'" for kind in (*BEFORE, "IN_TRANSIT"))
    check("accountkind", "ledger_accounts", f"kind IN ({listed})")
    check("owner_when_personal", "ledger_accounts", PERSONAL)
    check("hold_when_held", "ledger_accounts", "(hold_id IS NOT NULL) = (kind = 'HOLD')")
    check("owed_to_us", "ledger_accounts", "kind <> 'RECEIVABLE' OR balance_minor <= 0")


def _widen_entries() -> None:
    for name in ("source", "reference"):
        op.add_column("journal_entries", sa.Column(name, sa.Text(), nullable=True))
    for name in ("posted_by_id", *NAMED):
        op.add_column("journal_entries", sa.Column(name, sa.Uuid(), nullable=True))
        named = "users" if name == "posted_by_id" else "journal_entries"
        op.create_foreign_key(op.f(f"fk_journal_entries_{name}"), "journal_entries", named, [name], ["id"])
    op.add_column(
        "journal_entries",
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    check("source_and_reference", "journal_entries", "(source IS NULL) = (reference IS NULL)")
    op.create_unique_constraint(op.f("uq_journal_entries_source_reference"), "journal_entries", ["source", "reference"])
    op.create_unique_constraint(op.f("uq_journal_entries_settles_id"), "journal_entries", ["settles_id"])
    op.create_unique_constraint(op.f("uq_journal_entries_reverses_id"), "journal_entries", ["reverses_id"])
    op.create_index(
        "ix_journal_entries_about", "journal_entries", ["about_id"], postgresql_where=sa.text("about_id IS NOT NULL")
    )


def downgrade() -> None:
    """Only books without holds and payouts can go back: lines are never removed, and the older shape has no place for them."""
    for name in ("source", "reference", "posted_by_id", *NAMED, "recorded_at"):
        op.drop_column("journal_entries", name)
    for name in ("accountkind", "owner_when_personal", "hold_when_held", "owed_to_us"):
        op.drop_constraint(op.f(f"ck_ledger_accounts_{name}"), "ledger_accounts")
    # People's accounts are made together: those that never had a line can go.
    op.execute("ALTER TABLE ledger_accounts DISABLE TRIGGER ledger_accounts_unremoved")
    op.execute(
        "DELETE FROM ledger_accounts account WHERE kind = 'IN_TRANSIT'"
        " AND NOT EXISTS (SELECT FROM journal_lines WHERE account_id = account.id)"
    )
    op.execute("ALTER TABLE ledger_accounts ENABLE TRIGGER ledger_accounts_unremoved")
    listed = ", ".join(f"'{kind}'" for kind in BEFORE)
    check("accountkind", "ledger_accounts", f"kind IN ({listed})")
    check("owner_when_personal", "ledger_accounts", PERSONAL.replace("'IN_TRANSIT', ", ""))
    op.drop_index(op.f("ix_ledger_accounts_owner_id"), table_name="ledger_accounts")
    op.drop_index("uq_ledger_accounts_holder", table_name="ledger_accounts")
    op.create_unique_constraint(
        op.f("uq_ledger_accounts_owner_id_kind_currency"),
        "ledger_accounts",
        ["owner_id", "kind", "currency"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_column("ledger_accounts", "hold_id")
    op.drop_table("idempotency_keys")
    op.drop_table("holds")
