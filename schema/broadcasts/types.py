"""A live room, what it plays, and how it is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import ColumnElement

from db import tables
from db.access.viewer import Viewer
from db.expressions import broadcasts as expressions
from db.expressions.events import event_cursor
from db.expressions.money import decimal_text
from domain.broadcasts import HEARTBEAT_INTERVAL
from domain.ids import Prefix
from engine.declare import (
    SQL,
    Connection,
    Where,
    by_id,
    column,
    computed,
    edge,
    embedded,
    entity,
    finished,
    listed,
    many,
    one,
    part,
    reads,
)
from schema.broadcasts.enums import BroadcastAction, BroadcastStatus, EndReason, TrackSource
from schema.money import Money
from schema.subjects import NotificationSubject, TransactionSubject
from schema.words import describe

if TYPE_CHECKING:
    from schema.accounts.user import User
    from schema.chat import Message


@part
class Track:
    """A track, as far as it is known."""

    title: str = strawberry.field(description="Its title.")
    artist: str = strawberry.field(description="Who made it, as it is written on the track.")
    album: str | None = strawberry.field(description="The album it is on.")
    isrc: str | None = strawberry.field(
        description="Its International Standard Recording Code (ISO 3901), without hyphens."
    )
    duration_seconds: float | None = strawberry.field(description="Its length in seconds.")
    bpm: float | None = strawberry.field(description="Its tempo in beats a minute.")
    musical_key: str | None = strawberry.field(description="Its key, such as `D#m`.")
    artwork_url: str | None = strawberry.field(description="A picture of its cover.")


@entity(tables.RoomTrack, id=None)
class RoomTrack:
    """A track that plays or played in a room."""

    started_at: datetime = column("When it began to play in this room.")
    ended_at: datetime | None = column("When it stopped; null while it plays.")
    source: TrackSource = column("Who said so.")
    playing: bool = column("Whether it runs; false when it is paused or over.")
    confirmed_at: datetime | None = column(
        "When the list of what was played lately at its source bore out what the curator's app said; null when it did not."
    )
    spotify_url: str | None = column("The track at Spotify.")
    apple_music_url: str | None = column("The track at Apple Music.")
    track: Track = embedded(
        "What it is.",
        title=tables.RoomTrack.title,
        artist=tables.RoomTrack.artist,
        album=tables.RoomTrack.album,
        isrc=tables.RoomTrack.isrc,
        duration_seconds=tables.RoomTrack.duration_seconds,
        bpm=tables.RoomTrack.bpm,
        musical_key=tables.RoomTrack.musical_key,
        artwork_url=tables.RoomTrack.artwork_url,
    )

    @computed
    def progress_seconds(track: type[tables.RoomTrack], viewer: Viewer) -> SQL[float]:
        """How far it was at `observedAt`, in seconds."""
        return expressions.progress_seconds(track, viewer)

    @computed
    def observed_at(track: type[tables.RoomTrack], viewer: Viewer) -> SQL[datetime]:
        """When `progressSeconds` was true: while the track runs, the moment of this answer."""
        return expressions.observed_at(track, viewer)


@edge(tables.Listener)
class ListenerEdge:
    """Somebody in a room, and since when."""

    joined_at: datetime = column("When they came in.")


def present(
    user: type[tables.User],
    viewer: Viewer,
    through: type[tables.Listener],
) -> Iterator[ColumnElement[bool]]:
    """Only those who are in the room now."""
    yield through.left_at.is_(None)


def playing_now(track: type[tables.RoomTrack]) -> ColumnElement[bool]:
    """Only what has not ended."""
    return track.ended_at.is_(None)


@entity(tables.Broadcast, id=Prefix.BROADCAST)
class Broadcast(NotificationSubject, TransactionSubject):
    """A live room: one curator plays, others listen along and chat."""

    title: str = column("What the curator calls it.")
    description: str | None = column("What the curator says about it.")
    status: BroadcastStatus = column("Where it stands.")
    genre_tags: list[str] = column("What is played, in the curator's words.")
    started_at: datetime = column("When it went on air.")
    ended_at: datetime | None = column("When it ended; null while it is on air.")
    end_reason: EndReason | None = column("Why it ended; null while it is on air.")
    listener_count: int = column("How many are in it now.")
    peak_listener_count: int = column("The most that were in it at once.")
    total_listener_count: int = column("How many people were in it at all.")
    last_heartbeat_at: datetime = column("When the curator's app last said that it is there.")
    ends_without_heartbeat_at: datetime = column("When the room ends by itself unless a heartbeat comes before.")
    chat_interval_seconds: int = column("How long one person waits between two messages, in seconds.")
    now_playing_from: TrackSource | None = column(
        "Where what plays is heard of, as its curator chose; null for their connected player, when there is one."
    )
    curator: User = one("Whose room it is.", tables.Broadcast.curator_id)
    now_playing: RoomTrack | None = one("What plays now.", tables.RoomTrack.broadcast_id, where=playing_now)
    track_history: Connection[RoomTrack] = many(
        "What played, the latest first.", tables.RoomTrack.broadcast_id, order=tables.RoomTrack.started_at.desc()
    )
    listeners: Connection[User] = many(
        "Who is in it, in the order they came.",
        tables.Listener.broadcast_id,
        through=tables.Listener.user_id,
        order=tables.Listener.joined_at,
        where=present,
        edge=ListenerEdge,
    )
    moderators: Connection[User] = many(
        "Who keeps order in it for the curator.",
        tables.Moderator.broadcast_id,
        through=tables.Moderator.user_id,
        order=tables.Moderator.added_at,
    )
    messages: Connection[Message] = many(
        "The chat, oldest first: `last: 20` gives the newest, `after` a cursor what came since.",
        tables.Message.broadcast_id,
        order=tables.Message.sequence,
    )
    tip_total: list[Money] = listed(
        "What was tipped in it before fees, one sum for each currency.",
        tables.TipTotal.broadcast_id,
        order=tables.TipTotal.currency,
        amount=lambda total, _viewer: decimal_text(total.amount_minor, total.currency),
        currency_code=tables.TipTotal.currency,
    )

    @computed
    def duration_seconds(room: type[tables.Broadcast], viewer: Viewer) -> SQL[float]:
        """How long it has been, or was, on air, in seconds."""
        return expressions.duration_seconds(room, viewer)

    @computed
    def viewer_is_listening(room: type[tables.Broadcast], viewer: Viewer) -> SQL[bool]:
        """Whether you are in it."""
        return expressions.viewer_is_listening(room, viewer)

    @computed
    def viewer_actions(room: type[tables.Broadcast], viewer: Viewer) -> SQL[list[BroadcastAction]]:
        """What you may do in it next."""
        return expressions.viewer_actions(room, viewer)

    @computed
    def event_cursor(room: type[tables.Broadcast], viewer: Viewer) -> SQL[str]:
        """The head of the room's log: give it to `broadcastEvents(after:)` and nothing that follows this answer is missed."""
        return event_cursor(room.id, "broadcast")

    @finished()
    def heartbeat_interval_seconds(context: object) -> int:
        """How often the curator's app is to send a heartbeat, in seconds."""
        return int(HEARTBEAT_INTERVAL.total_seconds())


