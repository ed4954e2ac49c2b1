"""Money that came in, and what of it goes back or is disputed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.checkouts import PaymentVendor
from domain.money import Currency
from domain.payments import DisputeStatus, RefundReason
from domain.refunds import RefundState


class Payment(Row):
    """Money that came in once: by a checkout or a link, booked as an entry or, where nothing waits for it, as held."""

    __tablename__ = "payments"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    vendor: Mapped[PaymentVendor] = mapped_column(enum_column(PaymentVendor))
    vendor_id: Mapped[str]
    charge_id: Mapped[str | None]
    checkout_id: Mapped[UUID | None] = mapped_column(ForeignKey("checkouts.id"), index=True)
    payment_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_links.id"))
    payer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    refunded_minor: Mapped[int] = mapped_column(BIG, server_default=text("0"))
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"))
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("holds.id"), unique=True)
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (
        UniqueConstraint("vendor", "vendor_id"),
        Index("ix_payments_received", "received_at", "id"),
        Index("ix_payments_link", "payment_link_id", "received_at", "id"),
        CheckConstraint("(checkout_id IS NULL) <> (payment_link_id IS NULL)", name="by_one_way"),
        CheckConstraint("(entry_id IS NULL) <> (hold_id IS NULL)", name="booked"),
        CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded_of_it"),
    )


class Refund(Row):
    """Money back to who paid. Its id is the key with which the vendor is asked; without one of ours it began there."""

    __tablename__ = "refunds"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    status: Mapped[RefundState] = mapped_column(enum_column(RefundState), server_default=RefundState.REQUESTED.value)
    reason: Mapped[RefundReason] = mapped_column(enum_column(RefundReason))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    note: Mapped[str | None]
    requested_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    vendor_id: Mapped[str | None] = mapped_column(unique=True)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"))
    failure_code: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    """How often the processor had not enough money for it. A no is kept under its key: each try has its own."""

    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    settled_at: Mapped[datetime | None]
    __table_args__ = (CheckConstraint("amount_minor > 0", name="something"), at_most("note", 500))


class Dispute(Row):
    """A payment that the payer's bank takes back, until it is decided who is right."""

    __tablename__ = "disputes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    vendor_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[DisputeStatus] = mapped_column(enum_column(DisputeStatus))
    reason: Mapped[str]
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"))
    """The entry that withheld the money; empty when nothing was left to withhold."""

    opened_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    closed_at: Mapped[datetime | None]
    __table_args__ = (CheckConstraint("(status = 'OPEN') = (closed_at IS NULL)", name="closed_when_decided"),)
