"""What proves that a mission was done."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from db import tables
from db.access import missions as access
from db.access.viewer import Viewer
from domain.missions import VerificationMethod
from engine.declare import SQL, column, computed, entity, finished
from engine.executor import ref
from resolvers.missions import proofs
from schema.context import Context, Info
from schema.missions.types import Mission


@entity(tables.MissionProof, id=None, visible=access.proof)
class MissionProof:
    """A signed document that says what was played. It names nobody: see `salt`."""

    cid: str = column("Its address (CIDv1): the hash of its bytes, by which IPFS finds it.")
    verification_method: VerificationMethod = column("How it was found out.")
    verified_at: datetime = column("When.")
    played_at: datetime | None = column("When the track began; null where people decided without a history.")
    venue_name: str | None = column("Where it was to be played.")
    confidence: float | None = column("How much speaks for it, of 100; null where people decided without a history.")
    gateway_url: str | None = column(
        "Where a gateway of IPFS gives it; null while it is kept here alone.", tables.MissionProof.pin_url
    )

    @computed
    def pinned(proof: type[tables.MissionProof], viewer: Viewer) -> SQL[bool]:
        """Whether a node of IPFS keeps it too."""
        return proof.pinned_at.is_not(None)

    @finished(tables.MissionProof.cid)
    def document_url(cid: str, context: Context) -> str:
        """Where everybody can fetch it from us."""
        return f"{context.services.public_url}/proofs/{cid}"

    @finished(tables.MissionProof.salt)
    def salt(salt: bytes, context: Context) -> str:
        """32 bytes in hexadecimal digits: SHA-256 of them and an id such as `user_0190…` is what the document has instead of it."""
        return bytes(salt).hex()


@strawberry.type(description="A proof, as anybody may see it.")
class ProofCheck:
    """The answer to `missionProof`."""

    cid: str = strawberry.field(description="Its address.")
    valid: bool = strawberry.field(
        description="Whether it is, byte for byte, what belongs to this address, and signed with a key of ours."
    )
    document: str = strawberry.field(description="The document itself: canonical JSON (RFC 8785).")
    mission: Mission | None = strawberry.field(description="What it proves; null when you may not see that.")


@strawberry.type
class ProofReads:
    """Reads about proofs."""

    @strawberry.field(
        description="The proof at an address, checked now; null when there is none. Whoever holds the document can check it "
        "without us: `backline proof verify`."
    )
    async def mission_proof(
        self, info: Info, cid: Annotated[str, strawberry.argument(description="The address (CIDv1).")]
    ) -> ProofCheck | None:
        """Check one."""
        context = info.context
        found = await proofs.find(context.database, cid)
        if found is None:
            return None
        document = bytes(found.document)
        return ProofCheck(
            cid=cid,
            valid=proofs.holds(context.services, cid, document),
            document=document.decode(),
            mission=ref(Mission, found.mission_id),
        )
