"""What two people are to each other, as SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists

from db.access.viewer import Viewer
from db.tables import Block, Follow, User


def viewer_is_following(user: type[User], viewer: Viewer) -> ColumnElement[bool]:
    """Whether the person who reads follows this one; false for a stranger."""
    return exists().where(Follow.follower_id == viewer.id, Follow.followee_id == user.id).correlate(user)


def viewer_is_blocking(user: type[User], viewer: Viewer) -> ColumnElement[bool]:
    """Whether the person who reads has blocked this one; false for a stranger."""
    return exists().where(Block.blocker_id == viewer.id, Block.blocked_id == user.id).correlate(user)


def viewer_is_blocked(user: type[User], viewer: Viewer) -> ColumnElement[bool]:
    """Whether this person has blocked the one who reads. For conditions only: it is nobody's to see."""
    return exists().where(Block.blocker_id == user.id, Block.blocked_id == viewer.id).correlate(user)
