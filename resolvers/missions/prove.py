"""Making the proof of a mission: the facts, the platform's signature, and the promise to have it pinned."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import orjson

from db.queries import verification
from db.session import Tx
from db.tables import Mission, PlayRow, VerificationAttempt
from domain.ports import Services
from domain.proofs import GigRule, Played, ProofFacts, ScorePoints
from domain.scoring.words import VenueMatch
from domain.tracks import TrackFacts, tidy_track
from resolvers.missions.proofs import keep_proof


async def prove(tx: Tx, services: Services, mission: Mission, attempt_id: UUID | None) -> None:
    """Write a mission's proof, once, in the transaction that completes it."""
    attempt = None if attempt_id is None else await verification.find_attempt(tx.session, attempt_id)
    play = (
        None
        if attempt is None or attempt.play_id is None
        else await verification.find_play(tx.session, attempt.play_id)
    )
    facts = await _facts(tx, mission, attempt, play)
    await keep_proof(tx, services, facts, attempt_id=attempt_id)


async def _facts(tx: Tx, mission: Mission, attempt: VerificationAttempt | None, play: PlayRow | None) -> ProofFacts:
    assert mission.runner_id is not None
    rules = [] if attempt is None or attempt.gig is None else attempt.gig["rules"]
    return ProofFacts(
        mission_id=mission.id,
        runner_id=mission.runner_id,
        curator_id=mission.curator_id,
        wanted=TrackFacts(
            mission.track_title,
            mission.track_artist,
            mission.track_album,
            mission.track_isrc,
            mission.track_duration_seconds,
            mission.track_bpm,
            mission.track_musical_key,
        ),
        method=mission.verification_method.value,
        verified_at=datetime.now(UTC),
        evidence_sha256=(await _hash_evidence(tx, mission, play)).hex(),
        played=None if play is None else _played(play),
        confidence=_percent(attempt),
        score=_points(attempt),
        rules=[
            GigRule(rule["code"], rule["passed"], rule["actual"], rule["limit"])
            for rule in rules
            if rule["passed"] is not None
        ],
        venue_name=mission.venue_name,
        venue_match=((attempt and attempt.venue_match) or VenueMatch.UNKNOWN).value,
    )


async def _hash_evidence(tx: Tx, mission: Mission, play: PlayRow | None) -> bytes:
    """The hash of what it was verified by: the history file, what an account said of the play, or what was handed in."""
    if play is not None:
        digest = await verification.find_import_hash(tx.session, play.import_id) if play.import_id else None
        told = [play.source, play.key, play.title, play.artist, play.played_at.isoformat()]
        return digest or hashlib.sha256(orjson.dumps(told)).digest()
    return hashlib.sha256(orjson.dumps(await verification.list_evidence(tx.session, mission.id))).digest()


def _played(play: PlayRow) -> Played:
    track = TrackFacts(play.title, play.artist or "", play.album, play.isrc, play.duration_seconds, play.bpm)
    # Software writes whatever it likes: what cannot be is left out, rather than that nobody is paid for it.
    track = replace(tidy_track(track), artist=track.artist)
    return Played(track, play.played_at, play.played_seconds, play.deck, play.source.value, play.trust.value)


def _percent(attempt: VerificationAttempt | None) -> str | None:
    if attempt is None or attempt.confidence is None:
        return None
    return str(Decimal(str(attempt.confidence)).quantize(Decimal("0.1")))


def _points(attempt: VerificationAttempt | None) -> ScorePoints | None:
    if attempt is None or attempt.total_points is None or attempt.available_points is None:
        return None
    return ScorePoints(
        title=attempt.title_points or 0,
        artist=attempt.artist_points or 0,
        isrc=attempt.isrc_points or 0,
        duration=attempt.duration_points or 0,
        total=attempt.total_points,
        available=attempt.available_points,
    )
