"""A schema made to be misused, and the guests who come to its door."""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import asyncpg
import strawberry
import uvicorn

from engine.errors import BadInput
from engine.http import GraphQLDoor
from engine.limits import Limits
from engine.live import Event
from engine.onward import Onward
from engine.rights import Rights

TOUCHED: list[str] = []
"""Each resolver that ran."""

LATE: list[float] = []
"""How many seconds the field of that name takes, the last first."""

CLOSED: list[str] = []
"""Each subscription that was closed."""

HELD: Counter[str] = Counter()
"""How often something is held for a listener of that name."""


class Refusal(Exception):
    def __init__(self, code, message, *field, retry_after_seconds=None):
        super().__init__(message)
        self.code, self.message, self.field, self.retry_after_seconds = code, message, field, retry_after_seconds


class Guest:
    """Who asks. What is set on the class holds for everybody with that name."""

    revoked_names: set[str] = set()
    seconds_left: dict[str, float] = {}
    made: list[str] = []
    pool: asyncpg.Pool | None = None

    def __init__(self, name):
        self.name = name
        Guest.made.append(name)
        left = Guest.seconds_left.get(name)
        self.expires_at = None if left is None else datetime.now(UTC) + timedelta(seconds=left)

    async def revoked(self):
        return self.name in Guest.revoked_names

    @property
    def identity(self):
        return self.name

    @property
    def parameters(self):
        return {"viewer": None if self.name == "stranger" else self.name}

    def read(self):
        return Guest.pool.acquire()


async def welcome(connection, payload):
    given = (payload or {}).get("authorization") or connection.headers.get("authorization", "Bearer stranger")
    name = given.removeprefix("Bearer ")
    if name == "bad" or name in Guest.revoked_names:
        raise Refusal("UNAUTHENTICATED", "Sign in again.")
    if name == "hasty":
        raise Refusal("RATE_LIMITED", "Too often.", retry_after_seconds=7.2)
    if name == "unlucky":
        raise OSError("the database at 10.0.0.1 is gone")
    return Guest(name)


@strawberry.input
class Echo:
    text: str = ""
    numbers: list[int] = strawberry.field(default_factory=list)
    more: Echo | None = None


@strawberry.type
class Self:
    @strawberry.field
    def me(self) -> Self:
        TOUCHED.append("me")
        return Self()

    @strawberry.field
    def other(self) -> Self:
        TOUCHED.append("other")
        return Self()

    @strawberry.field
    def name(self) -> str:
        return "self"


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, info: strawberry.Info) -> str:
        TOUCHED.append("hello")
        return f"Hello, {info.context.name}"

    @strawberry.field
    def me(self) -> Self:
        TOUCHED.append("me")
        return Self()

    @strawberry.field
    def echo(self, input: Annotated[Echo, strawberry.argument(description="What.")]) -> str:
        TOUCHED.append("echo")
        return input.text

    @strawberry.field
    def fail(self, secret: str = "") -> str | None:
        TOUCHED.append("fail")
        raise RuntimeError(f"password {secret} at 10.0.0.1")

    @strawberry.field
    def fails(self) -> list[Faulty]:
        return [Faulty() for _ in range(5)]

    @strawberry.field
    def promised(self) -> str:
        return None

    @strawberry.field
    def refuse(self) -> str | None:
        raise Refusal("RATE_LIMITED", "Wait a little.", "input", "text", retry_after_seconds=3)

    @strawberry.field
    def bad_input(self) -> str | None:
        raise BadInput("No such page.", "first")

    @strawberry.field
    def unencodable(self) -> str:
        return "\ud800"

    @strawberry.field
    async def nap(self, info: strawberry.Info, seconds: float) -> bool:
        async with info.context.read() as reader:
            await reader.fetch("SELECT pg_sleep($1), 'a nap at the door'", seconds)
        return True


@strawberry.type
class Faulty:
    @strawberry.field
    def value(self) -> int | None:
        raise ValueError("faulty")


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def touch(self, seconds: float = 0) -> str:
        await asyncio.sleep(seconds)
        TOUCHED.append("touch")
        return "touched"


