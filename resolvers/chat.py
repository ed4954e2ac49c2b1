"""Chat in a room."""

from __future__ import annotations

from uuid import UUID

from db.queries import broadcasts, chat, events
from db.queries.broadcasts import Standing
from db.session import Database, Tx
from domain.accounts import ApiScope, Role
from domain.actors import Actor
from domain.chat import MAX_CLIENT_KEY, MAX_TEXT
from domain.errors import Forbidden, NotFound, RateLimited
from domain.events import Event, EventKind, room_topic
from domain.ids import new_id
from domain.limiter import Limiter
from domain.texts import clean_text
from resolvers.broadcasts.rooms import check_standing


async def send(
    database: Database, limiter: Limiter, actor: Actor, *, broadcast_id: UUID, text: str, client_key: str | None
) -> UUID:
    """Say something in a room. The same `client_key` gives the same message, however often it is sent.

    The place at the limiter is taken before the transaction, so that no row is locked while Valkey is asked.

    Returns:
        The message's id.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended.
        Forbidden: The person is muted there, or blocked.
        RateLimited: They wrote a moment ago.
        InvalidInput: The text cannot be.
    """
    actor.require_scope(ApiScope.CHAT)
    said = clean_text(text, "text", most=MAX_TEXT, lines=True)
    key = clean_text(client_key, "clientKey", most=MAX_CLIENT_KEY) if client_key else None
    async with database.session() as session:
        known = key and await chat.find_by_client_key(session, broadcast_id, actor.user_id, key)
        if known:
            return known
        standing = _check_voice(await broadcasts.read_standing(session, broadcast_id, actor.user_id))
    if actor.user_id != standing.curator_id and not standing.moderator:
        await _wait_turn(limiter, broadcast_id, actor.user_id, standing.chat_interval_seconds)
    async with database.transaction() as tx:
        return await _write(tx, actor, broadcast_id, said, key)


async def _wait_turn(limiter: Limiter, broadcast_id: UUID, user_id: UUID, every: int) -> None:
    wait = await limiter.spend(f"chat:{broadcast_id}:{user_id}", every_seconds=every)
    if wait > 0:
        raise RateLimited(f"One message each {every} seconds in this room.", retry_after_seconds=wait)


async def _write(tx: Tx, actor: Actor, broadcast_id: UUID, text: str, client_key: str | None) -> UUID:
    # With the log in hand no other message can come between the key's check and ours, and the room cannot end before
    # ours is in it: its end is written into the log too. The room's own row is left to those who change the room; were
    # it shared among all who write, a busy chat would keep its curator from ever stopping it.
    await events.lock(tx.session, room_topic(broadcast_id))
    _check_voice(await broadcasts.read_standing(tx.session, broadcast_id, actor.user_id))
    if client_key:
        known = await chat.find_by_client_key(tx.session, broadcast_id, actor.user_id, client_key)
        if known is not None:
            return known
    message_id = new_id()
    facts = {"messageId": str(message_id)}
    sequence = await tx.tell(Event(room_topic(broadcast_id), EventKind.MESSAGE_SENT, facts))
    await chat.add(
        tx.session,
        message_id,
        sequence=sequence,
        broadcast_id=broadcast_id,
        author_id=actor.user_id,
        text=text,
        client_key=client_key,
    )
    return message_id


def _check_voice(standing: Standing | None) -> Standing:
    room = check_standing(standing)
    if room.muted_until is not None:
        raise Forbidden(f"You cannot write in this room until {room.muted_until:%Y-%m-%d %H:%M} UTC.", "broadcastId")
    return room


async def delete(tx: Tx, actor: Actor, message_id: UUID) -> None:
    """Take a message out of everybody's sight: its author, the room's curator and moderators, and moderators of the platform may.

    Deleting it again, by whoever might have, changes nothing and tells nobody. It works in a room that has ended.

    Raises:
        NotFound: There is no such message.
        Forbidden: It is somebody else's.
    """
    actor.require_scope(ApiScope.CHAT)
    message = await chat.find(tx.session, message_id)
    if message is None:
        raise NotFound("There is no such message.", "messageId")
    standing = await broadcasts.read_standing(tx.session, message.broadcast_id, actor.user_id)
    orderly = standing is not None and (standing.moderator or standing.curator_id == actor.user_id)
    if message.author_id != actor.user_id and not orderly and actor.roles.isdisjoint({Role.MODERATOR, Role.OPERATOR}):
        raise Forbidden("Only its author, the room's curator and moderators can delete a message.", "messageId")
    if await chat.remove(tx.session, message_id, actor.user_id):
        facts = {"messageId": str(message_id)}
        await tx.tell(Event(room_topic(message.broadcast_id), EventKind.MESSAGE_DELETED, facts))
