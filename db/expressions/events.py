"""Where a log stands, as SQL."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Text, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from db.tables import Topic


def event_cursor(key: InstrumentedAttribute[UUID], kind: str) -> ColumnElement[str]:
    """The cursor of the newest event in a row's log, such as ``evt_0c5e1f7a9b21_42``; ``schema/live.py`` reads it.

    Args:
        key: The column with the row's id.
        kind: What the names of such logs begin with, as in `domain/events.py`: ``broadcast`` or ``user``.
    """
    key_text = key.cast(Text)
    head = select(Topic.head).where(Topic.name == literal(f"{kind}:") + key_text).correlate_except(Topic)
    number = func.coalesce(head.scalar_subquery(), 0).cast(Text)
    return literal("evt_") + func.right(key_text, 12, type_=Text()) + "_" + number
