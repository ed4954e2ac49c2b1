"""The journal as each person sees it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, enum_column
from domain.money import Currency, EntryKind
from domain.wallet import EarningsSource


class Transaction(Row):
    """What one entry does to one person, over all their accounts in a currency; held money is nobody's until it is released.

    A trigger writes these rows out of the lines, and nothing else does: they are there so that a page of them is one
    walk along an index, however long the journal is.
    """

    __tablename__ = "transactions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[EntryKind] = mapped_column(enum_column(EntryKind))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    occurred_at: Mapped[datetime]
    description: Mapped[str]
    subject_type: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    counterparty_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    earned_as: Mapped[EarningsSource | None] = mapped_column(enum_column(EarningsSource))
    """What it was earned by, or what of such earnings it takes back; empty for everything else."""

    __table_args__ = (
        UniqueConstraint("entry_id", "owner_id", "currency"),
        Index("ix_transactions_owner", "owner_id", "occurred_at", "id"),
    )
