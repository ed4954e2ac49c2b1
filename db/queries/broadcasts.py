"""Live rooms: opening, keeping alive, ending, and what plays in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.expressions.follows import apart
from db.tables import Broadcast, Follow, Listener, Moderator, Mute, RoomTrack
from domain.broadcasts import HEARTBEAT_LEASE, BroadcastStatus, EndReason, TrackSource

LIVE = Broadcast.status == BroadcastStatus.LIVE


@dataclass(frozen=True)
class Standing:
    """What one person is in one room.

    Attributes:
        curator_id: Whose room it is.
        live: Whether it is on air.
        chat_interval_seconds: The room's pace of chat.
        moderator: Whether the person keeps order there.
        muted_until: Until when they may not write; None when they may.
        blocked: Whether the curator and the person have nothing to do with each other.
    """

    curator_id: UUID
    live: bool
    chat_interval_seconds: int
    moderator: bool
    muted_until: datetime | None
    blocked: bool


async def read_standing(
    session: AsyncSession, broadcast_id: UUID, user_id: UUID, *, lock: bool = False
) -> Standing | None:
    """What somebody is in a room; with `lock`, the room's row is ours until the commit, to be changed or kept from ending."""
    moderates = exists().where(Moderator.broadcast_id == broadcast_id, Moderator.user_id == user_id)
    muted = (
        select(Mute.muted_until)
        .where(Mute.broadcast_id == broadcast_id, Mute.user_id == user_id, Mute.muted_until > func.now())
        .scalar_subquery()
    )
    statement = select(
        Broadcast.curator_id,
        LIVE.label("live"),
        Broadcast.chat_interval_seconds,
        moderates.label("moderator"),
        muted.label("muted_until"),
        apart(Broadcast.curator_id, user_id).label("blocked"),
    ).where(Broadcast.id == broadcast_id)
    if lock:
        statement = statement.with_for_update(key_share=True, of=Broadcast)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Standing(*row)


