"""Having proofs kept in IPFS as well."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from db.queries import proofs
from db.session import Database
from domain.errors import DomainError, NotConfigured, RateLimited, Unavailable
from domain.ports import Services

log = logging.getLogger(__name__)

SOONEST: Final = 30.0
LATEST: Final = 6 * 60 * 60.0
PATIENCE_SECONDS: Final = 2 * 24 * 60 * 60.0
"""For how long a silent node is asked again; after that the job fails, for people to see."""


async def pin(database: Database, services: Services, payload: Mapping[str, Any]) -> float | None:
    """Have a proof pinned. It stays here whatever comes of it; without a node that is all there is to do.

    Args:
        database: Where it is.
        services: The node.
        payload: `proofId`.

    Returns:
        Seconds until it is to be tried again; None when there is nothing left to do.

    Raises:
        OtherContent: The node keeps something else than it was given.
        RateLimited: The node has been busy for too long.
        Unavailable: It has been silent for too long.
    """
    proof_id = UUID(str(payload["proofId"]))
    async with database.session() as session:
        proof = await proofs.find_unpinned(session, proof_id)
    if proof is None:
        return None
    try:
        pinned = await services.pins.pin(proof.document, proof.cid)
    except NotConfigured:
        return None
    except (RateLimited, Unavailable) as refusal:
        if proof.seconds > PATIENCE_SECONDS:
            raise
        return _wait(proof.seconds, refusal)
    async with database.transaction() as tx:
        await proofs.note_pinned(tx.session, proof_id, pinned)
    return None


def _wait(age: float, refusal: DomainError) -> float:
    """Wait as long again as the proof is old: half a minute at first, six hours at most; and as long as we are told to."""
    return max(SOONEST, min(age, LATEST), refusal.retry_after_seconds or 0.0)
