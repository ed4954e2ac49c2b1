"""News for people: written once for each person and subject, by what they want to hear and of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    cast,
    column,
    delete,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.expressions.follows import apart
from db.tables import Broadcast, Follow, Notification, NotificationSettings, User
from domain.broadcasts import BroadcastStatus
from domain.ids import new_id
from domain.notifications import NotificationKind, SubjectType

SETTINGS: Final = {
    NotificationKind.BROADCAST_STARTED: NotificationSettings.broadcast_started,
    NotificationKind.PAYOUT_PAID: NotificationSettings.payouts,
    NotificationKind.PAYOUT_FAILED: NotificationSettings.payouts,
    NotificationKind.PAYOUT_CANCELLED: NotificationSettings.payouts,
    NotificationKind.MISSION_ACCEPTED: NotificationSettings.mission_updates,
    NotificationKind.MISSION_WITHDRAWN: NotificationSettings.mission_updates,
    NotificationKind.MISSION_COMPLETED: NotificationSettings.mission_updates,
    NotificationKind.MISSION_FAILED: NotificationSettings.mission_updates,
    NotificationKind.MISSION_CANCELLED: NotificationSettings.mission_updates,
    NotificationKind.MISSION_EXPIRED: NotificationSettings.mission_updates,
    NotificationKind.MISSION_TO_REVIEW: NotificationSettings.mission_updates,
    NotificationKind.PAYOUT_RETURNED: NotificationSettings.payouts,
}
"""The setting that governs a kind of news; the others cannot be turned off."""


@dataclass(frozen=True)
class News:
    """What people are told.

    Attributes:
        kind: What it is about, in general.
        title: A few words for a list.
        body: A sentence.
        subject_type: What kind of thing it is about.
        subject_id: Which one.
    """

    kind: NotificationKind
    title: str
    body: str
    subject_type: SubjectType
    subject_id: UUID


@dataclass(frozen=True)
class Told:
    """Where somebody stands in the order in which followers are told.

    Attributes:
        followed_at: When they began to follow.
        user_id: Who it is.
    """

    followed_at: datetime
    user_id: UUID


@dataclass(frozen=True)
class RoomOnAir:
    """What followers are told of a room.

    Attributes:
        title: What it is called.
        curator: How its curator is called.
    """

    title: str
    curator: str


def _wanted(kind: NotificationKind) -> ColumnElement[bool]:
    setting = SETTINGS.get(kind)
    return true() if setting is None else or_(NotificationSettings.user_id.is_(None), setting)


async def add(session: AsyncSession, news: News, recipients: Sequence[UUID], about: UUID | None) -> dict[UUID, UUID]:
    """Write one notification for each person who is there, wants such news, and was not told before.

    Args:
        session: The deed's.
        news: What they are told.
        recipients: Who is to be told.
        about: The person behind the news: nothing of them reaches whom they block or who blocks them.

    Returns:
        The new notifications' ids by person.
    """
    # Arrays keep the statement the same for any number of people, so that it is compiled and planned once.
    given = cast([new_id() for _ in recipients], ARRAY(Uuid)), cast(list(recipients), ARRAY(Uuid))
    person = func.unnest(*given).table_valued(column("id", Uuid), column("user_id", Uuid)).render_derived("person")
    facts = vars(news)
    wanting = (
        select(
            person.c.id,
            person.c.user_id,
            *(literal(value, Notification.__table__.c[name].type) for name, value in facts.items()),
        )
        .join(User, User.id == person.c.user_id)
        .outerjoin(NotificationSettings, NotificationSettings.user_id == User.id)
        .where(User.deleted_at.is_(None), ~User.suspended, _wanted(news.kind))
        .order_by(person.c.user_id)
    )
    if about is not None:
        wanting = wanting.where(~apart(User.id, about))
    written = upsert(Notification).from_select(["id", "user_id", *facts], wanting).on_conflict_do_nothing()
    told = await session.execute(written.returning(Notification.user_id, Notification.id))
    return {row.user_id: row.id for row in told}


async def take_back(session: AsyncSession, user_id: UUID, kind: NotificationKind, subject_id: UUID) -> None:
    """Remove news about something, so that the same can be news again."""
    mine = [Notification.user_id == user_id, Notification.kind == kind, Notification.subject_id == subject_id]
    await session.execute(delete(Notification).where(*mine).execution_options(synchronize_session=False))


async def settle(session: AsyncSession, user_id: UUID, kind: NotificationKind, subject_id: UUID) -> None:
    """Note that news about something asks nothing of a person any more, as if they had seen it."""
    mine = [Notification.user_id == user_id, Notification.kind == kind, Notification.subject_id == subject_id]
    statement = update(Notification).where(*mine, Notification.read_at.is_(None)).values(read_at=func.now())
    await session.execute(statement.execution_options(synchronize_session=False))


async def find_room_on_air(session: AsyncSession, broadcast_id: UUID) -> RoomOnAir | None:
    """What there is to tell of a room; None when it is not on air."""
    statement = (
        select(Broadcast.title, User.display_name)
        .join(User, User.id == Broadcast.curator_id)
        .where(Broadcast.id == broadcast_id, Broadcast.status == BroadcastStatus.LIVE)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else RoomOnAir(*row)


async def find_untold(
    session: AsyncSession, curator_id: UUID, news: News, after: Told | None, limit: int
) -> Sequence[Told]:
    """The next followers to whom some news is still to be told, the oldest follower first.

    What was told is the progress: whoever goes on after a worker that died starts behind the last one told.
    """
    told = select(Notification.id).where(
        Notification.user_id == Follow.follower_id,
        Notification.kind == news.kind,
        Notification.subject_type == news.subject_type,
        Notification.subject_id == news.subject_id,
    )
    statement = (
        select(Follow.followed_at, Follow.follower_id)
        .where(Follow.followee_id == curator_id, ~told.exists())
        .order_by(Follow.followed_at, Follow.follower_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(
            tuple_(Follow.followed_at, Follow.follower_id) > tuple_(after.followed_at, after.user_id)
        )
    return [Told(*row) for row in await session.execute(statement)]


async def find_own(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these notifications are somebody's."""
    statement = select(Notification.id).where(Notification.user_id == user_id, Notification.id == func.any(list(ids)))
    return set(await session.scalars(statement))