class Loudspeaker:
    """Something that all hear who listen: a stream in memory, of which the beginning may be forgotten."""

    def __init__(self):
        self.said = []
        self.news = asyncio.Event()

    @property
    def newest(self):
        return self.said[-1].sequence if self.said else 0

    def say(self, text):
        self.said.append(Event(self.newest + 1, "SAID", {"text": text}, datetime.now(UTC)))
        self.news.set()

    async def follow(self, after):
        while True:
            self.news.clear()
            for event in [event for event in self.said if event.sequence > after]:
                after = event.sequence
                yield event
            if after >= self.newest:
                await self.news.wait()


SPEAKER = Loudspeaker()


@strawberry.type
class Heard:
    cursor: str
    text: str

    @strawberry.field
    async def late(self) -> int:
        await asyncio.sleep(LATE.pop() if LATE else 0)
        return len(LATE)

    @strawberry.field
    def by(self, info: strawberry.Info) -> str:
        return info.context.name


def heard(event):
    return Heard(cursor=f"at_{event.sequence}", text=event.data["text"])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def listen(self, info: strawberry.Info, after: str | None = None) -> AsyncGenerator[Heard, None]:
        newest = SPEAKER.newest
        position = newest if after is None else int(after.removeprefix("at_"))
        try:
            yield Onward("speaker", position, newest, SPEAKER.follow, heard, lambda e: e.data["text"] == "bye")
        finally:
            CLOSED.append(info.context.name)

    @strawberry.subscription
    async def hear(self, info: strawberry.Info, behind: int = 0) -> AsyncGenerator[Heard, None]:
        """The same, with everything handed over that is held for the listener."""
        name, newest = info.context.name, SPEAKER.newest
        HELD[name] += 1
        yield Onward(
            "hear",
            newest - behind,
            newest,
            SPEAKER.follow,
            heard,
            lambda e: e.data["text"] == "bye",
            leave=lambda: HELD.subtract([name]),
        )
        CLOSED.append(name)

    @strawberry.subscription
    async def count(
        self, info: strawberry.Info, to: int, seconds: float = 0, padding: int = 0
    ) -> AsyncGenerator[str, None]:
        try:
            for number in range(to):
                yield f"{number}{'.' * padding}"
                await asyncio.sleep(seconds)
        finally:
            CLOSED.append(info.context.name)

    @strawberry.subscription
    async def stumble(self, secret: str = "") -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError(f"stumbled over {secret}")

    @strawberry.subscription
    async def decline(self) -> AsyncGenerator[int, None]:
        raise Refusal("FORBIDDEN", "Not for you.", "id")
        yield 1

    @strawberry.subscription
    async def drowsy(self, info: strawberry.Info) -> AsyncGenerator[Sleeper, None]:
        yield Sleeper()


@strawberry.type
class Sleeper:
    @strawberry.field
    async def nap(self) -> bool:
        await asyncio.sleep(60)
        return True


SERVER = {
    "host": "127.0.0.1",
    "port": 0,
    "log_level": "critical",
    "lifespan": "off",
    "http": "engine.cutting:CuttingProtocol",
    "ws": "engine.frames:FrameProtocol",
    "ws_per_message_deflate": False,
}
"""How uvicorn serves us."""

SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


def is_known(guest):
    return guest.name != "stranger"


def make_door(**limits):
    return GraphQLDoor(
        SCHEMA,
        context=welcome,
        limits=Limits(**limits),
        expose=(Refusal,),
        rights=Rights(introspect=is_known, suggest=is_known),
        allowed_origins=["https://app.example"],
        cursor_of=lambda value: getattr(value, "cursor", None),
    )


async def eventually(condition, seconds=1.0):
    """Wait until a condition holds; it may be a coroutine function."""
    async with asyncio.timeout(seconds):
        while not (await found if inspect.isawaitable(found := condition()) else found):
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(door, *, buffer=None, **settings):
    """Put an app behind a real socket and give its address, host and port.

    With `buffer` the kernel takes no more bytes than about that for a client, so that the rest waits where we see it.
    """
    config = uvicorn.Config(door, **{**SERVER, **settings})
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    if buffer is not None:
        # Connections inherit it.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    running = asyncio.create_task(server.serve([listening]))
    await eventually(lambda: server.started, 10)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        await running
