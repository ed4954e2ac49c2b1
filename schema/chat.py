"""Chat in a room."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import strawberry

from db import tables
from db.access import chat as access
from domain.ids import Prefix, from_wire
from engine.declare import Edge, Node, column, entity, one
from engine.executor import edge_ref
from resolvers import chat
from schema.broadcasts.types import Broadcast
from schema.context import Info
from schema.deeds import Payload, deed

if TYPE_CHECKING:
    from schema.accounts.user import User


@entity(tables.Message, id=Prefix.MESSAGE, visible=access.message)
class Message(Node):
    """A line of chat in a room."""

    text: str = column("What was said, up to 500 characters; may have line breaks.")
    sent_at: datetime = column("When it was said.")
    client_key: str | None = column("The key that the author's app gave it, to know it again among what comes in.")
    author: User = one("Who said it; a deleted person appears as a masked one.", tables.Message.author_id)
    broadcast: Broadcast = one("The room it was said in.", tables.Message.broadcast_id)


@strawberry.input(description="What to say, and where.")
class SendMessageInput:
    """The input of `sendMessage`."""

    broadcast_id: strawberry.ID = strawberry.field(description="The room.")
    text: str = strawberry.field(description="Up to 500 characters, with line breaks if you like.")
    client_key: str | None = strawberry.field(
        default=None,
        description="A key of your own, up to 64 characters and unique for you in this room: sending again under the same key gives the message that is there.",
    )


@strawberry.input(description="Which message to delete.")
class DeleteMessageInput:
    """The input of `deleteMessage`."""

    message_id: strawberry.ID = strawberry.field(description="The message.")


@strawberry.type(description="The answer to `sendMessage`.")
class SendMessagePayload(Payload):
    """The new message in its list."""

    message_edge: Edge[Message] | None = strawberry.field(
        default=None, description="The message with its cursor in the room's `messages`."
    )


@strawberry.type(description="The answer to `deleteMessage`.")
class DeleteMessagePayload(Payload):
    """What is gone."""

    deleted_message_id: strawberry.ID | None = strawberry.field(default=None, description="The message that is gone.")


@strawberry.type
class ChatMutations:
    """Deeds of chat."""

    @deed(
        "Say something in a room: one message each 3 seconds, or as slow as the room's `chatIntervalSeconds`; "
        "its curator and moderators are exempt."
    )
    async def send_message(self, info: Info, input: SendMessageInput) -> SendMessagePayload:
        """Send."""
        context, actor = info.context, info.context.signed_in
        broadcast_id = from_wire(Prefix.BROADCAST, input.broadcast_id, "broadcastId")
        message_id = await chat.send(
            context.database,
            context.services.limiter,
            actor,
            broadcast_id=broadcast_id,
            text=input.text,
            client_key=input.client_key,
        )
        return SendMessagePayload(message_edge=edge_ref(Broadcast, "messages", message_id))

    @deed(
        "Take a message out of everybody's sight: yours, or as curator or moderator any in the room. Twice changes nothing."
    )
    async def delete_message(self, info: Info, input: DeleteMessageInput) -> DeleteMessagePayload:
        """Delete."""
        actor = info.context.signed_in
        message_id = from_wire(Prefix.MESSAGE, input.message_id, "messageId")
        async with info.context.transaction() as tx:
            await chat.delete(tx, actor, message_id)
        return DeleteMessagePayload(deleted_message_id=input.message_id)
