"""Coming into a room, being seen there, and leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from db.queries import broadcasts, listeners
from db.session import Database, Tx
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.broadcasts import BroadcastStatus
from domain.errors import Conflict, NotFound
from domain.events import Event, EventKind, room_topic
from resolvers.broadcasts.rooms import check_standing, lock_room
from resolvers.players.follow import hasten

ABSENT_AT_ONCE = 200


async def join(tx: Tx, actor: Actor, broadcast_id: UUID) -> None:
    """Come into a room. Joining again renews the presence and tells nobody.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended, or it is the person's own.
        Forbidden: The curator and the person have nothing to do with each other.
    """
    actor.require_scope(ApiScope.BROADCAST)
    room = await lock_room(tx, broadcast_id)
    if room.curator_id == actor.user_id:
        raise Conflict("This is your own room: you are in it anyway.", "broadcastId")
    check_standing(await broadcasts.read_standing(tx.session, broadcast_id, actor.user_id))
    count = await listeners.enter(tx.session, broadcast_id, actor.user_id)
    if count is not None:
        await _tell(tx, EventKind.LISTENER_JOINED, broadcast_id, actor.user_id, count)
    if count == 1:
        await hasten(tx, broadcast_id)


async def leave(tx: Tx, actor: Actor, broadcast_id: UUID) -> None:
    """Leave a room. Leaving where one is not changes nothing, and a room that ended has been left by everybody.

    Raises:
        NotFound: There is no such room.
    """
    actor.require_scope(ApiScope.BROADCAST)
    try:
        await lock_room(tx, broadcast_id)
    except Conflict:
        return
    await _leave(tx, broadcast_id, actor.user_id)


async def leave_rooms_of(tx: Tx, curator_id: UUID, user_id: UUID) -> None:
    """Take somebody out of a curator's room, as when one of them blocks the other."""
    for broadcast_id in await broadcasts.live_rooms_of(tx.session, curator_id):
        if await broadcasts.lock_live(tx.session, broadcast_id) is not None:
            await _leave(tx, broadcast_id, user_id)


async def reach(database: Database, broadcast_id: UUID) -> bool:
    """Find a room to follow.

    Returns:
        Whether it is on air.

    Raises:
        NotFound: There is none.
    """
    async with database.session() as session:
        status = await broadcasts.find_status(session, broadcast_id)
    if status is None:
        raise NotFound("There is no such room.", "broadcastId")
    return status is BroadcastStatus.LIVE


async def follows_curator(database: Database, user_id: UUID, broadcast_id: UUID) -> bool:
    """Whether somebody follows the curator of a room."""
    async with database.session() as session:
        return await broadcasts.is_curator_followed(session, broadcast_id, user_id)


async def touch(database: Database, seen: Sequence[tuple[UUID, UUID]]) -> None:
    """Note that (room, person) pairs with an open connection are still there."""
    if seen:
        async with database.transaction() as tx:
            await listeners.touch(tx.session, seen)


async def expire_absent(database: Database) -> int:
    """Let those leave who were not seen for a minute. Any number of processes may do this at once.

    Returns:
        How many left.
    """
    async with database.session() as session:
        absent = await listeners.find_absent(session, ABSENT_AT_ONCE)
    gone = 0
    for broadcast_id, user_id in absent:
        async with database.transaction() as tx:
            if await broadcasts.lock_live(tx.session, broadcast_id) is None:
                continue
            if await listeners.still_absent(tx.session, broadcast_id, user_id):
                gone += await _leave(tx, broadcast_id, user_id)
    return gone


async def _leave(tx: Tx, broadcast_id: UUID, user_id: UUID) -> bool:
    count = await listeners.leave(tx.session, broadcast_id, user_id)
    if count is None:
        return False
    await _tell(tx, EventKind.LISTENER_LEFT, broadcast_id, user_id, count)
    return True


async def _tell(tx: Tx, kind: EventKind, broadcast_id: UUID, user_id: UUID, count: int) -> None:
    facts = {"userId": str(user_id), "listenerCount": count}
    await tx.tell(Event(room_topic(broadcast_id), kind, facts))
