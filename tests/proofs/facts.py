"""A proof to try things on: of a DJ called Mina and a curator called Theo, with their addresses and ids."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from domain.proof_documents import make_proof, seal
from domain.proofs import GigRule, Played, ProofFacts, ScorePoints
from domain.tracks import TrackFacts
from integrations.proof_keys import Ed25519Notary

MISSION, RUNNER, CURATOR = (UUID(int=0x0190 << 112 | 7 << 76 | 2 << 62 | number) for number in (1, 2, 3))
SALT = bytes(range(32))
NOTARY = Ed25519Notary(b"the key with which the tests sig")
STRANGER = Ed25519Notary(b"the key of somebody who is not u")
BEGAN = datetime(2026, 5, 9, 22, 10, 5, 250_000, tzinfo=UTC)
WANTED = TrackFacts("Ça Plane \U0001f680", "Plastic \uff21 & \u202ePáll\t", isrc="GBAYE0600001", duration_seconds=212.0)
PLAYED = Played(
    track=TrackFacts("ca plane", "Plastic", duration_seconds=212.004, bpm=128.0),
    at=BEGAN,
    seconds=180.5,
    deck=2,
    source="SERATO",
    trust="HIGH",
)
FACTS = ProofFacts(
    mission_id=MISSION,
    runner_id=RUNNER,
    curator_id=CURATOR,
    wanted=WANTED,
    method="AUTOMATED",
    verified_at=datetime(2026, 5, 10, 6, tzinfo=UTC),
    evidence_sha256="e" * 64,
    played=PLAYED,
    confidence="95.5",
    score=ScorePoints(40, 20, 20, 10, 90, 100),
    rules=(GigRule("TRACK_COUNT", True, "14", "10"), GigRule("LONGEST_GAP", False, "301", "300")),
    venue_name="Anna's birthday",
    venue_match="MATCH",
)


def document(notary=NOTARY, **changes):
    """The bytes of a proof, signed."""
    return seal(make_proof(replace(FACTS, **changes), SALT), notary)
