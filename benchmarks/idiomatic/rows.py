"""How the idiomatic server reads its rows: ORM queries, and dataloaders that gather keys for them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import aliased, defer
from strawberry.dataloader import DataLoader

from db.tables import Block, Broadcast, Follow, Message, RoomTrack, User
from domain.broadcasts import BroadcastStatus

Sessions = async_sessionmaker[AsyncSession]


def live() -> ColumnElement[bool]:
    """Rooms that are on air."""
    return Broadcast.status == BroadcastStatus.LIVE


def page_of_live(limit: int) -> Select[Broadcast]:
    """The newest rooms that are on air."""
    return select(Broadcast).where(live()).order_by(Broadcast.started_at.desc(), Broadcast.id.desc()).limit(limit)


def person() -> Select[User]:
    """People, without the column that is there for searching only."""
    return select(User).options(defer(User.words))


class Loaders:
    """The dataloaders of one request."""

    def __init__(self, sessions: Sessions, viewer: UUID | None) -> None:
        self._sessions = sessions
        self._viewer = viewer
        self.users = DataLoader(load_fn=self._users)
        self.current_tracks = DataLoader(load_fn=self._current_tracks)
        self.current_broadcasts = DataLoader(load_fn=self._current_broadcasts)
        self.messages = DataLoader(load_fn=self._messages)
        self.followed = DataLoader(load_fn=self._followed)
        self.blocked = DataLoader(load_fn=self._blocked)

    async def _all(self, query: Select[Any]) -> list[Any]:
        async with self._sessions() as session:
            return list(await session.scalars(query))

    async def _users(self, keys: list[UUID]) -> list[User]:
        rows = {row.id: row for row in await self._all(person().where(User.id.in_(keys)))}
        return [rows[key] for key in keys]

    async def _current_tracks(self, keys: list[UUID]) -> list[RoomTrack | None]:
        query = select(RoomTrack).where(RoomTrack.broadcast_id.in_(keys), RoomTrack.ended_at.is_(None))
        rows = {row.broadcast_id: row for row in await self._all(query)}
        return [rows.get(key) for key in keys]

    async def _current_broadcasts(self, keys: list[UUID]) -> list[Broadcast | None]:
        query = select(Broadcast).where(Broadcast.curator_id.in_(keys), live())
        rows = {row.curator_id: row for row in await self._all(query)}
        return [rows.get(key) for key in keys]

    async def _followed(self, keys: list[UUID]) -> list[bool]:
        mine = select(Follow.followee_id).where(Follow.follower_id == self._viewer, Follow.followee_id.in_(keys))
        found = set(await self._all(mine))
        return [key in found for key in keys]

    async def _blocked(self, keys: list[UUID]) -> list[bool]:
        mine = select(Block.blocked_id).where(Block.blocker_id == self._viewer, Block.blocked_id.in_(keys))
        found = set(await self._all(mine))
        return [key in found for key in keys]

    async def _messages(self, keys: list[tuple[UUID, int]]) -> list[list[Message]]:
        """The newest messages of rooms: one query for all rooms of which the same number is wanted."""
        found: dict[tuple[UUID, int], list[Message]] = defaultdict(list)
        for last in {last for _, last in keys}:
            newest = func.row_number().over(
                partition_by=Message.broadcast_id, order_by=(Message.sequence.desc(), Message.id.desc())
            )
            rooms = [room for room, wanted in keys if wanted == last]
            numbered = (
                select(Message, newest.label("place"))
                .where(
                    Message.broadcast_id.in_(rooms),
                    Message.deleted_at.is_(None),
                    Message.author_id.not_in(select(Block.blocked_id).where(Block.blocker_id == self._viewer)),
                )
                .subquery()
            )
            message = aliased(Message, numbered)
            query = select(message).where(numbered.c.place <= last).order_by(message.sequence, message.id)
            for row in await self._all(query):
                found[row.broadcast_id, last].append(row)
        return [found[key] for key in keys]
