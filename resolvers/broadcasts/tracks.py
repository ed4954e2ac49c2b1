"""What plays in a room."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from db.queries import broadcasts
from db.session import Tx
from db.tables import RoomTrack
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.broadcasts import TrackSource
from domain.events import Event, EventKind, room_topic
from domain.ids import new_id
from domain.tracks import SEEK_SECONDS, TrackFacts, clean_seconds, clean_track, clean_url
from resolvers.broadcasts.rooms import lock_own_room

SPOTIFY = frozenset({"open.spotify.com"})
APPLE_MUSIC = frozenset({"music.apple.com", "geo.music.apple.com"})


async def set_now_playing(
    tx: Tx,
    actor: Actor,
    broadcast_id: UUID,
    *,
    track: TrackFacts | None,
    playing: bool = True,
    progress_seconds: float = 0.0,
    spotify_url: str | None = None,
    apple_music_url: str | None = None,
) -> None:
    """Say what plays; None when nothing does. The same track said again is a report of its progress.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended.
        Forbidden: It is somebody else's.
        InvalidInput: A fact of the track cannot be.
    """
    actor.require_scope(ApiScope.BROADCAST)
    seen: dict[str, object] = {
        "playing": playing,
        "progress_seconds": clean_seconds(progress_seconds, "progressSeconds"),
        "spotify_url": clean_url(spotify_url, "spotifyUrl", hosts=SPOTIFY) if spotify_url else None,
        "apple_music_url": clean_url(apple_music_url, "appleMusicUrl", hosts=APPLE_MUSIC) if apple_music_url else None,
    }
    facts = clean_track(track, "track") if track else None
    await lock_own_room(tx, actor, broadcast_id)
    current = await broadcasts.current_track(tx.session, broadcast_id)
    if facts is None:
        if await broadcasts.stop_track(tx.session, broadcast_id):
            await _tell(tx, broadcast_id, None)
        return
    if current is not None and facts.same_as(_facts(current)):
        moved = current.playing != playing or abs(_expected(current) - progress_seconds) > SEEK_SECONDS
        await broadcasts.observe_track(tx.session, current.id, {**seen, **_known(facts)})
        if moved:
            await _tell(tx, broadcast_id, current.id)
        return
    await broadcasts.stop_track(tx.session, broadcast_id)
    track_id = new_id()
    source = {"source": TrackSource.MANUAL}
    await broadcasts.add_track(tx.session, broadcast_id, track_id, {**seen, **asdict(facts), **source})
    await _tell(tx, broadcast_id, track_id)


def _facts(row: RoomTrack) -> TrackFacts:
    return TrackFacts(title=row.title, artist=row.artist, isrc=row.isrc)


def _known(facts: TrackFacts) -> dict[str, object]:
    return {name: value for name, value in asdict(facts).items() if value is not None}


def _expected(row: RoomTrack) -> float:
    passed = (datetime.now(UTC) - row.observed_at).total_seconds() if row.playing else 0.0
    return row.progress_seconds + passed


async def _tell(tx: Tx, broadcast_id: UUID, track_id: UUID | None) -> None:
    facts = {"trackId": str(track_id) if track_id else None}
    await tx.tell(Event(room_topic(broadcast_id), EventKind.TRACK_CHANGED, facts))
