"""Tips."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most, enum_column
from domain.money import Currency
from domain.tips import TipStatus


class Tip(Row):
    """Thanks in money for a curator, given in a room. The fee is the one that held when it was given."""

    __tablename__ = "tips"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    sender_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    curator_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    checkout_id: Mapped[UUID] = mapped_column(ForeignKey("checkouts.id"), unique=True)
    status: Mapped[TipStatus] = mapped_column(enum_column(TipStatus), server_default=TipStatus.AWAITING_PAYMENT.value)
    currency: Mapped[Currency] = mapped_column(enum_column(Currency))
    amount_minor: Mapped[int] = mapped_column(BIG)
    fee_basis_points: Mapped[int]
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    paid_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_tips_broadcast", "broadcast_id", "created_at", "id"),
        Index("ix_tips_sender", "sender_id", "created_at", "id"),
        CheckConstraint("amount_minor > 0", name="something"),
        CheckConstraint("sender_id <> curator_id", name="for_somebody_else"),
        at_most("note", 280),
    )
