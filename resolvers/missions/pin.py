"""Having a proof kept in IPFS as well. It is kept here whatever becomes of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from db.queries import proofs
from db.session import Database
from domain.errors import NotConfigured, RateLimited, Unavailable
from domain.ports import Services

SILENT_SECONDS: Final = 60.0


async def pin(database: Database, services: Services, payload: Mapping[str, Any]) -> float | None:
    """Hand a proof to the node that this installation has, if it has one. Doing it again changes nothing.

    Returns:
        Seconds until the node is asked again, since it does not answer; None when there is no more to do.

    Raises:
        OtherContent: The node says that it keeps something else: somebody has to look at that.
    """
    async with database.session() as session:
        proof = await proofs.find(session, UUID(str(payload["proofId"])))
    if proof is None or proof.pinned_at is not None:
        return None
    try:
        pinned = await services.pins.pin(bytes(proof.document), proof.cid)
    except NotConfigured:
        return None
    except (Unavailable, RateLimited) as silence:
        return max(SILENT_SECONDS, silence.retry_after_seconds or 0.0)
    async with database.transaction() as tx:
        await proofs.note_pinned(tx.session, proof.id, service=pinned.service, url=pinned.url)
    return None
