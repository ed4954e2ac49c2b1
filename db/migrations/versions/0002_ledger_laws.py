"""The ledger's laws: entries balance, nothing is changed or removed, balances follow their lines."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the journal is only added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

APPLY_LINE = """
CREATE FUNCTION apply_journal_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_accounts SET balance_minor = balance_minor + NEW.amount_minor WHERE id = NEW.account_id;
    RETURN NULL;
END $$
"""

# Runs at the commit, for the entry and for each of its lines: a lone entry and a late line are both caught.
CHECK_ENTRY = """
CREATE FUNCTION check_journal_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked uuid := CASE TG_TABLE_NAME WHEN 'journal_entries' THEN (to_jsonb(NEW) ->> 'id')::uuid
                                       ELSE (to_jsonb(NEW) ->> 'entry_id')::uuid END;
    lines integer;
    worst bigint;
BEGIN
    SELECT coalesce(sum(part.lines), 0), max(abs(part.total)) INTO lines, worst FROM (
        SELECT count(*) AS lines, sum(line.amount_minor) AS total
        FROM journal_lines line JOIN ledger_accounts account ON account.id = line.account_id
        WHERE line.entry_id = checked GROUP BY account.currency) part;
    IF lines < 2 OR worst <> 0 THEN
        RAISE EXCEPTION 'journal entry % does not balance (% lines, off by %)', checked, lines, worst
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""

# A balance is what its lines say: nobody writes it but the trigger above, which runs one level deep.
GUARD_BALANCE = """
CREATE FUNCTION guard_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 AND (TG_OP = 'INSERT' AND NEW.balance_minor <> 0
                                   OR TG_OP = 'UPDATE' AND NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'a balance changes through journal lines only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

BALANCES = """
CREATE VIEW balances AS
SELECT owner_id, currency,
       coalesce(sum(balance_minor) FILTER (WHERE kind = 'AVAILABLE'), 0)::bigint AS available_minor,
       coalesce(sum(balance_minor) FILTER (WHERE kind IN ('PENDING', 'HOLD')), 0)::bigint AS pending_minor,
       coalesce(sum(balance_minor) FILTER (WHERE kind = 'WITHHELD'), 0)::bigint AS withheld_minor
FROM ledger_accounts
WHERE owner_id IS NOT NULL
GROUP BY owner_id, currency
"""

# What came in from outside for tips of a room; money that comes in is a negative line of the clearing account.
TIP_TOTALS = """
CREATE VIEW tip_totals AS
SELECT entry.subject_id AS broadcast_id, account.currency, (-sum(line.amount_minor))::bigint AS amount_minor
FROM journal_entries entry
JOIN journal_lines line ON line.entry_id = entry.id
JOIN ledger_accounts account ON account.id = line.account_id AND account.kind = 'CLEARING'
WHERE entry.kind = 'TIP' AND entry.subject_type = 'Broadcast'
GROUP BY entry.subject_id, account.currency
"""


def upgrade() -> None:
    for text in (REFUSE_CHANGE, APPLY_LINE, CHECK_ENTRY, GUARD_BALANCE, BALANCES, TIP_TOTALS):
        op.execute(text)
    for table in ("journal_entries", "journal_lines"):
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_journal_entry()"
        )
    op.execute(
        "CREATE TRIGGER journal_lines_applied AFTER INSERT ON journal_lines FOR EACH ROW EXECUTE FUNCTION apply_journal_line()"
    )
    op.execute(
        "CREATE TRIGGER ledger_accounts_guarded BEFORE INSERT OR UPDATE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION guard_balance()"
    )
    op.execute(
        "CREATE TRIGGER ledger_accounts_unremoved BEFORE DELETE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER ledger_accounts_kept BEFORE TRUNCATE ON ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP VIEW tip_totals")
    op.execute("DROP VIEW balances")
    op.execute("DROP TRIGGER journal_lines_applied ON journal_lines")
    for name in ("guarded", "unremoved", "kept"):
        op.execute(f"DROP TRIGGER ledger_accounts_{name} ON ledger_accounts")
    for table in ("journal_entries", "journal_lines"):
        for name in ("unchanged", "kept", "balanced"):
            op.execute(f"DROP TRIGGER {table}_{name} ON {table}")
    for function in ("guard_balance", "check_journal_entry", "apply_journal_line", "refuse_change"):
        op.execute(f"DROP FUNCTION {function}()")
