"""A curator's app says what plays in their room."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from db.queries import players
from db.session import Tx
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.broadcasts import TrackSource
from domain.connections import AccountProvider
from domain.errors import Conflict, InvalidInput
from domain.tracks import TrackFacts, clean_seconds, clean_track, clean_url
from resolvers.broadcasts.rooms import lock_own_room
from resolvers.players import cross_check, observe
from resolvers.players.observe import APPLE_MUSIC, SPOTIFY, Report

APPS_REPORT: Final = frozenset({TrackSource.MANUAL, TrackSource.APPLE_MUSIC})
"""Whose word an app may bring; of the others we hear ourselves."""


async def set_now_playing(
    tx: Tx,
    actor: Actor,
    broadcast_id: UUID,
    *,
    track: TrackFacts | None,
    source: TrackSource = TrackSource.MANUAL,
    playing: bool = True,
    progress_seconds: float = 0.0,
    spotify_url: str | None = None,
    apple_music_url: str | None = None,
) -> None:
    """Say what plays; None when nothing does. The same track said again is a report of its progress.

    What Apple Music plays is believed, and looked for in the list of what was played lately there.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended, or there is no connected account at Apple Music.
        Forbidden: It is somebody else's.
        InvalidInput: A fact of the track cannot be, or an app cannot say what plays there.
    """
    actor.require_scope(ApiScope.BROADCAST)
    if source not in APPS_REPORT:
        raise InvalidInput("An app says MANUAL or APPLE_MUSIC; other players are asked by the server.", "source")
    apple_url = clean_url(apple_music_url, "appleMusicUrl", hosts=APPLE_MUSIC) if apple_music_url else None
    progress = clean_seconds(progress_seconds, "progressSeconds") or 0.0
    spotify_url = clean_url(spotify_url, "spotifyUrl", hosts=SPOTIFY) if spotify_url else None
    facts = clean_track(track, "track") if track else None
    await lock_own_room(tx, actor, broadcast_id)
    account = None
    if source is TrackSource.APPLE_MUSIC:
        account = await players.find_account(tx.session, actor.user_id, AccountProvider.APPLE_MUSIC)
        if account is None:
            raise Conflict("Connect your account at Apple Music first.", "source")
    if facts is None:
        await observe.stop(tx, broadcast_id)
        return
    report = Report(
        facts,
        source,
        cross_check.song_id(apple_url) if apple_url and account else None,
        playing=playing,
        progress_seconds=progress,
        spotify_url=spotify_url,
        apple_music_url=apple_url,
    )
    track_id = await observe.show(tx, broadcast_id, report)
    if account is not None:
        await cross_check.promise(tx, (account.id, account.connections), broadcast_id, track_id)