async def mark_read(session: AsyncSession, user_id: UUID, *, ids: Sequence[UUID] | None, up_to: UUID | None) -> None:
    """Note that somebody has seen their notifications: some of them, or all up to one in the order of their list."""
    unread = [Notification.user_id == user_id, Notification.read_at.is_(None)]
    if ids is not None:
        unread.append(Notification.id == func.any(list(ids)))
    if up_to is not None:
        last = select(Notification.created_at, Notification.id).where(Notification.id == up_to)
        unread.append(tuple_(Notification.created_at, Notification.id) <= last.scalar_subquery())
    statement = update(Notification).where(*unread).values(read_at=func.now())
    await session.execute(statement.execution_options(synchronize_session=False))


async def count_unread(session: AsyncSession, user_id: UUID) -> int:
    """How many notifications somebody has not seen."""
    statement = select(func.count()).where(Notification.user_id == user_id, Notification.read_at.is_(None))
    return (await session.execute(statement)).scalar_one()


async def change_settings(session: AsyncSession, user_id: UUID, changes: Mapping[str, bool]) -> dict[str, bool]:
    """Change which news somebody wants; what is not named stays, or is what the defaults say.

    Returns:
        All settings, as they are now.
    """
    statement = upsert(NotificationSettings).values(user_id=user_id, **changes)
    # Setting the key to itself lets the statement return the row when nothing is changed.
    kept: dict[str, Any] = {"user_id": statement.excluded.user_id, **changes}
    statement = statement.on_conflict_do_update(index_elements=[NotificationSettings.user_id], set_=kept)
    columns = [column for column in NotificationSettings.__table__.columns if column.name != "user_id"]
    return dict((await session.execute(statement.returning(*columns))).mappings().one())
