"""The journal as each person sees it: what one entry does to one person, written by a trigger out of the lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0080"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
EARNINGS = ("TIP", "SALE", "BOOKING", "MISSION", "ROYALTY")
KINDS = (*EARNINGS, "FEE", "HOLD", "RELEASE", "REFUND", "DISPUTE", "PAYOUT", "ADJUSTMENT")

# Who is on the other side: the one person who gains what this one loses; or who paid or is to get held money; or who paid
# from outside. What it was earned by: its own kind; for held money what it was held for; for what follows from an entry
# what that one was. What was tipped in a room and what is the platform's own doing (adjustments, payouts) keep to this.
WRITE = """
WITH part AS (
    SELECT (array_agg(line.id ORDER BY line.id))[1] AS id, line.entry_id, account.owner_id, account.currency,
           sum(line.amount_minor)::bigint AS amount_minor
    FROM {lines} line JOIN ledger_accounts account ON account.id = line.account_id
    WHERE account.kind IN ('AVAILABLE', 'PENDING', 'WITHHELD', 'IN_TRANSIT', 'RECEIVABLE')
    GROUP BY line.entry_id, account.owner_id, account.currency
)
INSERT INTO transactions (id, entry_id, owner_id, kind, currency, amount_minor, occurred_at, description, subject_type,
                          subject_id, counterparty_id, earned_as)
SELECT part.id, part.entry_id, part.owner_id, entry.kind, part.currency, part.amount_minor, entry.occurred_at,
       entry.description, entry.subject_type, entry.subject_id,
       CASE WHEN entry.kind NOT IN ('ADJUSTMENT', 'PAYOUT', 'FEE') THEN coalesce(
           (SELECT (array_agg(other.owner_id))[1] FROM part other
            WHERE other.entry_id = part.entry_id AND other.currency = part.currency
              AND sign(other.amount_minor) = -sign(part.amount_minor) AND part.amount_minor <> 0
            HAVING count(*) = 1),
           (SELECT CASE WHEN hold.payer_id = part.owner_id THEN hold.payee_id ELSE hold.payer_id END
            FROM journal_lines line JOIN ledger_accounts account ON account.id = line.account_id
            JOIN holds hold ON hold.id = account.hold_id
            WHERE line.entry_id = coalesce(entry.about_id, entry.id) LIMIT 1),
           (SELECT nullif(root.posted_by_id, part.owner_id) FROM journal_entries root
            WHERE root.id = coalesce(entry.about_id, entry.id) AND root.kind IN ('TIP', 'SALE', 'BOOKING', 'MISSION'))
       ) END,
       CASE WHEN entry.kind IN ('TIP', 'SALE', 'BOOKING', 'MISSION', 'ROYALTY') THEN entry.kind
            WHEN entry.kind IN ('RELEASE', 'REFUND', 'DISPUTE') AND entry.about_id IS NOT NULL THEN
                (SELECT earlier.earned_as FROM transactions earlier WHERE earlier.entry_id = entry.about_id
                 AND earlier.owner_id = part.owner_id AND earlier.currency = part.currency)
            WHEN entry.kind = 'RELEASE' THEN CASE entry.subject_type WHEN 'Mission' THEN 'MISSION' WHEN 'Tip' THEN 'TIP'
                WHEN 'Broadcast' THEN 'TIP' WHEN 'Booking' THEN 'BOOKING' ELSE 'SALE' END
       END
FROM part JOIN journal_entries entry ON entry.id = part.entry_id
ON CONFLICT (entry_id, owner_id, currency)
DO UPDATE SET amount_minor = transactions.amount_minor + EXCLUDED.amount_minor
"""

BOOKED = """
(SELECT line.* FROM journal_lines line JOIN journal_entries entry ON entry.id = line.entry_id AND entry.about_id {named})
"""

NOTE = f"""
CREATE FUNCTION note_transactions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {WRITE.format(lines="added")};
    RETURN NULL;
END $$
"""

# Nobody writes these rows but the trigger above, which runs one level deep.
GUARD = """
CREATE FUNCTION guard_transactions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'transactions follow from journal lines only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", word("entrykind", *KINDS), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("counterparty_id", sa.Uuid(), nullable=True),
        sa.Column("earned_as", word("earningssource", *EARNINGS), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_transactions_entry_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_transactions_owner_id")),
        sa.ForeignKeyConstraint(["counterparty_id"], ["users.id"], name=op.f("fk_transactions_counterparty_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint(
            "entry_id", "owner_id", "currency", name=op.f("uq_transactions_entry_id_owner_id_currency")
        ),
    )
    op.create_index("ix_transactions_owner", "transactions", ["owner_id", "occurred_at", "id"])
    # What is booked already: first the entries that stand alone, then those that take their source from one of them.
    for named in ("IS NULL", "IS NOT NULL"):
        op.execute(WRITE.format(lines=BOOKED.format(named=named)))
    op.execute(NOTE)
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER journal_lines_shown AFTER INSERT ON journal_lines REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION note_transactions()"
    )
    op.execute(
        "CREATE TRIGGER transactions_guarded BEFORE INSERT OR UPDATE OR DELETE ON transactions "
        "FOR EACH ROW EXECUTE FUNCTION guard_transactions()"
    )
    op.execute(
        "CREATE TRIGGER transactions_kept BEFORE TRUNCATE ON transactions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER journal_lines_shown ON journal_lines")
    op.drop_table("transactions")
    op.execute("DROP FUNCTION guard_transactions()")
    op.execute("DROP FUNCTION note_transactions()")