class LiveBroadcastOrder(Enum):
    """The orders of `liveBroadcasts`."""

    NEWEST = "NEWEST"
    BUSIEST = "BUSIEST"


describe(
    LiveBroadcastOrder,
    "In which order to show rooms that are on air.",
    NEWEST="Who went on air last comes first.",
    BUSIEST="Where most listen comes first.",
)


@strawberry.input(description="Which rooms to show; all conditions must hold.")
class LiveBroadcastFilter:
    """The filter of `liveBroadcasts`."""

    genres: list[str] | None = strawberry.field(
        default=None, description="Only rooms with at least one of these genre tags."
    )
    curator_id: strawberry.ID | None = strawberry.field(default=None, description="Only the room of this curator.")
    followed_only: bool = strawberry.field(default=False, description="Only rooms of people whom you follow.")
    min_listeners: int | None = strawberry.field(
        default=None, description="Only rooms with at least so many listeners."
    )


def on_air(
    room: type[tables.Broadcast],
    viewer: Viewer,
    filter: Annotated[LiveBroadcastFilter | None, strawberry.argument(description="Which rooms.")] = None,
) -> Where:
    """Rooms that are on air, and what the filter says."""
    yield room.status == BroadcastStatus.LIVE
    if filter is None:
        return
    if filter.genres is not None:
        yield expressions.any_genre(room, filter.genres)
    if filter.curator_id is not None:
        yield room.curator_id == filter.curator_id
    if filter.followed_only:
        yield expressions.curator_followed(room, viewer)
    if filter.min_listeners is not None:
        yield room.listener_count >= filter.min_listeners


@reads
class BroadcastReads:
    """Reads about live rooms."""

    broadcast: Broadcast | None = by_id("One room, on air or not.")
    live_broadcasts: Connection[Broadcast] = many(
        "The rooms that are on air.",
        tables.Broadcast,
        where=on_air,
        order={
            LiveBroadcastOrder.NEWEST: tables.Broadcast.started_at.desc(),
            LiveBroadcastOrder.BUSIEST: tables.Broadcast.listener_count.desc(),
        },
    )
