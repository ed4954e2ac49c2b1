"""Servers of the comparison: one message with its author, told to all who follow, by several roads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request as Handshake

from engine.frames import text_frame
from engine.http import GraphQLDoor
from engine.live import Event, Gap
from engine.onward import Onward, nothing
from engine.tuning import settle


@strawberry.type
class Author:
    """Who said it."""

    id: strawberry.ID
    username: str
    display_name: str


@strawberry.type
class Message:
    """What was said."""

    id: strawberry.ID
    text: str
    sent_at: datetime
    room: strawberry.ID
    author: Author


def message(number: int) -> Message:
    """A message like those of a busy room."""
    author = Author(
        id=strawberry.ID(f"user_{number % 50:032}"), username=f"listener{number % 50}", display_name="A listener"
    )
    said = f"Message {number}: this one goes out to everybody who is still awake."
    key, room = strawberry.ID(f"message_{number:032}"), strawberry.ID("broadcast_0190a4c2d3e47f8a9b0c1d2e3f405162")
    return Message(id=key, text=said, sent_at=datetime.now(UTC), room=room, author=author)


class Room:
    """What is said, for those who follow by a place and for those who have a queue."""

    def __init__(self) -> None:
        self.said: list[Event] = []
        self.queues: set[asyncio.Queue[Message]] = set()
        self.news = asyncio.Event()

    async def publish(self, _request: Request) -> Response:
        """Say one thing."""
        number = len(self.said) + 1
        self.said.append(Event(number, "SAID", {}, datetime.now(UTC)))
        self.news.set()
        for queue in self.queues:
            queue.put_nowait(message(number))
        return Response(status_code=204)

    async def follow(self, after: int) -> AsyncGenerator[Event | Gap, None]:
        """Follow from a place on."""
        while True:
            self.news.clear()
            for event in self.said[after:]:
                after = event.sequence
                yield event
            await self.news.wait()


ROOM = Room()


@strawberry.type
class Query:
    """Nothing to ask."""

    ok: bool = True


@strawberry.type
class Together:
    """The subscription as our engine shares it."""

    @strawberry.subscription
    async def message_sent(self) -> AsyncGenerator[Message, None]:
        """What is said."""
        here = len(ROOM.said)
        place: Any = Onward("room", here, here, ROOM.follow, lambda item: message(item.sequence), leave=nothing)  # type: ignore[union-attr]
        yield place


@strawberry.type
class Alone:
    """The subscription as it is usually written: a queue for each follower."""

    @strawberry.subscription
    async def message_sent(self) -> AsyncGenerator[Message, None]:
        """What is said."""
        queue: asyncio.Queue[Message] = asyncio.Queue()
        ROOM.queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            ROOM.queues.discard(queue)


class Nobody:
    """The context of a stranger."""

    parameters: Mapping[str, object] = {}
    expires_at = None

    async def revoked(self) -> bool:
        """Nothing to take back."""
        return False


async def stranger(_connection: HTTPConnection, _payload: Mapping[str, Any] | None) -> Any:
    """Anybody may listen."""
    return Nobody()


@asynccontextmanager
async def settled(_app: Starlette) -> AsyncIterator[None]:
    """The garbage collector as our web process sets it, for all alike."""
    settle()
    yield


def app(socket: Any, publish: Any = ROOM.publish) -> Starlette:
    """A socket and a way to say something."""
    routes = [WebSocketRoute("/graphql", socket), Route("/publish", publish, methods=["POST"])]
    return Starlette(routes=routes, lifespan=settled)


def shared() -> Starlette:
    """Our engine, with its usual limits."""
    return app(GraphQLDoor(strawberry.Schema(Query, None, Together), context=stranger))


def each() -> Starlette:
    """Our engine with a generator and an execution for each socket."""
    return app(GraphQLDoor(strawberry.Schema(Query, None, Alone), context=stranger))


def stock() -> Starlette:
    """Strawberry as it comes."""
    return app(GraphQL(strawberry.Schema(Query, None, Alone)))


class RawProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol that shows its transport."""

    def handle_connect(self, event: Handshake) -> None:
        """Begin a handshake."""
        super().handle_connect(event)
        extensions: Any = self.scope["extensions"]
        extensions["transport"] = self.transport


def raw() -> Starlette:
    """The limit: the bytes of one frame, made once for ever, are written to every transport, and nothing else is done."""
    writers: dict[Any, None] = {}
    told = {"id": "0190a4c2-d3e4-7f8a-9b0c-000000000001", "type": "next"}
    frame = text_frame(orjson.dumps(told | {"payload": {"data": {"messageSent": strawberry.asdict(message(1))}}}))

    async def socket(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        await receive()
        await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
        transport = scope["extensions"]["transport"]
        writers[transport] = None
        while (await receive())["type"] != "websocket.disconnect":
            pass
        del writers[transport]

    async def publish(_request: Request) -> Response:
        for transport in writers:
            transport.write(frame)
        return Response(status_code=204)

    return app(_Bare(socket), publish)


class _Bare:
    """An ASGI app that routes take for one."""

    def __init__(self, run: Any) -> None:
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._run(scope, receive, send)
