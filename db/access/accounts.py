"""Who may see what belongs to one person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from db.access.viewer import Viewer


def own(row: Any, viewer: Viewer) -> ColumnElement[bool]:
    """Only the person whose it is: rows with a `user_id`."""
    mine: ColumnElement[bool] = row.user_id == viewer.id
    return mine
