"""What fields about people compute in SQL."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ARRAY, Boolean, ColumnElement, Text, and_, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from db.access.viewer import Viewer
from db.tables import Identity, MusicPreferences, Session, User
from domain.accounts import REFRESH_TOKEN_DAYS, Channel


def email(user: type[User], viewer: Viewer) -> ColumnElement[str | None]:
    """The e-mail address that somebody has verified; null without one."""
    return _address(user, Channel.EMAIL)


def phone(user: type[User], viewer: Viewer) -> ColumnElement[str | None]:
    """The number that somebody has verified; null without one."""
    return _address(user, Channel.SMS)


def _address(user: type[User], channel: Channel) -> ColumnElement[str | None]:
    found = select(Identity.address).where(Identity.user_id == user.id, Identity.channel == channel)
    return found.order_by(Identity.verified_at, Identity.id).limit(1).correlate(user).scalar_subquery()


def sign_in_methods(user: type[User], viewer: Viewer) -> ColumnElement[list[Channel]]:
    """What somebody can sign in with, the oldest first, each once."""
    kinds = (
        select(Identity.channel, func.min(cast(Identity.id, Text)).label("first"))
        .where(Identity.user_id == user.id)
        .group_by(Identity.channel)
        .correlate(user)
        .subquery()
    )
    listed = select(func.array_agg(aggregate_order_by(cast(kinds.c.channel, Text), kinds.c.first)))
    return func.coalesce(listed.scalar_subquery(), cast(literal_column("'{}'"), ARRAY(Text)))


def is_placed(user: type[User], viewer: Viewer) -> ColumnElement[bool]:
    """Whether somebody says anything about where they are."""
    return or_(user.city.is_not(None), user.country_code.is_not(None), user.latitude.is_not(None))


def favorite_genres(user: type[User], viewer: Viewer) -> ColumnElement[list[str]]:
    """What somebody likes to hear; nothing until they say it."""
    found = select(MusicPreferences.favorite_genres).where(MusicPreferences.user_id == user.id)
    return func.coalesce(found.correlate(user).scalar_subquery(), cast(literal_column("'{}'"), ARRAY(Text)))


def explicit_content(user: type[User], viewer: Viewer) -> ColumnElement[bool]:
    """Whether somebody wants explicit tracks; yes until they say no."""
    found = select(MusicPreferences.explicit_content).where(MusicPreferences.user_id == user.id)
    return func.coalesce(found.correlate(user).scalar_subquery(), cast(literal_column("true"), Boolean))


def is_open(session: type[Session]) -> ColumnElement[bool]:
    """Whether a session can still be gone on with: not revoked, and its refresh token not too old."""
    last = func.now() - timedelta(days=REFRESH_TOKEN_DAYS)
    return and_(session.revoked_at.is_(None), session.last_seen_at > last)
