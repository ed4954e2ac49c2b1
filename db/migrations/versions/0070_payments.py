"""Payments: the inbox of webhooks, checkouts, tips, links with splits, and what goes back or is disputed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0060"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "GBP", "GHS", "JPY", "KES", "NGN", "USD", "USDC", "ZAR")
MOMENT = sa.DateTime(timezone=True)
JOBS = (
    "SEND_SIGN_IN_CODE",
    "END_SILENT_BROADCAST",
    "NOTIFY_FOLLOWERS",
    "DELETE_FILES",
    "REVOKE_ACCESS",
    "POLL_PLAYER",
    "LINK_TRACK",
    "PROCESS_WEBHOOK",
    "FOLLOW_CHECKOUT",
    "FOLLOW_PAYMENT_LINK",
    "SEND_REFUND",
)
KINDS = ("BROADCAST_STARTED", "NEW_FOLLOWER", "MADE_MODERATOR", "ACCOUNT_NEEDS_RECONNECT", "TIP_RECEIVED")
SUBJECTS = ("User", "Broadcast", "Message", "ConnectedAccount", "Tip")
# Table, column, name of the check, what it allows from now on, what it allowed before.
WORDS = (
    ("jobs", "kind", "jobkind", JOBS, JOBS[:7]),
    ("notifications", "kind", "notificationkind", KINDS, KINDS[:4]),
    ("notifications", "subject_type", "subjecttype", SUBJECTS, SUBJECTS[:4]),
    ("content_reports", "subject_type", "subjecttype", SUBJECTS, SUBJECTS[:4]),
)
TIP_TOTALS = """
CREATE OR REPLACE VIEW tip_totals AS
SELECT entry.subject_id AS broadcast_id, account.currency, (-sum(line.amount_minor))::bigint AS amount_minor
FROM journal_entries entry
JOIN journal_lines line ON line.entry_id = entry.id
JOIN ledger_accounts account ON account.id = line.account_id AND account.kind = 'CLEARING'
WHERE entry.kind {kinds} AND entry.subject_type = 'Broadcast'
GROUP BY entry.subject_id, account.currency
"""


def allow(table: str, column: str, check: str, words: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{check}"), table)
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(f"ck_{table}_{check}"), table, f"{column} IN ({listed})")


def word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    for table, column, check, words, _ in WORDS:
        allow(table, column, check, words)
    _make_inbox()
    _make_checkouts()
    _make_links()
    _make_payments()
    # What was given back, or lost in a dispute, was not tipped after all.
    op.execute(TIP_TOTALS.format(kinds="IN ('TIP', 'REFUND', 'DISPUTE')") + "HAVING sum(line.amount_minor) <> 0")


def _make_inbox() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", word("webhooksource", "STRIPE"), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column(
            "status",
            word("webhookstatus", "PENDING", "PROCESSED", "IGNORED", "UNKNOWN", "FAILED"),
            server_default="PENDING",
            nullable=False,
        ),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("processed_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_webhook_events_source_external_id")),
    )
    op.create_index("ix_webhook_events_received", "webhook_events", ["received_at", "id"])


def _make_checkouts() -> None:
    op.create_table(
        "checkouts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", word("checkoutsubject", "Tip"), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            word("checkoutstate", "OPENING", "OPEN", "PAID", "EXPIRED", "FAILED"),
            server_default="OPENING",
            nullable=False,
        ),
        sa.Column("vendor", word("paymentvendor", "STRIPE"), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("sealed_client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.CheckConstraint("(status = 'PAID') = (paid_at IS NOT NULL)", name=op.f("ck_checkouts_paid_when_paid")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_checkouts_something")),
        sa.CheckConstraint("char_length(description) <= 120", name=op.f("ck_checkouts_description_length")),
        sa.ForeignKeyConstraint(["payer_id"], ["users.id"], name=op.f("fk_checkouts_payer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkouts")),
        sa.UniqueConstraint("vendor", "vendor_id", name=op.f("uq_checkouts_vendor_vendor_id")),
    )
    op.create_index("ix_checkouts_payer", "checkouts", ["payer_id", "created_at", "id"])
    op.create_index(
        "uq_checkouts_waiting",
        "checkouts",
        ["subject_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('OPENING', 'OPEN')"),
    )
    op.create_table(
        "tips",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("broadcast_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("curator_id", sa.Uuid(), nullable=False),
        sa.Column("checkout_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            word("tipstatus", "AWAITING_PAYMENT", "PAID", "EXPIRED", "FAILED", "REFUNDED"),
            server_default="AWAITING_PAYMENT",
            nullable=False,
        ),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_basis_points", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_tips_something")),
        sa.CheckConstraint("char_length(note) <= 280", name=op.f("ck_tips_note_length")),
        sa.CheckConstraint("sender_id <> curator_id", name=op.f("ck_tips_for_somebody_else")),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_tips_broadcast_id")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkouts.id"], name=op.f("fk_tips_checkout_id")),
        sa.ForeignKeyConstraint(["curator_id"], ["users.id"], name=op.f("fk_tips_curator_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["users.id"], name=op.f("fk_tips_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tips")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_tips_checkout_id")),
    )
    op.create_index("ix_tips_broadcast", "tips", ["broadcast_id", "created_at", "id"])
    op.create_index("ix_tips_sender", "tips", ["sender_id", "created_at", "id"])


def _make_links() -> None:
    op.create_table(
        "payment_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_basis_points", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("vendor", word("paymentvendor", "STRIPE"), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("deactivated_at", MOMENT, nullable=True),
        sa.CheckConstraint("active = (deactivated_at IS NULL)", name=op.f("ck_payment_links_active_until")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_links_something")),
        sa.CheckConstraint("char_length(title) <= 120", name=op.f("ck_payment_links_title_length")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_payment_links_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_links")),
        sa.UniqueConstraint("vendor", "vendor_id", name=op.f("uq_payment_links_vendor_vendor_id")),
    )
    op.create_index("ix_payment_links_owner", "payment_links", ["owner_id", "created_at", "id"])
    op.create_table(
        "splits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_link_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=True),
        sa.Column("legal_name", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("ipi_number", sa.Text(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.CheckConstraint("char_length(ipi_number) <= 11", name=op.f("ck_splits_ipi_number_length")),
        sa.CheckConstraint("char_length(legal_name) <= 200", name=op.f("ck_splits_legal_name_length")),
        sa.CheckConstraint("char_length(role) <= 60", name=op.f("ck_splits_role_length")),
        sa.CheckConstraint("parts BETWEEN 1 AND 1000000", name=op.f("ck_splits_part_of_one")),
        sa.ForeignKeyConstraint(["payment_link_id"], ["payment_links.id"], name=op.f("fk_splits_payment_link_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["users.id"], name=op.f("fk_splits_recipient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_splits")),
        sa.UniqueConstraint("payment_link_id", "recipient_id", name=op.f("uq_splits_payment_link_id_recipient_id")),
    )
    op.create_index("ix_splits_payment_link", "splits", ["payment_link_id", "place", "id"])


def _make_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor", word("paymentvendor", "STRIPE"), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("checkout_id", sa.Uuid(), nullable=True),
        sa.Column("payment_link_id", sa.Uuid(), nullable=True),
        sa.Column("payer_id", sa.Uuid(), nullable=True),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(checkout_id IS NULL) <> (payment_link_id IS NULL)", name=op.f("ck_payments_by_one_way")),
        sa.CheckConstraint("(entry_id IS NULL) <> (hold_id IS NULL)", name=op.f("ck_payments_booked")),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payments_refunded_of_it")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkouts.id"], name=op.f("fk_payments_checkout_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_payments_entry_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_payments_hold_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["users.id"], name=op.f("fk_payments_payer_id")),
        sa.ForeignKeyConstraint(["payment_link_id"], ["payment_links.id"], name=op.f("fk_payments_payment_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("vendor", "vendor_id", name=op.f("uq_payments_vendor_vendor_id")),
    )
    op.create_index(op.f("ix_payments_checkout_id"), "payments", ["checkout_id"])
    op.create_index("ix_payments_received", "payments", ["received_at", "id"])
    op.create_index("ix_payments_link", "payments", ["payment_link_id", "received_at", "id"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status", word("refundstate", "REQUESTED", "SENT", "FAILED"), server_default="REQUESTED", nullable=False
        ),
        sa.Column("reason", word("refundreason", "REQUESTED", "DUPLICATE", "FRAUDULENT"), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("requested_by_id", sa.Uuid(), nullable=True),
        sa.Column("vendor_id", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("requested_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_something")),
        sa.CheckConstraint("char_length(note) <= 500", name=op.f("ck_refunds_note_length")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_refunds_entry_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_refunds_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("vendor_id", name=op.f("uq_refunds_vendor_id")),
    )
    op.create_index(op.f("ix_refunds_payment_id"), "refunds", ["payment_id"])
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=False),
        sa.Column("status", word("disputestatus", "OPEN", "WON", "LOST"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("currency", word("currency", *CURRENCIES), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("(status = 'OPEN') = (closed_at IS NULL)", name=op.f("ck_disputes_closed_when_decided")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entries.id"], name=op.f("fk_disputes_entry_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_disputes_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("vendor_id", name=op.f("uq_disputes_vendor_id")),
    )
    op.create_index(op.f("ix_disputes_payment_id"), "disputes", ["payment_id"])


def downgrade() -> None:
    op.execute(TIP_TOTALS.format(kinds="= 'TIP'"))
    for table in ("disputes", "refunds", "payments", "splits", "payment_links", "tips", "checkouts", "webhook_events"):
        op.drop_table(table)
    for table, column, check, _, words in WORDS:
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(f"DELETE FROM {table} WHERE {column} NOT IN ({listed})")  # noqa: S608 -- words of this file
        allow(table, column, check, words)
