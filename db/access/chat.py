"""Who may see what is said."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, select

from db.access.viewer import Viewer
from db.tables import Block, Message


def message(row: type[Message], viewer: Viewer) -> ColumnElement[bool]:
    """Messages that were not deleted, but for those of people whom the viewer blocks.

    The list of blocked people does not depend on the row: PostgreSQL reads it once for the whole statement.
    """
    blocked = select(Block.blocked_id).where(Block.blocker_id == viewer.id).scalar_subquery()
    return and_(row.deleted_at.is_(None), row.author_id != func.all(func.array(blocked)))
