"""A client of `graphql-transport-ws`, with nothing between the test and the protocol."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class Talk:
    def __init__(self, socket):
        self.socket = socket

    async def say(self, message):
        await self.socket.send(orjson.dumps(message).decode())

    async def hear(self):
        async with asyncio.timeout(5):
            return orjson.loads(await self.socket.recv())

    async def greet(self, name="mina"):
        await self.say({"type": "connection_init", "payload": {"authorization": f"Bearer {name}"}})
        assert await self.hear() == {"type": "connection_ack"}

    async def ask(self, query, variables=None, *, id="1"):
        await self.say({"type": "subscribe", "id": id, "payload": {"query": query, "variables": variables}})

    async def closed(self, within=8):
        """Read until the server closes; gives its code and reason."""
        try:
            async with asyncio.timeout(within):
                while True:
                    await self.socket.recv()
        except ConnectionClosed as error:
            return error.rcvd and (error.rcvd.code, error.rcvd.reason)


@asynccontextmanager
async def talking(address, name="mina", *, protocols=("graphql-transport-ws",), **settings):
    """Open a socket; with a name, say who is there."""
    async with connect(f"ws://{address}/graphql", subprotocols=protocols, **settings) as socket:
        talk = Talk(socket)
        if name:
            await talk.greet(name)
        yield talk
