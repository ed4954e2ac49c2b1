"""Sums of the ledger, as PostgreSQL views. `CREATE_VIEWS` is what the first migration runs."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, enum_column
from domain.money import Currency


class Balance(Row):
    """What one person has in one currency."""

    __tablename__ = "balances"

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[Currency] = mapped_column(enum_column(Currency), primary_key=True)
    available_minor: Mapped[int] = mapped_column(BIG)
    pending_minor: Mapped[int] = mapped_column(BIG)
    withheld_minor: Mapped[int] = mapped_column(BIG)
    __table_args__ = {"info": {"view": True}}


class PayoutTotal(Row):
    """What one run plans to pay in one currency."""

    __tablename__ = "payout_totals"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[Currency] = mapped_column(enum_column(Currency), primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BIG)
    __table_args__ = {"info": {"view": True}}


class TipTotal(Row):
    """What was tipped in one room in one currency, before fees."""

    __tablename__ = "tip_totals"

    broadcast_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[Currency] = mapped_column(enum_column(Currency), primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BIG)
    __table_args__ = {"info": {"view": True}}
