"""What two people are to each other, as SQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, exists, func, or_
from sqlalchemy.dialects.postgresql import TSQUERY

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


def apart(one: Any, other: ColumnElement[UUID] | UUID) -> ColumnElement[bool]:
    """Whether either of two people blocks the other; each is a column or an id."""
    either = or_(
        and_(Block.blocker_id == one, Block.blocked_id == other),
        and_(Block.blocker_id == other, Block.blocked_id == one),
    )
    return exists().where(either).correlate_except(Block)


def matches(user: type[User], text: str) -> ColumnElement[bool]:
    """Whether a username begins with a text, or the words of the names begin with its last word and have all the others.

    Both sides are folded by `folded` of the database: case, accents and width make no difference. Usernames are compared
    as a range of bytes, which an index serves whatever is typed, and which knows no wildcards.

    Args:
        user: Whose names.
        text: What was typed, or the parameter that stands for it. PostgreSQL refuses it with `invalid_parameter_value`
            when there is nothing in it to look for, or more than 100 characters.
    """
    start = func.btrim(func.folded(text), " @", type_=Text())
    begins = and_(
        user.username.op("~>=~", is_comparison=True)(start),
        # No username has a character as high as the tilde.
        user.username.op("~<~", is_comparison=True)(func.textcat(start, "~", type_=Text())),
    )
    return or_(user.words.op("@@", is_comparison=True)(func.search_query(text, type_=TSQUERY())), begins)
