"""Where a track is at the other service: looked for once for each recording, and told to the room when it is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from db.queries import broadcasts, players
from db.session import Database, Tx
from domain.connections import AccountProvider
from domain.errors import NotConfigured, RateLimited, Unavailable
from domain.events import Event, EventKind, room_topic
from domain.jobs import Job, JobKind
from domain.players import PAUSE_SECONDS
from domain.ports import Services
from resolvers.players.places import take_place

COLUMNS: Final = {AccountProvider.SPOTIFY: "spotify_url", AccountProvider.APPLE_MUSIC: "apple_music_url"}
"""Which services have a catalogue, and where a room's track has its address there."""

LATER_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Search:
    """What came of looking for a recording.

    Attributes:
        isrc: The recording.
        found: Its address by service, None where it is not; a service that did not say is not in it.
        wait_seconds: When to ask those again; None when there is none, or no use in asking.
        pauses: Services that want to be left alone by the whole app, and for how long.
    """

    isrc: str
    found: Mapping[AccountProvider, str | None]
    wait_seconds: float | None
    pauses: Mapping[AccountProvider, float]


async def fill(tx: Tx, facts: Mapping[str, Any]) -> tuple[dict[str, object], bool]:
    """Find the addresses that a new track lacks among those that we know.

    Returns:
        The addresses by column, and whether it is worth looking for others.
    """
    missing = [provider for provider, column in COLUMNS.items() if not facts.get(column)]
    if not facts.get("isrc") or not missing:
        return {}, False
    known = await players.read_links(tx.session, facts["isrc"])
    found = {COLUMNS[provider]: known[provider] for provider in missing if known.get(provider)}
    return dict(found), any(provider not in known for provider in missing)


async def promise(tx: Tx, broadcast_id: UUID, track_id: UUID) -> None:
    """Promise to look where a room's track is at the other services."""
    payload = {"broadcastId": str(broadcast_id), "trackId": str(track_id)}
    await tx.later(Job(JobKind.LINK_TRACK, str(track_id), payload))


async def search(database: Database, services: Services, payload: Mapping[str, Any]) -> Search | None:
    """Look for a room's track where its address is not known. A service that does not answer is asked later, or never.

    Returns:
        What was found; None when there is nothing to look for.
    """
    async with database.session() as session:
        track = await broadcasts.read_track(session, UUID(payload["trackId"]))
        known = await players.read_links(session, track.isrc) if track and track.isrc else {}
        paused = {provider: await players.paused_seconds(session, provider) for provider in COLUMNS}
    if track is None or track.isrc is None:
        return None
    missing = [provider for provider, column in COLUMNS.items() if getattr(track, column) is None]
    found = {provider: known[provider] for provider in missing if provider in known}
    waits: list[float] = []
    pauses: dict[AccountProvider, float] = {}
    for provider in missing:
        if provider in found:
            continue
        wait = paused[provider] or await take_place(services, provider)
        if wait > 0:
            waits.append(wait)
            continue
        try:
            found[provider] = await services.catalogs[provider].find_url(track.isrc)
        except NotConfigured:
            continue
        except RateLimited as refusal:
            pauses[provider] = refusal.retry_after_seconds or PAUSE_SECONDS
            waits.append(pauses[provider])
        except Unavailable:
            waits.append(LATER_SECONDS)
    return Search(track.isrc, found, max(waits, default=None), pauses)


async def record(tx: Tx, payload: Mapping[str, Any], search: Search) -> float | None:
    """Write what was found, and tell the room when the track is still on.

    Returns:
        Seconds until it is worth looking again; None when it is not.
    """
    broadcast_id, track_id = UUID(payload["broadcastId"]), UUID(payload["trackId"])
    room = await broadcasts.lock_live(tx.session, broadcast_id)
    track = await broadcasts.read_track(tx.session, track_id)
    if track is None:
        return None
    for provider, seconds in sorted(search.pauses.items()):
        await players.pause(tx.session, provider, seconds)
    await players.keep_links(tx.session, search.isrc, search.found)
    urls = {COLUMNS[provider]: url for provider, url in search.found.items() if url}
    news = {column: url for column, url in urls.items() if getattr(track, column) is None}
    if news:
        await broadcasts.change_track(tx.session, track_id, news)
    on = room is not None and track.ended_at is None
    if news and on:
        await tell(tx, broadcast_id, track_id)
    return search.wait_seconds if on else None


async def tell(tx: Tx, broadcast_id: UUID, track_id: UUID | None) -> None:
    """Tell a room what plays in it now."""
    facts = {"trackId": str(track_id) if track_id else None}
    await tx.tell(Event(room_topic(broadcast_id), EventKind.TRACK_CHANGED, facts))
