"""The curator's app says that it is still there."""

from __future__ import annotations

from uuid import UUID

from db.queries import broadcasts
from db.session import Tx
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.errors import Conflict
from resolvers.broadcasts.rooms import lock_own_room
from resolvers.players.follow import follow_player


async def beat(tx: Tx, actor: Actor, broadcast_id: UUID) -> None:
    """Put the end of a room off by 5 minutes and 30 seconds.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended, or its time was over before the ping came and it is about to.
        Forbidden: It is somebody else's.
    """
    actor.require_scope(ApiScope.BROADCAST)
    await lock_own_room(tx, actor, broadcast_id)
    if not await broadcasts.beat(tx.session, broadcast_id):
        raise Conflict("This room was silent for too long and has ended.", "broadcastId")
    # An account that was connected in the moment in which the room opened: neither saw the other.
    await follow_player(tx, actor.user_id)
