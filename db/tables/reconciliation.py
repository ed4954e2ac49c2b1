"""The vendors' journals beside ours, and where they differ."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.checkouts import PaymentVendor
from domain.money import Currency
from domain.reconciliation import CaseKind, CaseStatus


class VendorMovement(Row):
    """One line of a vendor's journal, as it was read: `reference` is what it follows from, or its own id."""

    __tablename__ = "vendor_movements"

    vendor: Mapped[PaymentVendor] = mapped_column(enum_column(PaymentVendor), primary_key=True)
    vendor_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    reference: Mapped[str]
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    fee_minor: Mapped[int] = mapped_column(BIG)
    occurred_at: Mapped[datetime]
    __table_args__ = (Index("ix_vendor_movements_reference", "vendor", "reference"),)


class VendorJournal(Row):
    """How far a vendor's journal was read."""

    __tablename__ = "vendor_journals"

    vendor: Mapped[PaymentVendor] = mapped_column(enum_column(PaymentVendor), primary_key=True)
    read_until: Mapped[datetime]


class ReconciliationCase(Row):
    """One difference between a vendor's journal and ours, opened once; amounts are what came in, less than 0 what went."""

    __tablename__ = "reconciliation_cases"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    vendor: Mapped[PaymentVendor] = mapped_column(enum_column(PaymentVendor))
    reference: Mapped[str]
    kind: Mapped[CaseKind] = mapped_column(enum_column(CaseKind))
    status: Mapped[CaseStatus] = mapped_column(enum_column(CaseStatus), server_default=CaseStatus.OPEN.value)
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    vendor_minor: Mapped[int | None] = mapped_column(BIG)
    ledger_minor: Mapped[int | None] = mapped_column(BIG)
    occurred_at: Mapped[datetime]
    opened_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("vendor", "reference", "currency"),
        Index("ix_reconciliation_cases_opened", "opened_at", "id"),
        CheckConstraint("(status = 'OPEN') = (closed_at IS NULL)", name="closed_when_over"),
        CheckConstraint("status <> 'CLOSED' OR reason IS NOT NULL", name="closed_with_reason"),
        at_most("reason", 500),
    )
