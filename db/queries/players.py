"""Which rooms follow which players, services that asked to wait, and where tracks are at other services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Row, case, cast, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Broadcast, ConnectedAccount, FollowedPlayer, RoomTrack, TrackLink, VendorPause
from domain.broadcasts import BroadcastStatus, TrackSource
from domain.connections import AccountProvider, AccountStatus
from domain.players import LINK_KEPT, NO_LINK_KEPT, LastSeen

LIVE = Broadcast.status == BroadcastStatus.LIVE
CONNECTED = ConnectedAccount.status == AccountStatus.CONNECTED


@dataclass(frozen=True)
class Followed:
    """A player that a room follows, seen with its room locked.

    Attributes:
        last: What the player was last known to do; how far its track was is not in it.
        failures: How often in a row the service did not answer.
        heard_rooms: How many rooms on air with listeners follow a player.
        unheard_rooms: How many without.
    """

    last: LastSeen
    failures: int
    heard_rooms: int
    unheard_rooms: int


async def find_account(session: AsyncSession, user_id: UUID, provider: AccountProvider) -> Row[UUID, int] | None:
    """Somebody's connected account that works; a row of `id` and `connections`."""
    statement = select(ConnectedAccount.id, ConnectedAccount.connections).where(
        ConnectedAccount.user_id == user_id, ConnectedAccount.provider == provider, CONNECTED
    )
    return (await session.execute(statement)).one_or_none()


async def find_to_follow(session: AsyncSession, user_id: UUID) -> Row[UUID, UUID, int] | None:
    """A room on air of somebody, and their player that it is to follow and does not follow yet.

    Returns:
        A row of `broadcast_id`, `account_id` and `connections`.
    """
    already = exists().where(
        FollowedPlayer.broadcast_id == Broadcast.id,
        FollowedPlayer.account_id == ConnectedAccount.id,
        FollowedPlayer.connections == ConnectedAccount.connections,
    )
    statement = (
        select(
            Broadcast.id.label("broadcast_id"), ConnectedAccount.id.label("account_id"), ConnectedAccount.connections
        )
        .join(ConnectedAccount, ConnectedAccount.user_id == Broadcast.curator_id)
        .where(
            Broadcast.curator_id == user_id,
            LIVE,
            or_(Broadcast.now_playing_from.is_(None), Broadcast.now_playing_from == TrackSource.SPOTIFY),
            ConnectedAccount.provider == AccountProvider.SPOTIFY,
            CONNECTED,
            ~already,
        )
    )
    return (await session.execute(statement)).one_or_none()


async def follow(session: AsyncSession, broadcast_id: UUID, account_id: UUID, connections: int, job_id: UUID) -> None:
    """Let a room follow a player, and no other room follow it; in the same room what it was last known to do stays."""
    await session.execute(
        delete(FollowedPlayer).where(
            FollowedPlayer.account_id == account_id, FollowedPlayer.broadcast_id != broadcast_id
        )
    )
    facts = {"account_id": account_id, "connections": connections, "job_id": job_id}
    statement = upsert(FollowedPlayer).values(broadcast_id=broadcast_id, **facts)
    same = FollowedPlayer.account_id == statement.excluded.account_id
    kept = {"track_key": case((same, FollowedPlayer.track_key)), "playing": same & FollowedPlayer.playing}
    statement = statement.on_conflict_do_update(
        index_elements=[FollowedPlayer.broadcast_id], set_={**facts, **kept, "failures": 0}
    )
    await session.execute(statement)


def _ours(broadcast_id: UUID, account_id: UUID, connections: int) -> tuple[Any, ...]:
    return (
        FollowedPlayer.broadcast_id == broadcast_id,
        FollowedPlayer.account_id == account_id,
        FollowedPlayer.connections == connections,
    )


async def unfollow(session: AsyncSession, broadcast_id: UUID, account_id: UUID, connections: int) -> bool:
    """Let a room follow this connection of a player no more; False when it did not."""
    statement = delete(FollowedPlayer).where(*_ours(broadcast_id, account_id, connections))
    return (await session.execute(statement.returning(FollowedPlayer.broadcast_id))).scalar_one_or_none() is not None


