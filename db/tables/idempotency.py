"""What was asked for with which key, so that asking again gives the same answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import Row, at_most


class IdempotencyKey(Row):
    """One person's key for one kind of deed: a hash of the input that came with it, and the id of what it made."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_hash: Mapped[bytes]
    answer_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    __table_args__ = (at_most("key", 200),)
