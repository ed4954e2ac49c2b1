"""What the idiomatic server shows: one Strawberry type for each thing, with resolvers."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import strawberry
from sqlalchemy import func, select
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from benchmarks.idiomatic.rows import Loaders, Sessions, live, page_of_live, person
from db import tables
from domain.accounts import Role
from domain.broadcasts import BroadcastStatus, TrackSource
from domain.ids import Prefix, to_wire
from engine.cursors import encode, tag_of
from integrations.local_files import LocalFiles

strawberry.enum(BroadcastStatus)
strawberry.enum(TrackSource)
strawberry.enum(Role)

LIST = tag_of("Query.liveBroadcasts NEWEST")
T = TypeVar("T")


class Context:
    """One request's surroundings."""

    def __init__(self, sessions: Sessions, files: LocalFiles, viewer: UUID | None) -> None:
        self.sessions = sessions
        self.files = files
        self.loaders = Loaders(sessions, viewer)


Info = strawberry.Info[Context, None]


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Track:
    title: str
    artist: str
    album: str | None
    isrc: str | None
    duration_seconds: float | None
    bpm: float | None
    musical_key: str | None
    artwork_url: str | None


@strawberry.type
class RoomTrack:
    started_at: datetime
    source: TrackSource
    track: Track

    @classmethod
    def of(cls, row: tables.RoomTrack) -> RoomTrack:
        track = Track(
            title=row.title,
            artist=row.artist,
            album=row.album,
            isrc=row.isrc,
            duration_seconds=row.duration_seconds,
            bpm=row.bpm,
            musical_key=row.musical_key,
            artwork_url=row.artwork_url,
        )
        return cls(started_at=row.started_at, source=row.source, track=track)


@strawberry.type
class User:
    row: strawberry.Private[tables.User]
    id: strawberry.ID
    username: str
    display_name: str
    verified: bool
    bio: str | None
    roles: list[Role]
    genre_tags: list[str]
    instagram_handle: str | None
    follower_count: int
    following_count: int

    @classmethod
    def of(cls, row: tables.User) -> User:
        return cls(
            row=row,
            id=strawberry.ID(to_wire(Prefix.USER, row.id)),
            username=row.username,
            display_name=row.display_name,
            verified=row.verified,
            bio=row.bio,
            roles=[Role(role) for role in row.roles],
            genre_tags=row.genre_tags,
            instagram_handle=row.instagram_handle,
            follower_count=row.follower_count,
            following_count=row.following_count,
        )

    @strawberry.field
    def profile_photo_url(self, info: Info) -> str | None:
        return info.context.files.sign_download(self.row.photo_key) if self.row.photo_key else None

    @strawberry.field
    async def viewer_is_following(self, info: Info) -> bool:
        return await info.context.loaders.followed.load(self.row.id)

    @strawberry.field
    async def viewer_is_blocking(self, info: Info) -> bool:
        return await info.context.loaders.blocked.load(self.row.id)

    @strawberry.field
    async def current_broadcast(self, info: Info) -> Broadcast | None:
        row = await info.context.loaders.current_broadcasts.load(self.row.id)
        return Broadcast.of(row) if row else None


@strawberry.type
class Message:
    row: strawberry.Private[tables.Message]
    id: strawberry.ID
    text: str
    sent_at: datetime

    @classmethod
    def of(cls, row: tables.Message) -> Message:
        return cls(row=row, id=strawberry.ID(to_wire(Prefix.MESSAGE, row.id)), text=row.text, sent_at=row.sent_at)

    @strawberry.field
    async def author(self, info: Info) -> User:
        return User.of(await info.context.loaders.users.load(self.row.author_id))


@strawberry.type
class Listed(Generic[T]):
    nodes: list[T]


@strawberry.type
class Broadcast:
    row: strawberry.Private[tables.Broadcast]
    id: strawberry.ID
    title: str
    status: BroadcastStatus
    genre_tags: list[str]
    started_at: datetime
    ended_at: datetime | None
    listener_count: int

    @classmethod
    def of(cls, row: tables.Broadcast) -> Broadcast:
        return cls(
            row=row,
            id=strawberry.ID(to_wire(Prefix.BROADCAST, row.id)),
            title=row.title,
            status=row.status,
            genre_tags=row.genre_tags,
            started_at=row.started_at,
            ended_at=row.ended_at,
            listener_count=row.listener_count,
        )

    @strawberry.field
    async def curator(self, info: Info) -> User:
        return User.of(await info.context.loaders.users.load(self.row.curator_id))

    @strawberry.field
    async def now_playing(self, info: Info) -> RoomTrack | None:
        row = await info.context.loaders.current_tracks.load(self.row.id)
        return RoomTrack.of(row) if row else None

    @strawberry.field
    async def messages(self, info: Info, last: int) -> Listed[Message]:
        rows = await info.context.loaders.messages.load((self.row.id, last))
        return Listed(nodes=[Message.of(row) for row in rows])


@strawberry.type
class BroadcastEdge:
    cursor: str
    node: Broadcast


@strawberry.type
class Broadcasts:
    nodes: list[Broadcast]
    has_more: strawberry.Private[bool]

    @strawberry.field
    async def total_count(self, info: Info) -> int:
        async with info.context.sessions() as session:
            return await session.scalar(select(func.count()).select_from(tables.Broadcast).where(live())) or 0

    @strawberry.field
    def edges(self) -> list[BroadcastEdge]:
        return [BroadcastEdge(cursor=cursor_of(node), node=node) for node in self.nodes]

    @strawberry.field
    def page_info(self) -> PageInfo:
        return PageInfo(
            has_next_page=self.has_more,
            has_previous_page=False,
            start_cursor=cursor_of(self.nodes[0]) if self.nodes else None,
            end_cursor=cursor_of(self.nodes[-1]) if self.nodes else None,
        )


def cursor_of(node: Broadcast) -> str:
    return encode(LIST, node.row.started_at, node.row.id)


@strawberry.input
class LiveBroadcastFilter:
    genres: list[str] | None = None
    min_listeners: int | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def live_broadcasts(
        self, info: Info, first: int, after: str | None = None, filter: LiveBroadcastFilter | None = None
    ) -> Broadcasts:
        if after is not None or filter is not None:
            raise ValueError("This server is here to be measured: it shows first pages of everything only.")
        async with info.context.sessions() as session:
            rows = list(await session.scalars(page_of_live(first + 1)))
        return Broadcasts(nodes=[Broadcast.of(row) for row in rows[:first]], has_more=len(rows) > first)

    @strawberry.field
    async def user(self, info: Info, username: str) -> User | None:
        async with info.context.sessions() as session:
            row = await session.scalar(person().where(tables.User.username == username))
        return User.of(row) if row else None


schema = strawberry.Schema(
    Query, extensions=[ParserCache, ValidationCache], config=StrawberryConfig(auto_camel_case=True)
)
