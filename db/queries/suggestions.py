"""Whom somebody may like to follow, out of four short lists, so that the cost does not grow with the platform."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, CTE, ColumnElement, Select, Text, and_, case, cast, exists, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.access.follows import findable
from db.access.viewer import VIEWER
from db.expressions.follows import viewer_is_following
from db.tables import Broadcast, Follow, MusicPreferences, User
from domain.broadcasts import BroadcastStatus
from domain.follows import COUNTED, FRIEND_POINTS, GENRE_POINTS, ON_AIR_POINTS

SOURCE: Final = 100
"""How many people each list holds, and how many follows of each friend are looked at."""

LIVE = Broadcast.status == BroadcastStatus.LIVE


async def suggest(session: AsyncSession, user_id: UUID, limit: int) -> list[UUID]:
    """People whom somebody does not follow yet, the best first: genres in common, friends' follows, on air now, followers.

    Left out are oneself, whom one follows, who has left or is suspended, and whoever stands apart by a block.
    """
    taste = await _read_taste(session, user_id)
    person = aliased(User, name="person")
    friends = _friends_follows(user_id)
    known = _candidates(taste, friends, limit)
    common = select(func.count()).where(
        func.unnest(person.genre_tags).column_valued("genre") == func.any(_array(taste))
    )
    on_air = exists().where(Broadcast.curator_id == person.id, LIVE)
    points = (
        GENRE_POINTS * func.least(common.scalar_subquery(), COUNTED)
        + FRIEND_POINTS * func.least(func.coalesce(friends.c.friends, 0), COUNTED)
        + case((on_air, ON_AIR_POINTS), else_=0)
    )
    statement = (
        select(person.id)
        .where(person.id.in_(select(known.c.id)), _new_to(person))
        .outerjoin(friends, friends.c.id == person.id)
        .order_by(points.desc(), person.follower_count.desc(), person.id.desc())
        .limit(limit)
    )
    return list(await session.scalars(statement, {"viewer": user_id}))


async def _read_taste(session: AsyncSession, user_id: UUID) -> list[str]:
    statement = (
        select(User.genre_tags, MusicPreferences.favorite_genres)
        .outerjoin(MusicPreferences, MusicPreferences.user_id == User.id)
        .where(User.id == user_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return [] if row is None else sorted({*row.genre_tags, *(row.favorite_genres or [])})


def _array(taste: list[str]) -> ColumnElement[Any]:
    return cast(taste, ARRAY(Text))


def _new_to(person: type[User]) -> ColumnElement[bool]:
    return and_(person.id != VIEWER.id, findable(person, VIEWER), ~viewer_is_following(person, VIEWER))


def _friends_follows(user_id: UUID) -> CTE:
    """Whom those follow whom somebody follows, with the number of such friends; the newest follows of both."""
    mine = (
        select(Follow.followee_id)
        .where(Follow.follower_id == user_id)
        .order_by(Follow.followed_at.desc(), Follow.followee_id.desc())
        .limit(SOURCE)
        .subquery("mine")
    )
    theirs = (
        select(Follow.followee_id.label("id"))
        .where(Follow.follower_id == mine.c.followee_id)
        .order_by(Follow.followed_at.desc(), Follow.followee_id.desc())
        .limit(SOURCE)
        .lateral("theirs")
    )
    return (
        select(theirs.c.id, func.count().label("friends"))
        .select_from(mine, theirs)
        .group_by(theirs.c.id)
        .cte("friends")
    )


def _candidates(taste: list[str], friends: CTE, limit: int) -> CTE:
    """The four lists: the most followed of one's genres, friends' follows, the fullest rooms, the most followed of all."""
    alike, anybody, close = aliased(User), aliased(User), aliased(User)
    lists = [
        _most_followed(alike, SOURCE).where(alike.genre_tags.op("&&", is_comparison=True)(_array(taste))),
        _most_followed(anybody, limit),
        select(close.id)
        .join(friends, friends.c.id == close.id)
        .where(_new_to(close))
        .order_by(friends.c.friends.desc(), close.id.desc())
        .limit(SOURCE),
        select(Broadcast.curator_id.label("id")).where(LIVE).order_by(Broadcast.listener_count.desc()).limit(SOURCE),
    ]
    return union(*(part.subquery().select() for part in lists)).cte("candidates")


def _most_followed(person: type[User], most: int) -> Select[UUID]:
    return select(person.id).where(_new_to(person)).order_by(person.follower_count.desc(), person.id.desc()).limit(most)
