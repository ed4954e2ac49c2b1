"""The people of the demo, known by where their mail goes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Broadcast, Identity, Mission, Session, User
from domain.accounts import Channel
from domain.broadcasts import BroadcastStatus
from domain.demo import DEVICE, MAIL_DOMAIN


async def find_people(session: AsyncSession) -> Sequence[Row[UUID, str, str, str | None, bool]]:
    """All people of the demo, those who are on air first: id, username, display_name, bio, live."""
    live = exists().where(Broadcast.curator_id == User.id, Broadcast.status == BroadcastStatus.LIVE).label("live")
    statement = (
        select(User.id, User.username, User.display_name, User.bio, live)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.channel == Channel.EMAIL, Identity.address.endswith(f"@{MAIL_DOMAIN}", autoescape=True))
        .order_by(live.desc(), User.username)
    )
    return (await session.execute(statement)).all()


async def find_session(session: AsyncSession, user_id: UUID) -> UUID | None:
    """The explorer's session of somebody, while it is not revoked."""
    statement = select(Session.id).where(
        Session.user_id == user_id, Session.device == DEVICE, Session.revoked_at.is_(None)
    )
    return (await session.execute(statement.limit(1))).scalar_one_or_none()


async def has_mission(session: AsyncSession, curator_id: UUID, title: str) -> bool:
    """Whether somebody has a mission of this name whose window is not over."""
    there = exists().where(
        Mission.curator_id == curator_id, Mission.title == title, Mission.window_ends_at > func.now()
    )
    return bool(await session.scalar(select(there)))
