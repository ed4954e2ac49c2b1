"""Addresses where anybody may pay, and how what is paid is split."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.checkouts import PaymentVendor
from domain.money import Currency


class PaymentLink(Row):
    """An address where anybody may pay one amount, any number of times; `url` is empty until the vendor has made it."""

    __tablename__ = "payment_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    fee_basis_points: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    vendor: Mapped[PaymentVendor] = mapped_column(enum_column(PaymentVendor))
    vendor_id: Mapped[str | None]
    url: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    deactivated_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_payment_links_owner", "owner_id", "created_at", "id"),
        UniqueConstraint("vendor", "vendor_id"),
        CheckConstraint("amount_minor > 0", name="something"),
        CheckConstraint("active = (deactivated_at IS NULL)", name="active_until"),
        at_most("title", 120),
    )


class Split(Row):
    """Who gets what part of something, in parts per million."""

    __tablename__ = "splits"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_link_id: Mapped[UUID] = mapped_column(ForeignKey("payment_links.id"))
    place: Mapped[int]
    recipient_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    legal_name: Mapped[str | None]
    role: Mapped[str | None]
    ipi_number: Mapped[str | None]
    parts: Mapped[int]
    __table_args__ = (
        Index("ix_splits_payment_link", "payment_link_id", "place", "id"),
        UniqueConstraint("payment_link_id", "recipient_id"),
        CheckConstraint("parts BETWEEN 1 AND 1000000", name="part_of_one"),
        at_most("legal_name", 200),
        at_most("role", 60),
        at_most("ipi_number", 11),
    )
