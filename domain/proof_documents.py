"""The proof of a mission: a public document that says what was played, and can be checked by anybody, without us.

The document is canonical JSON (RFC 8785) of two parts. `proof` has the facts; `signature` is the platform's, by Ed25519
over the canonical bytes of the whole document without `signature.value`. Its address is the CID of all of its bytes,
so that one changed byte makes another address and a wrong signature.

Nobody's name is in it. Ids and the venue's name are there as SHA-256 of a salt of 32 bytes and the text: whoever is
given the salt can show whom and what it speaks of, and nobody else can try names out. There is no money in it either.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from domain.canonical import NotCanonical, canonical_json, read_canonical
from domain.ids import Prefix, to_wire
from domain.proof_fields import ALGORITHM, DOCUMENT, FORMAT, PROOF, SCORE, fault_in, moment_text
from domain.proofs import Notary, Played, ProofFacts
from domain.tracks import MAX_NAME, TrackFacts

SALT_BYTES: Final = 32
LONGEST: Final = 64 * 1024
"""Bytes of the longest document: far below the 256 KiB that are one block in IPFS."""

CID: Final = re.compile(r"bafkrei[a-z2-7]{52}")
MISSION: Final = "mission"

Json = dict[str, Any]
Holds = Callable[[bytes, bytes, bytes], bool]
"""Whether a signature is that of a public key over some bytes: `holds(public_key, signature, content)`."""


def salted(salt: bytes, text: str) -> str:
    """Hide an id or a name: SHA-256 of the salt and the text, in hexadecimal digits."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def make_proof(facts: ProofFacts, salt: bytes) -> Json:
    """Write the facts as a document has them.

    Raises:
        ValueError: The salt has not its 32 bytes, or a fact cannot be.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    score = facts.score
    proof = {
        "format": FORMAT,
        "missionId": salted(salt, to_wire(MISSION, facts.mission_id)),
        "runnerId": salted(salt, to_wire(Prefix.USER, facts.runner_id)),
        "curatorId": salted(salt, to_wire(Prefix.USER, facts.curator_id)),
        "trackWanted": _track(facts.wanted),
        "trackPlayed": _played(facts.played) if facts.played else None,
        "venue": _known(
            {"match": facts.venue_match, "name": salted(salt, facts.venue_name) if facts.venue_name else None}
        ),
        "verificationMethod": facts.method,
        "verificationTime": moment_text(facts.verified_at),
        "confidence": facts.confidence,
        "score": {name: getattr(score, name) for name in SCORE} if score else None,
        "rules": [
            {"code": rule.code, "passed": rule.passed, "actual": rule.actual, "limit": rule.limit}
            for rule in facts.rules
        ]
        or None,
        "evidenceSha256": facts.evidence_sha256,
    }
    made = _known(proof)
    fault = fault_in(made, PROOF)
    if fault:
        raise ValueError(f"no proof can be made: {fault}")
    return made


def seal(proof: Json, notary: Notary) -> bytes:
    """Make the whole document: the proof with the platform's signature, as canonical bytes."""
    signature = {
        "algorithm": ALGORITHM,
        "keyId": key_id_of(notary.public_key),
        "publicKey": notary.public_key.hex(),
    }
    value = notary.sign(canonical_json({"proof": proof, "signature": signature}))
    return canonical_json({"proof": proof, "signature": {**signature, "value": value.hex()}})


def key_id_of(public_key: bytes) -> str:
    """Name a public key: the first 16 digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


class Check(StrEnum):
    """What is looked at in a document, in this order; the first that fails ends it."""

    FORM = "form"
    FIELDS = "fields"
    SIGNATURE = "signature"
    KEY = "key"


@dataclass(frozen=True)
class Finding:
    """What came of one check; `fault` says what is wrong, and is None when nothing is."""

    check: Check
    fault: str | None = None


def examine(document: bytes, holds: Holds, trusted: Collection[bytes]) -> list[Finding]:
    """Look at a document from whomever.

    Args:
        document: Its bytes, exactly.
        holds: What checks a signature.
        trusted: The public keys of the platform.

    Returns:
        What came of each check that was made: all of them without a fault means that it is a proof of ours.
    """
    findings: list[Finding] = []
    for check, fault in zip(Check, _examined(document, holds, trusted), strict=False):
        findings.append(Finding(check, fault))
        if fault:
            break
    return findings


def is_valid(document: bytes, notary: Notary) -> bool:
    """Tell whether a document is a proof that we have signed."""
    return all(finding.fault is None for finding in examine(document, notary.holds, notary.trusted))


def spoken_of(document: bytes, salt: bytes, text: str) -> list[str]:
    """Say as what a document that was examined speaks of an id or a name, such as `runner`; by the salt alone."""
    proof = read_canonical(document)["proof"]
    hidden = {
        "mission": proof["missionId"],
        "runner": proof["runnerId"],
        "curator": proof["curatorId"],
        "venue": proof["venue"].get("name"),
    }
    return [name for name, digest in hidden.items() if digest == salted(salt, text)]


def _examined(document: bytes, holds: Holds, trusted: Collection[bytes]) -> Iterator[str | None]:
    """What is wrong, check by check; nothing may be asked for after a fault."""
    if len(document) > LONGEST:
        yield f"it has more than {LONGEST} bytes"
        return
    try:
        content = read_canonical(document)
    except NotCanonical as fault:
        yield str(fault)
        return
    yield None
    yield fault_in(content, DOCUMENT)
    signature = content["signature"]
    public_key, value = bytes.fromhex(signature["publicKey"]), bytes.fromhex(signature["value"])
    bare = {name: text for name, text in signature.items() if name != "value"}
    signed = canonical_json({"proof": content["proof"], "signature": bare})
    named = signature["keyId"] == key_id_of(public_key)
    yield None if named and holds(public_key, value, signed) else "the document was changed after it was signed"
    yield None if public_key in trusted else "it was signed with a key that is not among those to trust"


def _track(track: TrackFacts) -> Json:
    """What a track is; what software has made of a tempo or a length that cannot be is left out."""
    return _known(
        {
            "title": track.title[:MAX_NAME],
            "artist": track.artist[:MAX_NAME] or None,
            "isrc": track.isrc,
            "bpm": _decimal(track.bpm),
            "durationMilliseconds": _milliseconds(track.duration_seconds),
        }
    )


def _played(played: Played) -> Json:
    return _known(
        {
            **_track(played.track),
            "playedAt": moment_text(played.at),
            "playedMilliseconds": _milliseconds(played.seconds),
            "deck": played.deck,
            "source": played.source,
            "trustLevel": played.trust,
        }
    )


def _known(value: Json) -> Json:
    """Leave out what is not known."""
    return {name: each for name, each in value.items() if each is not None}


def _milliseconds(seconds: float | None) -> int | None:
    return round(seconds * 1000) if seconds is not None and math.isfinite(seconds) and seconds >= 0 else None


def _decimal(value: float | None) -> str | None:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value is not None and 0 <= value < 999 else None
