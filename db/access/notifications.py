"""Whose news somebody sees."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from db.access.viewer import Viewer
from db.tables import Notification


def notification(row: type[Notification], viewer: Viewer) -> ColumnElement[bool]:
    """One's own."""
    return row.user_id == viewer.id
