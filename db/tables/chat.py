"""What is said in rooms."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.row import BIG, Row, at_most


class Message(Row):
    """A line of chat. `sequence` is the place of its event in the room's log, so that reading by cursor misses nothing."""

    __tablename__ = "messages"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    sequence: Mapped[int] = mapped_column(BIG)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str]
    client_key: Mapped[str | None]
    sent_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (
        Index("uq_messages_room", "broadcast_id", "sequence", "id", unique=True),
        Index(
            "uq_messages_client_key",
            "broadcast_id",
            "author_id",
            "client_key",
            unique=True,
            postgresql_where=sql("client_key IS NOT NULL"),
        ),
        at_most("text", 500),
        at_most("client_key", 64),
    )
