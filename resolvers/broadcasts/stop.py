"""A room ends: its curator stops it, an operator closes it, or nobody has pinged for too long. Once, whoever is first."""

from __future__ import annotations

from uuid import UUID

from db.queries import broadcasts, history
from db.session import Tx
from domain.accounts import ApiScope, Role
from domain.actors import Actor
from domain.broadcasts import BroadcastStatus, EndReason
from domain.errors import Conflict, Forbidden, NotFound
from domain.events import LIFECYCLE, Event, EventKind, room_topic
from domain.notifications import SubjectType


async def stop(tx: Tx, actor: Actor, broadcast_id: UUID) -> None:
    """End a room for its curator, or for an operator.

    Raises:
        NotFound: There is no such room.
        Forbidden: It is somebody else's.
        Conflict: It has ended.
    """
    actor.require_scope(ApiScope.BROADCAST)
    standing = await broadcasts.read_standing(tx.session, broadcast_id, actor.user_id)
    if standing is None:
        raise NotFound("There is no such room.", "broadcastId")
    own = standing.curator_id == actor.user_id
    if not own and Role.OPERATOR not in actor.roles:
        raise Forbidden("Only its curator can stop a room.", "broadcastId")
    reason = EndReason.STOPPED if own else EndReason.CLOSED_BY_OPERATOR
    if not await _end(tx, broadcast_id, reason, by=actor.user_id):
        raise Conflict("This room has ended.", "broadcastId")


async def end_if_silent(tx: Tx, broadcast_id: UUID) -> float | None:
    """End a room whose curator fell silent.

    Returns:
        Seconds until it is to be looked at again; None when it has ended, now or before.
    """
    if await _end(tx, broadcast_id, EndReason.SILENT, by=None):
        return None
    return await broadcasts.silence_due(tx.session, broadcast_id)


async def _end(tx: Tx, broadcast_id: UUID, reason: EndReason, *, by: UUID | None) -> bool:
    if not await broadcasts.end(tx.session, broadcast_id, reason):
        return False
    await history.note(
        tx.session,
        (SubjectType.BROADCAST, broadcast_id),
        before=BroadcastStatus.LIVE,
        after=BroadcastStatus.ENDED,
        by=by,
        reason=reason.value,
    )
    facts = {"broadcastId": str(broadcast_id), "reason": reason.value}
    await tx.tell(Event(room_topic(broadcast_id), EventKind.BROADCAST_ENDED, facts))
    await tx.tell(Event(LIFECYCLE, EventKind.BROADCAST_ENDED, facts))
    return True
