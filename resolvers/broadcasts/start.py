"""A curator opens a room."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from db.queries import accounts, broadcasts, history, players
from db.session import Tx
from domain.accounts import ApiScope, Role
from domain.actors import Actor
from domain.broadcasts import MAX_DESCRIPTION, MAX_GENRE, MAX_GENRES, MAX_TITLE, BroadcastStatus, TrackSource
from domain.chat import INTERVAL_SECONDS, MAX_INTERVAL_SECONDS
from domain.connections import PROVIDER_NAMES, AccountProvider
from domain.errors import Conflict, InvalidInput
from domain.events import LIFECYCLE, Event, EventKind, room_topic
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.notifications import SubjectType
from domain.texts import clean_tags, clean_text
from resolvers.players.follow import follow_player

CONNECTED_AT: Final = {
    TrackSource.SPOTIFY: AccountProvider.SPOTIFY,
    TrackSource.APPLE_MUSIC: AccountProvider.APPLE_MUSIC,
}
"""Which account it takes to hear of what plays from where."""


def clean_interval(seconds: int, *field: str) -> int:
    """Read a room's pace of chat.

    Raises:
        InvalidInput: Faster than the platform's own 3 seconds, or slower than 10 minutes.
    """
    if not INTERVAL_SECONDS <= seconds <= MAX_INTERVAL_SECONDS:
        raise InvalidInput(f"Chat goes at {INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS} seconds a message.", *field)
    return seconds


async def start(
    tx: Tx,
    actor: Actor,
    *,
    title: str,
    description: str | None = None,
    genre_tags: list[str] | None = None,
    chat_interval_seconds: int = INTERVAL_SECONDS,
    now_playing_from: TrackSource | None = None,
) -> UUID:
    """Open a room. Its followers are told, it follows its curator's player, and it ends by itself when they fall silent.

    Returns:
        The room's id.

    Raises:
        Conflict: The curator is on air already; the database decides, so that of two starts at once one wins. Or the
            player that they chose is not connected.
        InvalidInput: A text, a genre or the chat's pace cannot be, or the player cannot be asked.
    """
    actor.require_scope(ApiScope.BROADCAST)
    await _check_player(tx, actor.user_id, now_playing_from)
    facts = {
        "title": clean_text(title, "title", most=MAX_TITLE),
        "description": clean_text(description, "description", most=MAX_DESCRIPTION, lines=True)
        if description
        else None,
        "genre_tags": clean_tags(genre_tags or [], "genreTags", most=MAX_GENRES, longest=MAX_GENRE),
        "chat_interval_seconds": clean_interval(chat_interval_seconds, "chatIntervalSeconds"),
        "now_playing_from": now_playing_from,
    }
    broadcast_id = new_id()
    ends_at = await broadcasts.add_live(tx.session, broadcast_id, actor.user_id, **facts)
    if ends_at is None:
        raise Conflict("You are on air already. Stop that room first.")
    subject = (SubjectType.BROADCAST, broadcast_id)
    await history.note(tx.session, subject, before=None, after=BroadcastStatus.LIVE, by=actor.user_id, reason="STARTED")
    await accounts.add_role(tx.session, actor.user_id, Role.CURATOR)
    facts_told = {"broadcastId": str(broadcast_id), "curatorId": str(actor.user_id)}
    await tx.tell(Event(room_topic(broadcast_id), EventKind.BROADCAST_STARTED, facts_told))
    await tx.tell(Event(LIFECYCLE, EventKind.BROADCAST_STARTED, facts_told))
    await tx.later(
        Job(JobKind.END_SILENT_BROADCAST, str(broadcast_id), {"broadcastId": str(broadcast_id)}, run_at=ends_at)
    )
    await tx.later(Job(JobKind.NOTIFY_FOLLOWERS, str(broadcast_id), facts_told))
    await follow_player(tx, actor.user_id)
    return broadcast_id


async def _check_player(tx: Tx, user_id: UUID, source: TrackSource | None) -> None:
    if source is TrackSource.SERATO:
        raise InvalidInput("Serato cannot be asked what plays.", "nowPlayingFrom")
    provider = CONNECTED_AT.get(source) if source else None
    if provider and await players.find_account(tx.session, user_id, provider) is None:
        raise Conflict(f"Connect your account at {PROVIDER_NAMES[provider]} first.", "nowPlayingFrom")
