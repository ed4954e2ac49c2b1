"""What plays in a room, by whoever says it: the same track again is progress, another one begins."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

from db.queries import broadcasts
from db.session import Tx
from db.tables import RoomTrack
from domain.broadcasts import TrackSource
from domain.ids import new_id
from domain.players import LastSeen, Playing, Silence
from domain.tracks import SEEK_SECONDS, TrackFacts, tidy_track, tidy_url
from resolvers.players import links

SPOTIFY = frozenset({"open.spotify.com"})
APPLE_MUSIC = frozenset({"music.apple.com", "geo.music.apple.com"})


@dataclass(frozen=True)
class Report:
    """A track that is said to play.

    Attributes:
        facts: What it is.
        source: Who says so.
        key: What the source calls it.
        playing: Whether it runs.
        progress_seconds: How far it was `seconds_ago`.
        seconds_ago: How long ago that was true.
        spotify_url: The track at Spotify, when that is known.
        apple_music_url: The track at Apple Music, when that is known.
    """

    facts: TrackFacts
    source: TrackSource = TrackSource.MANUAL
    key: str | None = None
    playing: bool = True
    progress_seconds: float = 0.0
    seconds_ago: float = 0.0
    spotify_url: str | None = None
    apple_music_url: str | None = None

    @property
    def seen(self) -> dict[str, object]:
        """What was seen of it."""
        return {"playing": self.playing, "progress_seconds": self.progress_seconds}

    @property
    def known(self) -> dict[str, object]:
        """What is known of it; what is not known leaves what was known before."""
        whole = {**asdict(self.facts), "spotify_url": self.spotify_url, "apple_music_url": self.apple_music_url}
        return {name: value for name, value in whole.items() if value is not None}

    @property
    def origin(self) -> dict[str, object]:
        """Who says so. What an app says of a track that a player plays leaves the player's word standing."""
        return {} if self.source is TrackSource.MANUAL else {"source": self.source, "source_key": self.key}

    def speaks_of(self, row: RoomTrack) -> bool:
        """Whether the room shows this track now."""
        if row.source is self.source and row.source_key and self.key:
            return row.source_key == self.key
        return self.facts.same_as(TrackFacts(title=row.title, artist=row.artist, isrc=row.isrc))

    def moves(self, row: RoomTrack) -> bool:
        """Whether the track was paused, resumed or moved."""
        passed = (datetime.now(UTC) - row.observed_at).total_seconds() - self.seconds_ago if row.playing else 0.0
        expected = row.progress_seconds + passed
        return row.playing != self.playing or abs(expected - self.progress_seconds) > SEEK_SECONDS


async def show(tx: Tx, broadcast_id: UUID, report: Report) -> UUID:
    """Let a locked room show a track.

    Returns:
        The id of its row in the room.
    """
    current = await broadcasts.current_track(tx.session, broadcast_id)
    if current is not None and report.speaks_of(current):
        moved = report.moves(current)
        seen = {**report.seen, **report.known, **report.origin}
        await broadcasts.observe_track(tx.session, current.id, seen, seconds_ago=report.seconds_ago)
        if moved:
            await links.tell(tx, broadcast_id, current.id)
        return current.id
    await broadcasts.stop_track(tx.session, broadcast_id)
    track_id = new_id()
    facts = {"source": report.source, "source_key": report.key, **report.seen, **report.known}
    found, wanted = await links.fill(tx, facts)
    await broadcasts.add_track(tx.session, broadcast_id, track_id, facts | found, seconds_ago=report.seconds_ago)
    if wanted:
        await links.promise(tx, broadcast_id, track_id)
    await links.tell(tx, broadcast_id, track_id)
    return track_id


async def stop(tx: Tx, broadcast_id: UUID, source: TrackSource | None = None) -> None:
    """Let nothing play in a locked room; with a source, only what it has said ends."""
    if await broadcasts.stop_track(tx.session, broadcast_id, source):
        await links.tell(tx, broadcast_id, None)


async def look(tx: Tx, broadcast_id: UUID, last: LastSeen, seen: Playing | Silence) -> None:
    """Bring what a player does into a locked room. What an app said stands until the player itself does something else."""
    if isinstance(seen, Silence):
        await stop(tx, broadcast_id, TrackSource.SPOTIFY)
        return
    current = await broadcasts.current_track(tx.session, broadcast_id)
    shown = current is not None and (current.source, current.source_key) == (TrackSource.SPOTIFY, seen.key)
    if not shown and not last.outdone_by(seen):
        return
    report = Report(
        tidy_track(seen.facts),
        TrackSource.SPOTIFY,
        seen.key,
        playing=seen.playing,
        progress_seconds=seen.progress_seconds,
        seconds_ago=max(0.0, (datetime.now(UTC) - seen.observed_at).total_seconds()),
        spotify_url=tidy_url(seen.url, hosts=SPOTIFY),
    )
    await show(tx, broadcast_id, report)
