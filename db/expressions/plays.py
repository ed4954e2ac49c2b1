"""What fields about plays compute in SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, null

from db.access.viewer import Viewer
from db.tables import PlayRow


def artist(play: type[PlayRow], viewer: Viewer) -> ColumnElement[str]:
    """Who made the track, as the software has it; many a file has no tags."""
    return func.coalesce(play.artist, literal_column("'Unknown artist'", Text()))


def artwork(play: type[PlayRow], viewer: Viewer) -> ColumnElement[str | None]:
    """No history has pictures."""
    return cast(null(), Text)
