"""Looking through what is kept of a runner's history."""

from __future__ import annotations

import asyncio
from uuid import UUID

from db.queries import verification
from db.session import Database
from db.tables import Mission, PlayRow
from domain.plays import Play
from domain.scoring.venue import Place
from domain.scoring.words import Wanted
from domain.verification import AROUND, Asked, Decision, Told, decide


async def look(database: Database, mission: Mission, runner_id: UUID) -> Decision:
    """Say what a person's history proves of a mission now. Changes nothing."""
    async with database.session() as session:
        rows = await verification.read_plays(
            session, runner_id, mission.window_starts_at - AROUND, mission.window_ends_at + AROUND
        )
        others = await verification.read_elsewhere(
            session, runner_id, mission.window_starts_at - AROUND, mission.window_ends_at + AROUND
        )
    history = [told_by(row) for row in rows]
    # With a month of history this is a second of work, which others do not wait for.
    return await asyncio.to_thread(decide, asked_by(mission), history, [told_by(row).play for row in others])


def asked_by(mission: Mission) -> Asked:
    """What a mission asks for."""
    track = Wanted(mission.track_title, mission.track_artist, mission.track_isrc, mission.track_duration_seconds)
    venue = Place(mission.venue_name, mission.venue_city, mission.venue_latitude, mission.venue_longitude)
    return Asked(
        track,
        mission.window_starts_at,
        mission.window_ends_at,
        venue if mission.venue_name else None,
        mission.requires_gig,
    )


def told_by(row: PlayRow) -> Told:
    """A row of a history as verification takes it."""
    play = Play(
        key=row.key,
        title=row.title,
        artist=row.artist,
        started_at=row.played_at,
        ended_at=row.ended_at,
        played_seconds=row.played_seconds,
        deck=row.deck,
        audible=row.audible,
        album=row.album,
        isrc=row.isrc,
        duration_seconds=row.duration_seconds,
        bpm=row.bpm,
        musical_key=row.musical_key,
        updated_at=row.source_updated_at,
    )
    return Told(row.id, play, row.source, row.trust, row.time_known, row.venue_name, row.received_at)
