"""The ledger: entries whose lines sum to zero, and the balances that they make.

Nothing here is ever changed or removed; triggers of the first migration see to it, and keep `balance_minor` equal to
the sum of an account's lines.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, enum_column
from domain.money import AccountKind, Currency, EntryKind


class LedgerAccount(Row):
    """A person's or the platform's account in one currency. Balances are in minor units; what is owed to somebody is positive."""

    __tablename__ = "ledger_accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    balance_minor: Mapped[int] = mapped_column(BIG, server_default=text("0"))
    __table_args__ = (
        UniqueConstraint("owner_id", "kind", "currency", postgresql_nulls_not_distinct=True),
        CheckConstraint("kind IN ('FEES', 'CLEARING', 'RECEIVABLE') OR balance_minor >= 0", name="not_overdrawn"),
        CheckConstraint(
            "(owner_id IS NOT NULL) = (kind IN ('AVAILABLE', 'PENDING', 'WITHHELD', 'RECEIVABLE')) OR kind = 'HOLD'",
            name="owner_when_personal",
        ),
    )


class JournalEntry(Row):
    """One movement of money."""

    __tablename__ = "journal_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[EntryKind] = mapped_column(enum_column(EntryKind))
    description: Mapped[str]
    subject_type: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (Index("ix_journal_entries_subject", "subject_id", "kind"),)


class JournalLine(Row):
    """What one movement does to one account, in minor units of its currency."""

    __tablename__ = "journal_lines"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_accounts.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BIG)
    __table_args__ = (CheckConstraint("amount_minor <> 0", name="not_zero"),)
