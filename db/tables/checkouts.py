"""What waits for money: a page of a vendor's to pay at."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.checkouts import CheckoutState, CheckoutSubject, PaymentVendor
from domain.money import Currency


class Checkout(Row):
    """One page to pay at, for one thing that waits.

    The row is there before the vendor is asked, and its id is the key and the reference with which the vendor is asked,
    so that one row is one page whatever is lost on the way.
    """

    __tablename__ = "checkouts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    subject_type: Mapped[CheckoutSubject] = mapped_column(enum_column(CheckoutSubject))
    subject_id: Mapped[UUID]
    status: Mapped[CheckoutState] = mapped_column(
        enum_column(CheckoutState), server_default=CheckoutState.OPENING.value
    )
    vendor: Mapped[PaymentVendor] = mapped_column(enum_column(PaymentVendor))
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    description: Mapped[str]
    return_to: Mapped[str]
    """Where the payer's browser goes afterwards: the vendor is asked with the same words each time."""

    vendor_id: Mapped[str | None]
    url: Mapped[str | None]
    sealed_client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    failure_code: Mapped[str | None]
    """The vendor's own word for why the page could not be opened."""

    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_checkouts_payer", "payer_id", "created_at", "id"),
        Index(
            "uq_checkouts_waiting",
            "subject_id",
            unique=True,
            postgresql_where=text("status IN ('OPENING', 'OPEN')"),
        ),
        UniqueConstraint("vendor", "vendor_id"),
        CheckConstraint("amount_minor > 0", name="something"),
        CheckConstraint("(status = 'PAID') = (paid_at IS NOT NULL)", name="paid_when_paid"),
        at_most("description", 120),
    )
