"""A GraphQL client for tests: plain HTTP, and graphql-transport-ws over a real socket."""

import asyncio
import functools
import itertools
import json
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import websockets
from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, Visitor, parse, print_ast, visit

CONTRACT = Path(__file__).parent.parent / "contract"
FRAGMENTS = (CONTRACT / "fragments.graphql").read_text()


class Refused(AssertionError):
    """The server answered with errors."""

    def __init__(self, errors):
        super().__init__(json.dumps(errors, indent=1))
        self.errors = errors


class Api:
    """Asks as one person."""

    def __init__(self, url, token=None):
        self.url = url
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        self.token = token

    async def __call__(self, document, **variables):
        """Ask, and give the data; errors fail the test."""
        answer = await self.answer(document, variables)
        if answer.get("errors"):
            raise Refused(answer["errors"])
        return answer["data"]

    async def answer(self, document, variables=None, **more):
        """Ask, and give the whole answer."""
        return (await self.post({"query": document, "variables": variables or {}, **more})).json()

    async def post(self, body, **headers):
        async with httpx.AsyncClient(timeout=30, verify=False) as client:
            return await client.post(f"{self.url}/graphql", json=body, headers={**self.headers, **headers})

    async def send_file(self, document, content, filename="me.png", kind="image/png", **headers):
        """Run a mutation whose input is one file that comes with it; gives the whole answer."""
        asked = {"query": document, "variables": {"input": {"file": None}}}
        texts = {"operations": asked, "map": {"0": ["variables.input.file"]}}
        parts = [(name, (None, json.dumps(text))) for name, text in texts.items()]
        headers = {"graphql-require-preflight": "1", **self.headers, **headers}
        async with httpx.AsyncClient(timeout=30, verify=False) as client:
            sent = [*parts, ("0", (filename, content, kind))]
            return (await client.post(f"{self.url}/graphql", files=sent, headers=headers)).json()

    async def do(self, document, /, **input):
        """Run a mutation of one field with one input; give its payload and fail on userErrors."""
        payload = next(iter((await self(document, input=input)).values()))
        assert payload["userErrors"] == [], payload["userErrors"]
        return payload

    async def refused(self, document, /, **input):
        """Run a mutation that must be refused; give its only user error. Its nouns must be null."""
        payload = next(iter((await self(document, input=input)).values()))
        (error,) = payload.pop("userErrors")
        assert all(value is None or value is False for value in payload.values()), payload
        return error

    @asynccontextmanager
    async def socket(self, url=None):
        """Open a socket as this person."""
        address = (url or self.url).replace("http", "ws", 1) + "/graphql"
        async with websockets.connect(address, subprotocols=["graphql-transport-ws"], max_size=None) as connection:
            payload = {"authorization": f"Bearer {self.token}"} if self.token else {}
            await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await connection.recv())["type"] == "connection_ack"
            yield Socket(connection)

    @asynccontextmanager
    async def subscribe(self, document, url=None, **variables):
        """Subscribe on a socket of its own: `await stream.next()` gives the next data."""
        async with self.socket(url) as socket:
            yield await socket.subscribe(document, **variables)


class Socket:
    """A connection with any number of subscriptions."""

    def __init__(self, connection):
        self.connection = connection
        self.numbers = itertools.count(1)

    async def subscribe(self, document, **variables):
        name = str(next(self.numbers))
        payload = {"query": document, "variables": variables}
        await self.connection.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
        return Stream(self.connection, name)


class Stream:
    """What comes for one subscription (the only one that is read on its socket)."""

    def __init__(self, connection, name):
        self.connection = connection
        self.name = name

    async def message(self, within=10.0):
        async with asyncio.timeout(within):
            while True:
                message = json.loads(await self.connection.recv())
                if message["type"] == "ping":
                    await self.connection.send(json.dumps({"type": "pong"}))
                elif message.get("id") == self.name:
                    return message

    async def next(self, within=10.0):
        """The next value's data."""
        message = await self.message(within)
        assert message["type"] == "next", message
        if message["payload"].get("errors"):
            raise Refused(message["payload"]["errors"])
        return message["payload"]["data"]

    async def silent(self, seconds=0.5):
        """Whether nothing comes for a while."""
        try:
            await self.message(seconds)
        except TimeoutError:
            return True
        return False


@functools.cache
def contract_files():
    """The documents of the contract by their files' names; to read them takes longer than most tests."""
    return {path.stem: parse(path.read_text()) for path in sorted(CONTRACT.glob("*.graphql"))}


@functools.cache
def contract():
    """All documents of the contract as one."""
    return DocumentNode(definitions=tuple(node for one in contract_files().values() for node in one.definitions))


def operation(name):
    """A document of the contract with all fragments that it may use."""
    return trim(name, contract())


def trim(name, document):
    """One operation of a document and just the fragments that it reaches."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    (wanted,) = [node for node in operations if node.name and node.name.value == name]
    reached: dict = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node, *_):
            spread = node.name.value
            if spread not in reached:
                reached[spread] = fragments[spread]
                visit(fragments[spread], self)

    visit(wanted, Spreads())
    return "\n\n".join(print_ast(node) for node in [wanted, *reached.values()])
