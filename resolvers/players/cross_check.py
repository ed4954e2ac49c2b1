"""Apple Music has no way to ask what plays: the app says it, and the list of what was played lately bears it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from db.queries import broadcasts, players
from db.session import Database, Tx
from domain.broadcasts import TrackSource
from domain.connections import AccessEnded, AccountProvider
from domain.errors import NotConfigured, NotFound, RateLimited, Unavailable
from domain.jobs import Job, JobKind, Queue
from domain.players import CONFIRM_FIRST_SECONDS, CONFIRM_SECONDS, PAUSE_SECONDS, RecentTrack, confirms
from domain.ports import Services
from domain.tracks import TrackFacts
from resolvers.connections.access import end_access, open_access
from resolvers.players.places import take_place

APPLE: Final = AccountProvider.APPLE_MUSIC


def song_id(url: str) -> str | None:
    """The id of a song in its address: `/album/…/1440?i=1441` or `/song/…/1441`; None for other pages."""
    parts = urlsplit(url)
    (named, *_) = [*parse_qs(parts.query).get("i", []), ""]
    song = named or (parts.path.rstrip("/").rpartition("/")[2] if "/song/" in parts.path else "")
    return song if song.isascii() and song.isdigit() else None


@dataclass(frozen=True)
class Look:
    """What came of one look.

    Attributes:
        confirmed: Whether the list has the track.
        wait_seconds: When to look again; None when there is no need or no use.
        pause_seconds: For how long Apple wants to be left alone, when it has just said so.
    """

    confirmed: bool = False
    wait_seconds: float | None = None
    pause_seconds: float | None = None


async def promise(tx: Tx, connection: tuple[UUID, int], broadcast_id: UUID, track_id: UUID) -> None:
    """Promise to look for a room's track at Apple, for as long as it is on.

    Twice begins once; an account that is connected anew begins anew.
    """
    account_id, connections = connection
    payload = {"broadcastId": str(broadcast_id), "accountId": str(account_id), "trackId": str(track_id)}
    key = f"{broadcast_id}:{account_id}:{connections}:{track_id}"
    first = datetime.now(UTC) + timedelta(seconds=CONFIRM_FIRST_SECONDS)
    await tx.later(Job(JobKind.POLL_PLAYER, key, payload, run_at=first, queue=Queue.PLAYERS))


async def ask(database: Database, services: Services, payload: Mapping[str, Any]) -> Look:
    """Ask Apple what somebody played lately, while a track that they reported is on and not yet borne out."""
    async with database.session() as session:
        track = await broadcasts.read_track(session, UUID(payload["trackId"]))
        paused = await players.paused_seconds(session, APPLE)
    if track is None or track.ended_at or track.confirmed_at or track.source is not TrackSource.APPLE_MUSIC:
        return Look()
    wait = paused or await take_place(services, APPLE)
    if wait > 0:
        return Look(wait_seconds=max(CONFIRM_SECONDS, wait))
    try:
        recent = await _look(database, services, UUID(payload["accountId"]))
    except (AccessEnded, NotFound):
        return Look()
    except RateLimited as refusal:
        pause = refusal.retry_after_seconds or PAUSE_SECONDS
        return Look(wait_seconds=max(CONFIRM_SECONDS, pause), pause_seconds=pause)
    except (Unavailable, NotConfigured):
        return Look(wait_seconds=CONFIRM_SECONDS)
    facts = TrackFacts(title=track.title, artist=track.artist, isrc=track.isrc)
    confirmed = confirms(facts, track.source_key, recent)
    return Look(confirmed=confirmed, wait_seconds=None if confirmed else CONFIRM_SECONDS)


async def record(tx: Tx, payload: Mapping[str, Any], look: Look) -> float | None:
    """Write that a track was borne out. What the app said is never changed.

    Returns:
        Seconds until the next look; None when there is none.
    """
    if look.pause_seconds is not None:
        await players.pause(tx.session, APPLE, look.pause_seconds)
    if look.confirmed:
        await broadcasts.change_track(tx.session, UUID(payload["trackId"]), {"confirmed_at": datetime.now(UTC)})
    return look.wait_seconds


async def _look(database: Database, services: Services, account_id: UUID) -> Sequence[RecentTrack]:
    access = await open_access(database, services, account_id)
    try:
        return await services.apple_music.recent(access.access_token)
    except AccessEnded:
        await end_access(database, access)
        raise
