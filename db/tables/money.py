"""The ledger: entries whose lines sum to zero, and the balances that they make; and money that is held.

Entries and lines are never changed or removed; triggers of the first migrations see to it, and keep `balance_minor`
equal to the sum of an account's lines.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, enum_column
from domain.ledger import HoldStatus
from domain.money import AccountKind, Currency, EntryKind

HOLDER = "COALESCE(hold_id, owner_id, '00000000-0000-0000-0000-000000000000'::uuid)"
"""Whose an account is, as SQL."""


class Hold(Row):
    """Money that waits for something to be done: it is released to those who did it, or returned, never both.

    Who pays is empty for money that came from outside; whom it is meant for is empty while that is open.
    """

    __tablename__ = "holds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[HoldStatus] = mapped_column(enum_column(HoldStatus), server_default=HoldStatus.HELD)
    subject_type: Mapped[str]
    subject_id: Mapped[UUID] = mapped_column(index=True)
    payer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    payee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (CheckConstraint("amount_minor > 0", name="something"),)


class LedgerAccount(Row):
    """A person's or the platform's account in one currency. Balances are in minor units; what is owed to somebody is positive."""

    __tablename__ = "ledger_accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("holds.id"))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    balance_minor: Mapped[int] = mapped_column(BIG, server_default=text("0"))
    __table_args__ = (
        # Whose it is, never empty: the hold's, the person's, or nobody's. As an expression and not as columns, since
        # PostgreSQL locks a row whose update may concern a unique column against those that refer to it: each line refers
        # to its account, and two postings that have written theirs would wait for each other.
        Index("uq_ledger_accounts_holder", text(HOLDER), "kind", "currency", unique=True),
        CheckConstraint("kind IN ('FEES', 'CLEARING', 'RECEIVABLE') OR balance_minor >= 0", name="not_overdrawn"),
        CheckConstraint("kind <> 'RECEIVABLE' OR balance_minor <= 0", name="owed_to_us"),
        CheckConstraint(
            "(owner_id IS NOT NULL) = (kind IN ('AVAILABLE', 'PENDING', 'WITHHELD', 'IN_TRANSIT', 'RECEIVABLE')) "
            "OR kind = 'HOLD'",
            name="owner_when_personal",
        ),
        CheckConstraint("(hold_id IS NOT NULL) = (kind = 'HOLD')", name="hold_when_held"),
    )


class JournalEntry(Row):
    """One movement of money.

    `source` and `reference` name the event outside that it follows from, which is booked once; `about_id` the entry of
    which it moves money again or takes some back, `settles_id` the one that it ends, `reverses_id` the one that it mirrors.
    """

    __tablename__ = "journal_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[EntryKind] = mapped_column(enum_column(EntryKind))
    description: Mapped[str]
    subject_type: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    recorded_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    posted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    source: Mapped[str | None]
    reference: Mapped[str | None]
    about_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"))
    settles_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"))
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"))
    __table_args__ = (
        Index("ix_journal_entries_subject", "subject_id", "kind"),
        Index("ix_journal_entries_about", "about_id", postgresql_where=text("about_id IS NOT NULL")),
        Index(
            "ix_journal_entries_by_hand",
            "recorded_at",
            "id",
            postgresql_where=text("kind = 'ADJUSTMENT' OR (reverses_id IS NOT NULL AND kind <> 'PAYOUT')"),
        ),
        UniqueConstraint("source", "reference"),
        UniqueConstraint("settles_id"),
        UniqueConstraint("reverses_id"),
        CheckConstraint("(source IS NULL) = (reference IS NULL)", name="source_and_reference"),
    )


class JournalLine(Row):
    """What one movement does to one account, in minor units of its currency."""

    __tablename__ = "journal_lines"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_accounts.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BIG)
    __table_args__ = (CheckConstraint("amount_minor <> 0", name="not_zero"),)
