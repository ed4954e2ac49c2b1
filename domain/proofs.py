"""The proof of a mission: what it is made of, and what it needs of the outside world; see `domain/proof_documents.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.tracks import TrackFacts


class Notary(Protocol):
    """Signs for the platform (Ed25519)."""

    @property
    def public_key(self) -> bytes:
        """The key of 32 bytes by which what is signed now is checked."""

    @property
    def trusted(self) -> Collection[bytes]:
        """All public keys that are or were ours."""

    def sign(self, content: bytes) -> bytes:
        """Make a signature of 64 bytes."""

    def holds(self, public_key: bytes, signature: bytes, content: bytes) -> bool:
        """Tell whether a signature is that of a public key over some bytes. Never raises."""


@dataclass(frozen=True)
class Pinned:
    """Where a document is kept besides here.

    Attributes:
        service: Who keeps it, such as Kubo.
        url: A gateway's address under which it can be fetched.
    """

    service: str
    url: str


class OtherContent(Exception):
    """A node says that what it keeps has another CID than what it was given: somebody has to look at it."""


class Pins(Protocol):
    """Has a document kept in IPFS."""

    async def pin(self, content: bytes, cid: str) -> Pinned:
        """Hand a document over; doing it again changes nothing.

        Raises:
            OtherContent: The node answers with another CID.
            RateLimited: Later.
            Unavailable: The node does not answer; it may keep the document all the same.
            NotConfigured: There is no node.
        """


@dataclass(frozen=True)
class GigRule:
    """One rule of a professional gig, as it was found: figures are written as texts."""

    code: str
    passed: bool
    actual: str
    limit: str


@dataclass(frozen=True)
class ScorePoints:
    """The points of a match, and how many there were to have."""

    title: int
    artist: int
    isrc: int
    duration: int
    total: int
    available: int


@dataclass(frozen=True)
class Played:
    """What was played, as the DJ's software has it.

    Attributes:
        track: The track.
        at: When it began.
        seconds: For how long.
        deck: On which deck.
        source: Where this is known from.
        trust: How far that is trusted.
    """

    track: TrackFacts
    at: datetime
    seconds: float | None
    deck: int | None
    source: str
    trust: str


@dataclass(frozen=True)
class ProofFacts:
    """What a proof is made of. What a person decided has no play, confidence, score or rules.

    Attributes:
        mission_id: The mission.
        runner_id: Who played.
        curator_id: Who asked for it.
        wanted: The track that was asked for.
        method: How it was verified.
        verified_at: When.
        evidence_sha256: The hash of what it was verified by, in hexadecimal digits.
        played: What was played.
        confidence: In percent with one decimal, such as 95.5.
        score: How that came about.
        rules: How professional the gig was.
        venue_name: Where it was played.
        venue_match: Whether that is the mission's venue: MATCH, MISMATCH or UNKNOWN.
    """

    mission_id: UUID
    runner_id: UUID
    curator_id: UUID
    wanted: TrackFacts
    method: str
    verified_at: datetime
    evidence_sha256: str
    played: Played | None = None
    confidence: str | None = None
    score: ScorePoints | None = None
    rules: Sequence[GigRule] = ()
    venue_name: str | None = None
    venue_match: str = "UNKNOWN"
