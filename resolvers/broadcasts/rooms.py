"""Reaching a room for a deed: the same refusals everywhere."""

from __future__ import annotations

from uuid import UUID

from db.queries import broadcasts
from db.queries.broadcasts import Standing
from db.session import Tx
from db.tables import Broadcast
from domain.actors import Actor
from domain.errors import Conflict, Forbidden, NotFound


async def lock_room(tx: Tx, broadcast_id: UUID) -> Broadcast:
    """Take a room on air until the commit, so that counts and its end cannot cross.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended.
    """
    room = await broadcasts.lock_live(tx.session, broadcast_id)
    if room is not None:
        return room
    if await broadcasts.find_status(tx.session, broadcast_id) is None:
        raise NotFound("There is no such room.", "broadcastId")
    raise Conflict("This room has ended.", "broadcastId")


async def lock_own_room(tx: Tx, actor: Actor, broadcast_id: UUID) -> Broadcast:
    """Take a room on air for its curator.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended.
        Forbidden: It is somebody else's.
    """
    room = await lock_room(tx, broadcast_id)
    if room.curator_id != actor.user_id:
        raise Forbidden("Only the room's curator can do this.", "broadcastId")
    return room


def check_standing(standing: Standing | None) -> Standing:
    """Check that somebody may be active in a room.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended.
        Forbidden: The curator and the person have nothing to do with each other.
    """
    if standing is None:
        raise NotFound("There is no such room.", "broadcastId")
    if not standing.live:
        raise Conflict("This room has ended.", "broadcastId")
    if standing.blocked:
        raise Forbidden("You cannot take part in this room.", "broadcastId")
    return standing


async def lock_moderated_room(tx: Tx, actor: Actor, broadcast_id: UUID) -> Standing:
    """Take a room on air until the commit for its curator or a moderator.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended.
        Forbidden: The person keeps no order there.
    """
    standing = check_standing(await broadcasts.read_standing(tx.session, broadcast_id, actor.user_id, lock=True))
    if actor.user_id != standing.curator_id and not standing.moderator:
        raise Forbidden("Only the room's curator and moderators can do this.", "broadcastId")
    return standing
