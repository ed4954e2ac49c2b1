"""What fields about somebody's news compute in SQL."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from db.access.viewer import Viewer
from db.tables import Notification, NotificationSettings, User

Setting = InstrumentedAttribute[bool]


def unread_count(user: type[User], viewer: Viewer) -> ColumnElement[int]:
    """How many notifications somebody has not seen."""
    unread = select(func.count()).where(Notification.user_id == user.id, Notification.read_at.is_(None))
    return unread.correlate(user).scalar_subquery()


def wants(setting: Setting) -> Callable[[type[User], Viewer], ColumnElement[bool]]:
    """Make the expression that says whether somebody wants such news: their setting, or without one the default."""
    default = NotificationSettings.__table__.columns[setting.key].server_default

    def wanted(user: type[User], viewer: Viewer) -> ColumnElement[bool]:
        chosen = select(setting).where(NotificationSettings.user_id == user.id).correlate(user).scalar_subquery()
        return func.coalesce(chosen, literal_column(str(default.arg)))

    return wanted
