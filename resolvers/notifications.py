"""News for people: told once, to those who want it, and seen."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from db.queries import follows, notifications
from db.queries.notifications import News, Told
from db.session import Database, Tx
from domain.actors import Actor
from domain.errors import InvalidInput, NotFound
from domain.events import Event, EventKind, person_topic
from domain.notifications import NotificationKind, SubjectType

BATCH: Final = 500
"""How many followers are told in one transaction."""

MAX_MARKED: Final = 100


async def notify(
    tx: Tx,
    *,
    recipients: Sequence[UUID],
    kind: NotificationKind,
    title: str,
    body: str,
    subject_type: SubjectType,
    subject_id: UUID,
) -> int:
    """Tell people some news: each once, however often this is asked; their open apps hear of it after the commit.

    Nobody is told who turned such news off, is deleted or suspended, or has nothing to do with the person behind the
    subject (a room's curator, a message's author) because one blocks the other.

    Returns:
        How many were told now.
    """
    return await _tell(tx, News(kind, title, body, subject_type, subject_id), recipients)


async def _tell(tx: Tx, news: News, recipients: Sequence[UUID]) -> int:
    about = await follows.find_owner(tx.session, news.subject_type, news.subject_id)
    told = await notifications.add(tx.session, news, recipients, about)
    events = {
        person_topic(user_id): Event(
            person_topic(user_id), EventKind.NOTIFICATION_CREATED, {"notificationId": str(notification_id)}
        )
        for user_id, notification_id in told.items()
    }
    await tx.tell_many(events)
    return len(told)


async def notify_followers(database: Database, payload: Mapping[str, str], *, seconds: float = 60.0) -> bool:
    """Tell a curator's followers that a room of theirs is on air, 500 in each transaction.

    What was told is the progress: a worker that goes on for one that died starts where that one stopped. Nobody is told
    of a room that has ended meanwhile.

    Args:
        database: Where they are.
        payload: `broadcastId` and `curatorId`.
        seconds: How long to go on at most.

    Returns:
        Whether everybody was told; otherwise ask again.
    """
    broadcast_id, curator_id = UUID(payload["broadcastId"]), UUID(payload["curatorId"])
    until = time.monotonic() + seconds
    last: Told | None = None
    while time.monotonic() < until:
        async with database.transaction() as tx:
            room = await notifications.find_room_on_air(tx.session, broadcast_id)
            if room is None:
                return True
            news = News(
                kind=NotificationKind.BROADCAST_STARTED,
                title=f"{room.curator} is on air",
                body=room.title,
                subject_type=SubjectType.BROADCAST,
                subject_id=broadcast_id,
            )
            page = await notifications.find_untold(tx.session, curator_id, news, last, BATCH)
            await _tell(tx, news, [told.user_id for told in page])
        if len(page) < BATCH:
            return True
        last = page[-1]
    return False


async def mark_read(tx: Tx, actor: Actor, *, ids: Sequence[UUID] | None = None, up_to: UUID | None = None) -> int:
    """Note that somebody has seen their notifications: some, all up to one, or all. Twice changes nothing.

    Returns:
        How many they have not seen.

    Raises:
        InvalidInput: Both were asked for, or more than 100 at once.
        NotFound: One of them is not theirs or does not exist; none is marked.
    """
    actor.require_person()
    if ids is not None and up_to is not None:
        raise InvalidInput("Say either which ones or up to which one.", "upTo")
    if ids is not None and len(ids) > MAX_MARKED:
        raise InvalidInput(f"At most {MAX_MARKED} at once.", "ids")
    asked = {("ids", str(index)): key for index, key in enumerate(ids or [])} | ({("upTo",): up_to} if up_to else {})
    own = await notifications.find_own(tx.session, actor.user_id, list(asked.values()))
    for field, key in asked.items():
        if key not in own:
            raise NotFound("There is no such notification.", *field)
    await notifications.mark_read(tx.session, actor.user_id, ids=ids, up_to=up_to)
    return await notifications.count_unread(tx.session, actor.user_id)


async def change_settings(tx: Tx, actor: Actor, changes: Mapping[str, bool]) -> dict[str, bool]:
    """Change which news somebody wants; what is not named stays.

    Returns:
        All their settings by column name.
    """
    actor.require_person()
    return await notifications.change_settings(tx.session, actor.user_id, changes)


async def count_unread(database: Database, user_id: UUID) -> int:
    """How many notifications somebody has not seen."""
    async with database.session() as session:
        return await notifications.count_unread(session, user_id)
