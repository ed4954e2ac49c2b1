"""What the fields of a room compute in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Float, Text, and_, case, cast, exists, func, literal, or_
from sqlalchemy.dialects.postgresql import array

from db.access.viewer import Viewer
from db.expressions.follows import apart
from db.tables import Broadcast, Follow, Listener, Moderator, Mute, RoomTrack
from domain.broadcasts import BroadcastAction, BroadcastStatus

Room = type[Broadcast]
Track = type[RoomTrack]


def duration_seconds(room: Room, viewer: Viewer) -> ColumnElement[float]:
    """How long a room has been, or was, on air."""
    return cast(func.extract("epoch", func.coalesce(room.ended_at, func.now()) - room.started_at), Float)


def progress_seconds(track: Track, viewer: Viewer) -> ColumnElement[float]:
    """How far a track is at `observed_at`: while it runs, what was seen and the time since, up to its length."""
    passed = cast(func.extract("epoch", func.now() - track.observed_at), Float)
    reached = track.progress_seconds + func.greatest(passed, 0.0)
    # A length that is not known counts as none: `least` leaves NULL out.
    return case((_runs(track), func.least(reached, track.duration_seconds)), else_=track.progress_seconds)


def observed_at(track: Track, viewer: Viewer) -> ColumnElement[datetime]:
    """When the progress that is told was true: while the track runs, now."""
    return case((_runs(track), func.greatest(func.now(), track.observed_at)), else_=track.observed_at)


def _runs(track: Track) -> ColumnElement[bool]:
    return and_(track.playing, track.ended_at.is_(None))


def viewer_is_listening(room: Room, viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer is in the room."""
    return exists().where(Listener.broadcast_id == room.id, Listener.user_id == viewer.id, Listener.left_at.is_(None))


def viewer_moderates(room: Room, viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer keeps order in the room for its curator."""
    return exists().where(Moderator.broadcast_id == room.id, Moderator.user_id == viewer.id)


def viewer_actions(room: Room, viewer: Viewer) -> ColumnElement[list[BroadcastAction]]:
    """What the viewer may do in the room next, by the same conditions as the deeds'."""
    curates = room.curator_id == viewer.id
    guest = and_(
        viewer.id.is_not(None),
        room.curator_id.is_distinct_from(viewer.id),
        ~apart(room.curator_id, viewer.id),
    )
    listens = viewer_is_listening(room, viewer)
    orders = or_(curates, and_(guest, viewer_moderates(room, viewer)))
    muted = exists().where(Mute.broadcast_id == room.id, Mute.user_id == viewer.id, Mute.muted_until > func.now())
    allowed: dict[BroadcastAction, ColumnElement[bool]] = {
        BroadcastAction.JOIN: and_(guest, ~listens),
        BroadcastAction.LEAVE: listens,
        BroadcastAction.SEND_MESSAGE: and_(or_(curates, guest), ~muted),
        BroadcastAction.SEND_TIP: guest,
        BroadcastAction.SET_NOW_PLAYING: curates,
        BroadcastAction.SEND_HEARTBEAT: curates,
        BroadcastAction.UPDATE: orders,
        BroadcastAction.MODERATE: orders,
        BroadcastAction.SET_MODERATOR: curates,
        BroadcastAction.STOP: or_(curates, literal("OPERATOR") == func.any(viewer.roles)),
    }
    each: list[Any] = [case((condition, action.value)) for action, condition in allowed.items()]
    actions = func.array_remove(cast(array(each), ARRAY(Text)), None)
    return case((room.status == BroadcastStatus.LIVE, actions), else_=cast(array([], type_=Text), ARRAY(Text)))


def any_genre(room: Room, genres: list[str]) -> ColumnElement[bool]:
    """Whether a room has one of these genre tags; `genres` is a list or the parameter that stands for one."""
    return room.genre_tags.op("&&")(cast(genres, ARRAY(Text)))


def curator_followed(room: Room, viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer follows a room's curator."""
    return exists().where(Follow.follower_id == viewer.id, Follow.followee_id == room.curator_id)