async def read_pause(session: AsyncSession, broadcast_id: UUID, account_id: UUID, connections: int) -> float | None:
    """Whether a room on air still follows this connection of a player.

    Returns:
        The seconds for which Spotify asked everybody to wait, 0.0 when it did not; None when the room is over, or the
        account is gone, does not work, or was connected anew.
    """
    left = func.extract("epoch", VendorPause.until - func.clock_timestamp())
    statement = (
        select(cast(func.coalesce(func.greatest(left, 0), 0), Float))
        .select_from(FollowedPlayer)
        .join(Broadcast, Broadcast.id == FollowedPlayer.broadcast_id)
        .join(ConnectedAccount, ConnectedAccount.id == FollowedPlayer.account_id)
        .outerjoin(VendorPause, VendorPause.provider == ConnectedAccount.provider)
        .where(*_ours(broadcast_id, account_id, connections), LIVE, CONNECTED)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def read_last_seen(session: AsyncSession, broadcast_id: UUID) -> LastSeen:
    """What the player of a room was last known to do, and how far its track was when the room shows that one."""
    shown = (
        (RoomTrack.broadcast_id == FollowedPlayer.broadcast_id)
        & RoomTrack.ended_at.is_(None)
        & (RoomTrack.source == TrackSource.SPOTIFY)
        & (RoomTrack.source_key == FollowedPlayer.track_key)
        & (RoomTrack.playing == FollowedPlayer.playing)
    )
    statement = (
        select(FollowedPlayer.track_key, FollowedPlayer.playing, RoomTrack.progress_seconds, RoomTrack.observed_at)
        .outerjoin(RoomTrack, shown)
        .where(FollowedPlayer.broadcast_id == broadcast_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return LastSeen() if row is None else LastSeen(*row)


async def read_followed(
    session: AsyncSession, broadcast_id: UUID, account_id: UUID, connections: int
) -> Followed | None:
    """A player that a locked room follows; None when it follows this connection of it no more."""
    following = select(func.count()).join(Broadcast, Broadcast.id == FollowedPlayer.broadcast_id)
    following = following.select_from(FollowedPlayer).where(LIVE)
    heard = following.where(Broadcast.listener_count > 0).scalar_subquery()
    unheard = following.where(Broadcast.listener_count == 0).scalar_subquery()
    statement = select(FollowedPlayer.track_key, FollowedPlayer.playing, FollowedPlayer.failures, heard, unheard).where(
        *_ours(broadcast_id, account_id, connections)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Followed(LastSeen(row[0], row[1]), *row[2:])


async def note(session: AsyncSession, broadcast_id: UUID, facts: Mapping[str, object]) -> None:
    """Write what became known of a player that a locked room follows."""
    await session.execute(update(FollowedPlayer).where(FollowedPlayer.broadcast_id == broadcast_id).values(**facts))


async def find_job(session: AsyncSession, broadcast_id: UUID) -> UUID | None:
    """The job that asks a room's player what plays."""
    statement = select(FollowedPlayer.job_id).where(FollowedPlayer.broadcast_id == broadcast_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def pause(session: AsyncSession, provider: AccountProvider, seconds: float) -> None:
    """Leave a service alone for so long, or longer where that was said before."""
    until = func.clock_timestamp() + timedelta(seconds=seconds)
    statement = upsert(VendorPause).values(provider=provider, until=until)
    longer = func.greatest(VendorPause.until, statement.excluded.until)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[VendorPause.provider], set_={"until": longer})
    )


async def paused_seconds(session: AsyncSession, provider: AccountProvider) -> float:
    """For how long a service is to be left alone; 0.0 when it may be asked."""
    left = cast(func.extract("epoch", VendorPause.until - func.clock_timestamp()), Float)
    found = (await session.execute(select(left).where(VendorPause.provider == provider))).scalar_one_or_none()
    return max(0.0, found or 0.0)


async def read_links(session: AsyncSession, isrc: str) -> dict[AccountProvider, str | None]:
    """Where a recording is, by service, as far as we have looked lately; None where it is not."""
    age = func.now() - TrackLink.checked_at
    fresh = age < case((TrackLink.url.is_(None), NO_LINK_KEPT), else_=LINK_KEPT)
    statement = select(TrackLink.provider, TrackLink.url).where(TrackLink.isrc == isrc, fresh)
    return {row.provider: row.url for row in await session.execute(statement)}


async def keep_links(session: AsyncSession, isrc: str, found: Mapping[AccountProvider, str | None]) -> None:
    """Remember where a recording is, or that it is not there."""
    for provider, url in sorted(found.items()):
        facts = {"url": url, "checked_at": func.now()}
        statement = upsert(TrackLink).values(isrc=isrc, provider=provider, **facts)
        await session.execute(
            statement.on_conflict_do_update(index_elements=[TrackLink.isrc, TrackLink.provider], set_=facts)
        )


async def forget_links(session: AsyncSession) -> None:
    """Remove what we know of places of recordings that is too old to count."""
    await session.execute(delete(TrackLink).where(TrackLink.checked_at < func.now() - LINK_KEPT))
