"""A schema whose deeds take files, and forms for it."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import strawberry
from strawberry.schema.config import StrawberryConfig

from engine.files import SCALARS, ReceivedFile
from engine.http import GraphQLDoor
from engine.limits import Limits
from engine.lookup import Lookup
from engine.rights import Rights
from engine.trusted import Trusted
from tests.engine.doors.porch import Refusal, welcome

RAN: list[str] = []
"""Each deed that ran, with what it was given."""

MOST, EACH = 40_000_000, 32_000_000


async def seen(file):
    digest = hashlib.sha256()
    async for piece in file.chunks():
        assert len(piece) <= 65_536
        digest.update(piece)
    return f"{file.filename} {file.content_type} {file.size} {digest.hexdigest()[:12]}"


def said(name, kind, content):
    return f"{name} {kind} {len(content)} {hashlib.sha256(content).hexdigest()[:12]}"


@strawberry.input
class Sent:
    title: str
    files: list[ReceivedFile | None]


@strawberry.type
class Query:
    @strawberry.field
    def look(self, file: ReceivedFile | None = None) -> str:
        RAN.append("look")
        return "looked"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def keep(self, file: ReceivedFile) -> str:
        RAN.append("keep")
        return await seen(file)

    @strawberry.mutation
    async def keep_all(self, files: list[ReceivedFile]) -> list[str]:
        RAN.append("keepAll")
        return list(await asyncio.gather(*(seen(file) for file in files)))

    @strawberry.mutation
    async def keep_some(self, input: Sent) -> list[str | None]:
        RAN.append("keepSome")
        return [input.title, *[None if file is None else (await file.read(1000)).decode() for file in input.files]]

    @strawberry.mutation
    async def stumble(self, file: ReceivedFile) -> str:
        RAN.append("stumble")
        return (await file.read(1)).decode()

    @strawberry.mutation
    def touch(self, text: str | None = None) -> str:
        RAN.append("touch")
        return "touched"


SCHEMA = strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map=SCALARS))
KEEP = "mutation ($file: File!) { keep(file: $file) }"
KEEP_ALL = "mutation ($files: [File!]!) { keepAll(files: $files) }"
KNOWN = hashlib.sha256(KEEP.encode()).hexdigest()
ONE = {"query": KEEP, "variables": {"file": None}}
MAP = {"0": ["variables.file"]}
TEXT = ("0", ("a.txt", b"Alpha file content.", "text/plain"))
ASKED = {"graphql-require-preflight": "1"}


def make_door(folder, *, only=False, budget=None, **limits):
    trusted = Trusted([{f"sha256:{KNOWN}": KEEP}])
    return GraphQLDoor(
        SCHEMA,
        context=welcome,
        limits=Limits(**{"upload_bytes": MOST, "file_bytes": EACH, **limits}),
        expose=(Refusal,),
        rights=Rights(upload=lambda guest: guest.name != "stranger"),
        lookup=Lookup(trusted, only=only),
        folder=folder,
        budget=budget,
    )


FORM = "multipart/form-data; boundary=cut"
BODY = (
    b'--cut\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + orjson.dumps(ONE) + b"\r\n"
    b'--cut\r\nContent-Disposition: form-data; name="map"\r\n\r\n' + orjson.dumps(MAP) + b"\r\n"
    b'--cut\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\n'
)
END = b"\r\n--cut--\r\n"
PART = b'\r\n--cut\r\nContent-Disposition: form-data; name="1"; filename="a"\r\n\r\nx'


def on_disk(folder):
    """What of a folder this process still holds, whether or not it has a name."""
    held = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            held.append(str(handle.readlink()))
        except OSError:
            continue
    return [place for place in held if place.startswith(str(folder))] + list(folder.iterdir())


def fields(operations=ONE, places=MAP, *files):
    """The parts of a form, in order."""
    texts = [("operations", operations), ("map", places)]
    given = [(name, (None, it if isinstance(it, (str, bytes)) else orjson.dumps(it))) for name, it in texts]
    return [*given, *files]


async def send(client, at, parts, name="mina", **headers):
    known = {"authorization": f"Bearer {name}"} if name else {}
    return await client.post(f"http://{at}/graphql", files=parts, headers={**known, **headers}, timeout=30)


def only_error(answer):
    (error,) = answer.json()["errors"]
    return error


@asynccontextmanager
async def opened(address, start, name="mina", *, length=900_000):
    """Begin to send a form by hand: gives what comes back, and where the rest goes."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {name}\r\nAccept: application/graphql-response+json\r\n"
    writer.write(f"{head}Content-Type: {FORM}\r\nContent-Length: {length}\r\n\r\n".encode() + start)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)
