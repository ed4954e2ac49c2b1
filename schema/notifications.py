"""News for people, and which of it they want."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from db import tables
from db.access import notifications as access
from domain.events import EventKind, person_topic
from domain.ids import Prefix, from_wire
from domain.notifications import NotificationKind
from engine.declare import Node, column, entity, one_of, part
from engine.executor import ref
from resolvers import notifications
from schema.context import Info
from schema.deeds import Payload, deed
from schema.live import Missed, follow
from schema.subjects import NotificationSubject
from schema.words import describe

describe(
    NotificationKind,
    "What a notification is about.",
    BROADCAST_STARTED="Somebody whom you follow is on air.",
    NEW_FOLLOWER="Somebody follows you.",
    MADE_MODERATOR="You keep order in a room now.",
    ACCOUNT_NEEDS_RECONNECT="An account elsewhere lets us in no more; connect it again.",
    TIP_RECEIVED="Somebody tipped you, and the money is there.",
    PAYOUT_PAID="Money that was on its way to you has arrived.",
    PAYOUT_FAILED="A payout was refused; the money is in your balance again.",
    PAYOUT_CANCELLED="A payout was cancelled; the money is in your balance again.",
    MISSION_ACCEPTED="A DJ accepted a mission of yours.",
    MISSION_WITHDRAWN="The DJ who accepted a mission of yours will not do it; it is open again.",
    MISSION_COMPLETED="A mission is done, proved and paid.",
    MISSION_FAILED="A mission could not be verified.",
    MISSION_CANCELLED="A mission was called off.",
    MISSION_EXPIRED="A mission's time is over; held money goes back.",
    MISSION_TO_REVIEW="A mission waits for your decision.",
    PAYOUT_RETURNED="Money of a payout came back; what you owe is paid of it first.",
)


@entity(tables.Notification, id=Prefix.NOTIFICATION, visible=access.notification)
class Notification(Node):
    """One piece of news for you."""

    kind: NotificationKind = column("What it is about, in general.")
    title: str = column("A few words for a list.")
    body: str = column("A sentence.")
    created_at: datetime = column("When you were told.")
    read_at: datetime | None = column("When you had seen it; null as long as you have not.")
    subject: NotificationSubject | None = one_of(
        "What it is about: who follows you, which room, which account of yours, which tip, which payout, or which mission.",
        tables.Notification.subject_type,
        tables.Notification.subject_id,
    )


@part
class NotificationSettings:
    """Which news you want. Of followers, of a room to moderate and of an account to connect again you are always told."""

    broadcast_started: bool = strawberry.field(description="Whether somebody whom you follow goes on air.")
    mission_updates: bool = strawberry.field(description="What becomes of missions that you are part of.")
    payouts: bool = strawberry.field(description="Money on its way to you.")
    bookings: bool = strawberry.field(description="Requests for your services, and what becomes of yours.")
    releases: bool = strawberry.field(description="Where your releases stand.")
    marketing: bool = strawberry.field(description="What the platform would like to tell you.")


@strawberry.input(description="Which news you want; what is left out or null stays as it is.")
class UpdateNotificationSettingsInput:
    """The input of `updateNotificationSettings`."""

    broadcast_started: bool | None = strawberry.field(default=None, description="Rooms of people whom you follow.")
    mission_updates: bool | None = strawberry.field(default=None, description="Missions that you are part of.")
    payouts: bool | None = strawberry.field(default=None, description="Money on its way to you.")
    bookings: bool | None = strawberry.field(default=None, description="Bookings.")
    releases: bool | None = strawberry.field(default=None, description="Your releases.")
    marketing: bool | None = strawberry.field(default=None, description="What the platform would like to tell you.")


@strawberry.input(description="What you have seen: some, all up to one, or, with neither, all there is now.")
class MarkNotificationsReadInput:
    """The input of `markNotificationsRead`."""

    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Only these, at most 100.")
    up_to: strawberry.ID | None = strawberry.field(
        default=None, description="This one and all before it; not together with `ids`."
    )


@strawberry.type(description="The answer to `updateNotificationSettings`.")
class UpdateNotificationSettingsPayload(Payload):
    """The settings."""

    notification_settings: NotificationSettings | None = strawberry.field(
        default=None, description="All settings, as they are now."
    )


@strawberry.type(description="The answer to `markNotificationsRead`.")
class MarkNotificationsReadPayload(Payload):
    """What is left."""

    unread_notification_count: int | None = strawberry.field(
        default=None, description="How many notifications you have not seen."
    )


@strawberry.type(description="News that comes while one listens.")
class NotificationEvent:
    """One piece of news, on its way."""

    cursor: str = strawberry.field(
        description="Its place in your log: give the last one as `after` when you come back."
    )
    notification: Notification | None = strawberry.field(
        description="The news; null after a cursor that is too old to go on from: then read the list anew."
    )
    unread_notification_count: int = strawberry.field(description="How many notifications you have not seen by now.")


@strawberry.type
class NotificationMutations:
    """Deeds about news."""

    @deed("Say which news you want.")
    async def update_notification_settings(
        self, info: Info, input: UpdateNotificationSettingsInput
    ) -> UpdateNotificationSettingsPayload:
        """Change settings."""
        actor = info.context.signed_in
        changes = {name: value for name, value in vars(input).items() if value is not None}
        async with info.context.transaction() as tx:
            settings = await notifications.change_settings(tx, actor, changes)
        return UpdateNotificationSettingsPayload(notification_settings=NotificationSettings(**settings))

    @deed("Say what you have seen; twice changes nothing.")
    async def mark_notifications_read(
        self, info: Info, input: MarkNotificationsReadInput
    ) -> MarkNotificationsReadPayload:
        """Mark as read."""
        actor = info.context.signed_in
        ids = None
        if input.ids is not None:
            ids = [from_wire(Prefix.NOTIFICATION, text, "ids", str(index)) for index, text in enumerate(input.ids)]
        up_to = None if input.up_to is None else from_wire(Prefix.NOTIFICATION, input.up_to, "upTo")
        async with info.context.transaction() as tx:
            unread = await notifications.mark_read(tx, actor, ids=ids, up_to=up_to)
        return MarkNotificationsReadPayload(unread_notification_count=unread)


@strawberry.type
class NotificationSubscriptions:
    """Following one's own news."""

    @strawberry.subscription(
        description=(
            "News for you as it happens: after a cursor what you missed first, without one what happens from now on."
        )
    )
    async def notification_received(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="The cursor of the last news that you received.")
        ] = None,
    ) -> AsyncGenerator[NotificationEvent, None]:
        """Follow one's own log."""
        user_id = info.context.signed_in.user_id
        async with aclosing(follow(info, person_topic(user_id), after)) as items:
            async for item in items:
                key = None
                if not isinstance(item, Missed):
                    if item.kind is not EventKind.NOTIFICATION_CREATED:
                        continue
                    key = UUID(item.data["notificationId"])
                unread = await notifications.count_unread(info.context.database, user_id)
                news = ref(Notification, key) if key is not None else None
                yield NotificationEvent(cursor=item.cursor, notification=news, unread_notification_count=unread)
