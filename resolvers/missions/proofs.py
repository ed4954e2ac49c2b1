"""Keeping the proof of a mission, and giving it out."""

from __future__ import annotations

import secrets
from uuid import UUID

from db.queries import proofs
from db.session import Database, Tx
from db.tables import MissionProof
from domain.canonical import cid_of
from domain.jobs import Job, JobKind
from domain.missions import VerificationMethod
from domain.ports import Services
from domain.proof_documents import CID, SALT_BYTES, is_valid, make_proof, seal
from domain.proofs import ProofFacts


async def keep_proof(tx: Tx, services: Services, facts: ProofFacts, *, attempt_id: UUID | None = None) -> str:
    """Make the proof of a mission, sign it, keep it, and promise to have it pinned; calls nobody.

    Returns:
        Its CID. A mission that has a proof keeps that one.

    Raises:
        ValueError: One of the facts cannot be; it is ours to mend.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    document = seal(make_proof(facts, salt), services.notary)
    cid = cid_of(document)
    proof_id = await proofs.add(
        tx.session,
        facts.mission_id,
        attempt_id=attempt_id,
        cid=cid,
        document=document,
        salt=salt,
        verification_method=VerificationMethod(facts.method),
        played_at=facts.played and facts.played.at,
        venue_name=facts.venue_name,
        confidence=None if facts.confidence is None else float(facts.confidence),
        verified_at=facts.verified_at,
    )
    if proof_id is None:
        kept = await proofs.cid_for(tx.session, facts.mission_id)
        assert kept is not None
        return kept
    await tx.later(Job(JobKind.PIN_PROOF, key=str(proof_id), payload={"proofId": str(proof_id)}))
    return cid


async def find(database: Database, cid: str) -> MissionProof | None:
    """The proof at an address; None when there is none."""
    if not CID.fullmatch(cid):
        return None
    async with database.session() as session:
        return await proofs.find_at(session, cid)


async def read_document(database: Database, cid: str) -> bytes | None:
    """The document at an address, exactly as it was signed; None when there is none."""
    found = await find(database, cid)
    return None if found is None else bytes(found.document)


def holds(services: Services, cid: str, document: bytes) -> bool:
    """Tell whether a document is what its address says, and a proof that we have signed."""
    return cid_of(document) == cid and is_valid(document, services.notary)
