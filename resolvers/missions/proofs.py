"""Proofs as everybody may fetch and check them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db.queries import proofs
from db.session import Database
from domain.canonical import cid_of
from domain.ports import Services
from domain.proof_documents import CID, is_valid


@dataclass(frozen=True)
class Checked:
    """A proof that was looked at just now.

    Attributes:
        mission_id: What it proves.
        document: Its bytes.
        valid: Whether these belong to its address and were signed by us.
    """

    mission_id: UUID
    document: bytes
    valid: bool


async def check(database: Database, services: Services, cid: str) -> Checked | None:
    """Look at the proof at an address; None when there is none."""
    if not CID.fullmatch(cid):
        return None
    async with database.session() as session:
        found = await proofs.find_by_cid(session, cid)
    if found is None:
        return None
    document = bytes(found.document)
    return Checked(found.mission_id, document, cid_of(document) == cid and is_valid(document, services.notary))


async def read_document(database: Database, cid: str) -> bytes | None:
    """The bytes at an address; None when there are none."""
    if not CID.fullmatch(cid):
        return None
    async with database.session() as session:
        found = await proofs.find_by_cid(session, cid)
    return None if found is None else bytes(found.document)