async def lock_live(session: AsyncSession, broadcast_id: UUID) -> Broadcast | None:
    """Take a room that is on air for ourselves until the commit; None when it is not on air."""
    statement = select(Broadcast).where(Broadcast.id == broadcast_id, LIVE).with_for_update(key_share=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def find_status(session: AsyncSession, broadcast_id: UUID) -> BroadcastStatus | None:
    """Where a room stands; None when there is none."""
    return (await session.execute(select(Broadcast.status).where(Broadcast.id == broadcast_id))).scalar_one_or_none()


async def add_live(session: AsyncSession, broadcast_id: UUID, curator_id: UUID, **facts: object) -> datetime | None:
    """Open a room, unless its curator has one already.

    Returns:
        When it ends without a heartbeat; None when the curator is on air elsewhere.
    """
    statement = (
        upsert(Broadcast)
        .values(
            id=broadcast_id,
            curator_id=curator_id,
            status=BroadcastStatus.LIVE,
            started_at=func.now(),
            last_heartbeat_at=func.now(),
            ends_without_heartbeat_at=func.now() + HEARTBEAT_LEASE,
            **facts,
        )
        .on_conflict_do_nothing(index_elements=[Broadcast.curator_id], index_where=text("status = 'LIVE'"))
        .returning(Broadcast.ends_without_heartbeat_at)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def beat(session: AsyncSession, broadcast_id: UUID) -> bool:
    """Put the end off; False when the room is not on air, or its time was over before the ping came."""
    statement = (
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, LIVE, Broadcast.ends_without_heartbeat_at > func.now())
        .values(last_heartbeat_at=func.now(), ends_without_heartbeat_at=func.now() + HEARTBEAT_LEASE)
        .returning(Broadcast.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def end(session: AsyncSession, broadcast_id: UUID, reason: EndReason) -> bool:
    """Move a room from LIVE to ENDED; everybody in it has left and its track has stopped.

    Returns:
        False when somebody else ended it before, or when SILENT is the reason and a heartbeat came after all.
    """
    conditions = [Broadcast.id == broadcast_id, LIVE]
    if reason is EndReason.SILENT:
        conditions.append(Broadcast.ends_without_heartbeat_at <= func.now())
    statement = (
        update(Broadcast)
        .where(*conditions)
        .values(status=BroadcastStatus.ENDED, ended_at=func.now(), end_reason=reason, listener_count=0)
        .returning(Broadcast.id)
    )
    if (await session.execute(statement)).scalar_one_or_none() is None:
        return False
    await session.execute(
        update(Listener)
        .where(Listener.broadcast_id == broadcast_id, Listener.left_at.is_(None))
        .values(left_at=func.now())
    )
    await stop_track(session, broadcast_id)
    return True


async def silence_due(session: AsyncSession, broadcast_id: UUID) -> float | None:
    """Seconds until a room on air ends without a heartbeat; None when it is not on air."""
    left = func.extract("epoch", Broadcast.ends_without_heartbeat_at - func.now())
    statement = select(left).where(Broadcast.id == broadcast_id, LIVE)
    seconds = (await session.execute(statement)).scalar_one_or_none()
    return None if seconds is None else float(seconds)


async def change(session: AsyncSession, broadcast_id: UUID, facts: dict[str, object]) -> bool:
    """Write new facts of a room on air; False when it is not on air."""
    statement = update(Broadcast).where(Broadcast.id == broadcast_id, LIVE).values(**facts).returning(Broadcast.id)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def current_track(session: AsyncSession, broadcast_id: UUID) -> RoomTrack | None:
    """What plays in a room."""
    statement = select(RoomTrack).where(RoomTrack.broadcast_id == broadcast_id, RoomTrack.ended_at.is_(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def stop_track(session: AsyncSession, broadcast_id: UUID, source: TrackSource | None = None) -> bool:
    """End what plays in a room, or only what this source has said; False when nothing played."""
    statement = (
        update(RoomTrack)
        .where(RoomTrack.broadcast_id == broadcast_id, RoomTrack.ended_at.is_(None))
        .values(ended_at=func.now(), playing=False)
        .returning(RoomTrack.id)
    )
    if source is not None:
        statement = statement.where(RoomTrack.source == source)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def add_moderator(session: AsyncSession, broadcast_id: UUID, user_id: UUID) -> bool:
    """Give somebody a moderator's rights; False when they have them."""
    statement = upsert(Moderator).values(broadcast_id=broadcast_id, user_id=user_id).on_conflict_do_nothing()
    return (await session.execute(statement.returning(Moderator.user_id))).scalar_one_or_none() is not None


async def remove_moderator(session: AsyncSession, broadcast_id: UUID, user_id: UUID) -> bool:
    """Take a moderator's rights away; False when they had none."""
    statement = delete(Moderator).where(Moderator.broadcast_id == broadcast_id, Moderator.user_id == user_id)
    return (await session.execute(statement.returning(Moderator.user_id))).scalar_one_or_none() is not None


async def count_moderators(session: AsyncSession, broadcast_id: UUID) -> int:
    """How many moderators a room has."""
    statement = select(func.count()).select_from(Moderator).where(Moderator.broadcast_id == broadcast_id)
    return (await session.execute(statement)).scalar_one()


async def mute(session: AsyncSession, broadcast_id: UUID, user_id: UUID, minutes: int, by: UUID) -> datetime | None:
    """Keep somebody from writing for so many minutes from now; 0 minutes lets them write again.

    Returns:
        Until when they are muted; None when they are not.
    """
    until = func.now() + func.make_interval(0, 0, 0, 0, 0, minutes)
    facts = {"muted_until": until, "muted_by_id": by}
    statement = upsert(Mute).values(broadcast_id=broadcast_id, user_id=user_id, **facts)
    statement = statement.on_conflict_do_update(index_elements=[Mute.broadcast_id, Mute.user_id], set_=facts)
    written = statement.returning(case((literal(minutes) > 0, Mute.muted_until)))
    until_now: datetime | None = (await session.execute(written)).scalar_one()
    return until_now


async def add_track(
    session: AsyncSession, broadcast_id: UUID, track_id: UUID, facts: dict[str, object], *, seconds_ago: float = 0.0
) -> None:
    """Let a track play from now on in a locked room in which nothing plays; its progress was true so long ago."""
    times = {"started_at": func.now(), "observed_at": _before_now(seconds_ago)}
    await session.execute(insert(RoomTrack).values(id=track_id, broadcast_id=broadcast_id, **times, **facts))


async def observe_track(
    session: AsyncSession, track_id: UUID, facts: dict[str, object], *, seconds_ago: float = 0.0
) -> None:
    """Write what was seen so long ago of the track that plays."""
    times = {"observed_at": _before_now(seconds_ago)}
    await session.execute(update(RoomTrack).where(RoomTrack.id == track_id).values(**times, **facts))


async def read_track(session: AsyncSession, track_id: UUID) -> RoomTrack | None:
    """A track that plays or played in a room, as it is stored now; None when there is none."""
    statement = select(RoomTrack).where(RoomTrack.id == track_id).execution_options(populate_existing=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def change_track(session: AsyncSession, track_id: UUID, facts: Mapping[str, object]) -> None:
    """Write facts of a track that say nothing of its progress."""
    await session.execute(update(RoomTrack).where(RoomTrack.id == track_id).values(**facts))


def _before_now(seconds: float) -> ColumnElement[datetime]:
    # When it was said, not when the room's lock was free: a transaction's own time is that of its first statement.
    return (func.clock_timestamp() - timedelta(seconds=seconds)) if seconds else func.now()


async def is_curator_followed(session: AsyncSession, broadcast_id: UUID, user_id: UUID) -> bool:
    """Whether somebody follows the curator of a room."""
    followed = exists().where(
        Broadcast.id == broadcast_id, Follow.followee_id == Broadcast.curator_id, Follow.follower_id == user_id
    )
    return bool((await session.execute(select(followed))).scalar_one())


async def live_rooms_of(session: AsyncSession, curator_id: UUID) -> Sequence[UUID]:
    """The rooms of a curator that are on air (one at most)."""
    return (await session.execute(select(Broadcast.id).where(Broadcast.curator_id == curator_id, LIVE))).scalars().all()
