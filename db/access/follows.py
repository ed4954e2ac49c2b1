"""Whom somebody finds, and whose reports they see."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_

from db.access.viewer import Viewer
from db.expressions.follows import viewer_is_blocked, viewer_is_blocking
from db.tables import ContentReport, User


def findable(user: type[User], viewer: Viewer) -> ColumnElement[bool]:
    """People who have not left, are not suspended, and do not stand apart from the viewer by a block of either."""
    return and_(
        user.deleted_at.is_(None),
        ~user.suspended,
        ~viewer_is_blocking(user, viewer),
        ~viewer_is_blocked(user, viewer),
    )


def content_report(report: type[ContentReport], viewer: Viewer) -> ColumnElement[bool]:
    """One's own reports."""
    return report.reporter_id == viewer.id
