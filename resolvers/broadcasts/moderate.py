"""The hand of curator and moderators in a room."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from db.queries import accounts, broadcasts
from db.session import Tx
from domain.accounts import ApiScope
from domain.actors import Actor
from domain.broadcasts import MAX_DESCRIPTION, MAX_GENRE, MAX_GENRES, MAX_MODERATORS, MAX_MUTE_MINUTES, MAX_TITLE
from domain.errors import Conflict, InvalidInput, NotFound
from domain.notifications import NotificationKind, SubjectType
from domain.texts import clean_tags, clean_text
from resolvers.broadcasts.rooms import lock_moderated_room, lock_own_room
from resolvers.broadcasts.start import clean_interval
from resolvers.notifications import notify

FIELDS: Final = {"title": "title", "genre_tags": "genreTags", "chat_interval_seconds": "chatIntervalSeconds"}
"""What every room has, by the names that clients know."""


async def update(tx: Tx, actor: Actor, broadcast_id: UUID, changes: dict[str, object]) -> None:
    """Change a room's title, description, genres or the pace of its chat; what is not named stays.

    Args:
        tx: The deed's transaction.
        actor: The curator or a moderator.
        broadcast_id: The room.
        changes: New values under `title`, `description` (None clears it), `genre_tags`, `chat_interval_seconds`.

    Raises:
        NotFound: There is no such room.
        Conflict: It has ended.
        Forbidden: The person keeps no order there.
        InvalidInput: A value cannot be.
    """
    actor.require_scope(ApiScope.BROADCAST)
    facts: dict[str, object] = {}
    for name, value in changes.items():
        match name, value:
            case "title", str():
                facts[name] = clean_text(value, "title", most=MAX_TITLE)
            case "description", None:
                facts[name] = None
            case "description", str():
                facts[name] = clean_text(value, "description", most=MAX_DESCRIPTION, least=0, lines=True) or None
            case "genre_tags", list():
                facts[name] = clean_tags(value, "genreTags", most=MAX_GENRES, longest=MAX_GENRE)
            case "chat_interval_seconds", int():
                facts[name] = clean_interval(value, "chatIntervalSeconds")
            case _:
                raise InvalidInput("This cannot be empty.", FIELDS[name])
    await lock_moderated_room(tx, actor, broadcast_id)
    if facts:
        await broadcasts.change(tx.session, broadcast_id, facts)


async def set_moderator(tx: Tx, actor: Actor, broadcast_id: UUID, user_id: UUID, *, moderator: bool) -> None:
    """Give or take a moderator's rights in one's own room; saying it twice changes nothing.

    Raises:
        NotFound: There is no such room or person.
        Conflict: The room has ended, or has its 20 moderators.
        Forbidden: It is somebody else's room.
        InvalidInput: It is the curator, who has all rights anyway.
    """
    actor.require_scope(ApiScope.BROADCAST)
    room = await lock_own_room(tx, actor, broadcast_id)
    if user_id == actor.user_id:
        raise InvalidInput("This is your own room: you have all rights in it.", "userId")
    if not moderator:
        await broadcasts.remove_moderator(tx.session, broadcast_id, user_id)
        return
    theirs = await broadcasts.read_standing(tx.session, broadcast_id, user_id)
    if not await accounts.exists(tx.session, user_id) or theirs is None or theirs.blocked:
        raise NotFound("There is no such person.", "userId")
    added = await broadcasts.add_moderator(tx.session, broadcast_id, user_id)
    if not added:
        return
    if await broadcasts.count_moderators(tx.session, broadcast_id) > MAX_MODERATORS:
        raise Conflict(f"A room has at most {MAX_MODERATORS} moderators.", "userId")
    await notify(
        tx,
        recipients=[user_id],
        kind=NotificationKind.MADE_MODERATOR,
        title="You are a moderator",
        body=f"You keep order in {room.title}.",
        subject_type=SubjectType.BROADCAST,
        subject_id=broadcast_id,
    )


async def mute(tx: Tx, actor: Actor, broadcast_id: UUID, user_id: UUID, *, minutes: int) -> datetime | None:
    """Keep somebody from writing in a room for a while; 0 minutes lets them write again.

    Returns:
        Until when they are muted; None when they are not.

    Raises:
        NotFound: There is no such room or person.
        Conflict: The room has ended.
        Forbidden: The actor keeps no order there.
        InvalidInput: Negative, or longer than a week, or the person is curator, or moderator and the actor one too.
    """
    actor.require_scope(ApiScope.BROADCAST)
    if not 0 <= minutes <= MAX_MUTE_MINUTES:
        raise InvalidInput("A mute lasts 0 minutes to a week.", "minutes")
    standing = await lock_moderated_room(tx, actor, broadcast_id)
    if not await accounts.exists(tx.session, user_id):
        raise NotFound("There is no such person.", "userId")
    theirs = await broadcasts.read_standing(tx.session, broadcast_id, user_id)
    protected = user_id == standing.curator_id or (theirs is not None and theirs.moderator)
    if protected and (actor.user_id != standing.curator_id or user_id == standing.curator_id):
        raise InvalidInput("Curator and moderators cannot be muted by a moderator.", "userId")
    return await broadcasts.mute(tx.session, broadcast_id, user_id, minutes, actor.user_id)
