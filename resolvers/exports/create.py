"""Asking for a file: the promise to make it is written at once, the file comes later."""

from __future__ import annotations

from uuid import UUID

from db.queries import exports
from db.session import Tx
from domain.actors import Actor
from domain.errors import Conflict
from domain.exports import OPEN_AT_ONCE, ExportFormat, ExportKind
from domain.ids import new_id
from domain.jobs import Job, JobKind
from domain.limits import EXPORTS_BY_PERSON
from domain.ports import Services
from domain.wallet import Period
from resolvers.idempotency import once
from resolvers.limits import spend


async def create(
    tx: Tx, services: Services, actor: Actor, *, kind: ExportKind, format: ExportFormat, period: Period, key: str
) -> UUID:
    """Have a file made of what somebody may see.

    Args:
        tx: Where it is promised.
        services: For the limits.
        actor: Whose it is.
        kind: What it is to hold.
        format: What kind of file it is to be.
        period: Over which days.
        key: The same key gives the same export.

    Returns:
        The export's id.

    Raises:
        Forbidden: A program asked.
        IdempotencyMismatch: The key came with something else before.
        RateLimited: Too many in a short time.
        Conflict: Five are not made yet.
    """
    actor.require_person()
    export_id = new_id()
    asked = {"kind": kind, "format": format, "from": period.first, "to": period.last}
    earlier = await once(tx, actor, "createExport", key, asked, answer_id=export_id)
    if earlier is not None:
        return earlier
    often = "Too many exports at once; wait a little."
    await spend(services.limiter, f"exports:{actor.user_id}", EXPORTS_BY_PERSON, often)
    if await exports.count_open(tx.session, actor.user_id) >= OPEN_AT_ONCE:
        raise Conflict(f"{OPEN_AT_ONCE} of your exports are not made yet. Wait for one of them.")
    await exports.add(tx.session, export_id, actor.user_id, kind=kind, format=format, period=period)
    await tx.later(Job(JobKind.MAKE_EXPORT, str(export_id), {"exportId": str(export_id)}))
    return export_id
