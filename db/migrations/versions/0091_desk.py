"""The operators' desk: what a job is about, the audit log, and records that nobody can change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

ACTIONS = (
    *("STATUS_CHANGED", "JOB_RETRIED", "BALANCE_ADJUSTED", "ENTRY_REVERSED", "ROLE_GRANTED", "ROLE_TAKEN"),
    *("SUSPENDED", "REINSTATED", "VERIFIED", "UNVERIFIED"),
)
KEPT = ("status_changes", "operator_deeds")

# The first of these that a payload names is what its job is about. What is more particular comes first.
SUBJECTS = (
    ("payoutId", "Payout"),
    ("refundId", "Refund"),
    ("checkoutId", "Checkout"),
    ("linkId", "PaymentLink"),
    ("runId", "PayoutRun"),
    ("eventId", "WebhookEvent"),
    ("broadcastId", "Broadcast"),
    ("accountId", "ConnectedAccount"),
    ("userId", "User"),
)
UUID = "'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'"
NAMED = "\n".join(f"        WHEN payload ->> '{key}' ~ {UUID} THEN '{name}'" for key, name in SUBJECTS)
KEYS = "\n".join(f"        WHEN payload ->> '{key}' ~ {UUID} THEN (payload ->> '{key}')::uuid" for key, _ in SUBJECTS)

JOB_SUBJECT_TYPE = f"""
CREATE FUNCTION job_subject_type(payload jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
{NAMED}
    END
$$
"""
JOB_SUBJECT_ID = f"""
CREATE FUNCTION job_subject_id(payload jsonb) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
{KEYS}
    END
$$
"""

# What an entry that was made by hand is about is whose money it moved.
AUDIT_LOG = """
CREATE VIEW audit_log AS
SELECT id, action::text, actor_id, subject_type, subject_id, detail, occurred_at FROM operator_deeds
UNION ALL
SELECT id, CASE WHEN subject_type = 'Job' AND to_status = 'PENDING' THEN 'JOB_RETRIED' ELSE 'STATUS_CHANGED' END,
       changed_by_id, subject_type, subject_id,
       coalesce(from_status || ' -> ', '') || to_status || coalesce(': ' || nullif(reason, ''), ''), changed_at
FROM status_changes
UNION ALL
SELECT moved.id, CASE WHEN entry.reverses_id IS NULL THEN 'BALANCE_ADJUSTED' ELSE 'ENTRY_REVERSED' END,
       entry.posted_by_id, 'User', moved.owner_id,
       concat(moved.amount_minor::numeric
                  * CASE moved.currency WHEN 'JPY' THEN 1 WHEN 'USDC' THEN 0.000001 ELSE 0.01 END,
              ' ', moved.currency, ': ', entry.description),
       entry.recorded_at
FROM journal_entries entry JOIN transactions moved ON moved.entry_id = entry.id
WHERE entry.kind = 'ADJUSTMENT' OR (entry.reverses_id IS NOT NULL AND entry.kind <> 'PAYOUT')
"""


def upgrade() -> None:
    op.execute(JOB_SUBJECT_TYPE)
    op.execute(JOB_SUBJECT_ID)
    for name, kind in (("type", sa.Text()), ("id", sa.Uuid())):
        made = sa.Computed(f"job_subject_{name}(payload)", persisted=True)
        op.add_column("jobs", sa.Column(f"subject_{name}", kind, made, nullable=True))
    op.create_index("ix_jobs_created", "jobs", ["created_at", "id"])
    op.create_index("ix_jobs_parked", "jobs", ["created_at", "id"], postgresql_where=sa.text("status = 'PARKED'"))
    op.create_index("ix_users_created", "users", ["created_at", "id"])
    op.create_index("ix_status_changes_changed", "status_changes", ["changed_at", "id"])
    op.create_index(
        "ix_journal_entries_by_hand",
        "journal_entries",
        ["recorded_at", "id"],
        postgresql_where=sa.text("kind = 'ADJUSTMENT' OR (reverses_id IS NOT NULL AND kind <> 'PAYOUT')"),
    )
    op.create_table(
        "operator_deeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(*ACTIONS, name="auditaction", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column(
            "occurred_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_operator_deeds_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_deeds")),
    )
    op.create_index("ix_operator_deeds_occurred", "operator_deeds", ["occurred_at", "id"])
    op.execute(AUDIT_LOG)
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.execute("DROP VIEW audit_log")
    op.drop_table("operator_deeds")
    for name in ("unchanged", "kept"):
        op.execute(f"DROP TRIGGER status_changes_{name} ON status_changes")
    op.drop_index("ix_journal_entries_by_hand", table_name="journal_entries")
    op.drop_index("ix_status_changes_changed", table_name="status_changes")
    op.drop_index("ix_users_created", table_name="users")
    op.drop_index("ix_jobs_parked", table_name="jobs")
    op.drop_index("ix_jobs_created", table_name="jobs")
    for name in ("id", "type"):
        op.drop_column("jobs", f"subject_{name}")
        op.execute(f"DROP FUNCTION job_subject_{name}(jsonb)")
