"""Who may see which accounts somebody has elsewhere."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from db.access.viewer import Viewer
from db.tables import ConnectedAccount


def connected_account(row: type[ConnectedAccount], viewer: Viewer) -> ColumnElement[bool]:
    """Only the person whose it is, also after it was disconnected."""
    return row.user_id == viewer.id
