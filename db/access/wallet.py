"""Who may see what moved somebody's money."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from db.access.viewer import Viewer
from db.tables import Transaction


def transaction(row: type[Transaction], viewer: Viewer) -> ColumnElement[bool]:
    """Only the person whose money it is; operators read the books as a whole, not somebody's wallet."""
    return row.owner_id == viewer.id
