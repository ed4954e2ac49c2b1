"""Vendors of the tests' own on real sockets: one that says what it is told to, and one that speaks broken HTTP."""

from __future__ import annotations

import asyncio
import base64
import functools
import gzip
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.http import Patience
from tests.integrations.conftest import serving

SHORT = Patience(connect=0.5, whole=0.6)
SECRET = "hidden-secret"
"""What tests put into everything that must not be shown; `hidden` is looked for."""


class Seen:
    """A request that a vendor got."""

    def __init__(self, request: Request, body: bytes):
        self.method, self.path, self.headers = request.method, request.url.path, request.headers
        self.query = dict(request.query_params)
        self.body = body
        self.form = dict(parse_qsl(body.decode(), keep_blank_values=True))

    @property
    def basic(self):
        return base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()


class Scripted:
    """Says what it is told to: `vendor.says["/v1/me"] = {...}`, or a Response, or a list of them, one after the other."""

    def __init__(self):
        self.says: dict[str, object] = {}
        self.seen: list[Seen] = []

    async def answer(self, request: Request) -> Response:
        seen = Seen(request, await request.body())
        self.seen.append(seen)
        said = self.says.get(seen.path)
        if isinstance(said, list):
            said = said.pop(0) if said else None
        if callable(said) and not isinstance(said, Response):
            said = said(seen)
        if said is None:
            return JSONResponse({"error": "not found"}, 404)
        return said if isinstance(said, Response) else JSONResponse(said)

    def paths(self):
        return [seen.path for seen in self.seen]


@asynccontextmanager
async def scripted():
    vendor = Scripted()
    app = Starlette(routes=[Route("/{path:path}", vendor.answer, methods=["GET", "POST"])])
    async with serving(app) as vendor.url:
        yield vendor


class Broken:
    """Answers every request with the same bytes; counts those it could send before the other side hung up."""

    def __init__(self, chunks, *, pause=0.0, end=True):
        self.chunks, self.pause, self.end = chunks, pause, end
        self.asked = self.sent = 0

    async def serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    await reader.readexactly(int(line.split(b":")[1]))
            self.asked += 1
            for chunk in self.chunks():
                writer.write(chunk)
                await writer.drain()
                self.sent += len(chunk)
                if self.pause:
                    await asyncio.sleep(self.pause)
            if not self.end:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def broken(vendor):
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield vendor
    finally:
        server.close()


def answer(body=b"", status="200 OK", kind="application/json", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return [("\r\n".join(lines) + "\r\n\r\n").encode() + body]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TEN_MEGABYTES = b'{"id": "%s"}' % (b"x" * 10_000_000)


@functools.cache
def bomb():
    """A hundred megabytes; to pack them takes a second, so only who needs them does."""
    return gzip.compress(b'{"id": "%s"}' % (b"x" * 100_000_000), 6)


def whole(body):
    yield HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    yield from (memoryview(body)[at : at + 65536] for at in range(0, len(body), 65536))


def endless():
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(400):
        yield b"10000\r\n" + b" " * 65536 + b"\r\n"


def dripping():
    yield HEAD + b"Content-Length: 1000\r\n\r\n"
    yield from (b" " for _ in range(1000))


RUDE = {
    "a page": lambda: Broken(lambda: answer(b"<html>hidden</html>", kind="text/html")),
    "nothing": lambda: Broken(answer),
    "half an object": lambda: Broken(lambda: answer(b'{"access_token": "hidden')),
    "half an answer": lambda: Broken(lambda: [HEAD + b'Content-Length: 900\r\n\r\n{"id": "hidden"']),
    "a list": lambda: Broken(lambda: answer(b'["hidden"]')),
    "a number": lambda: Broken(lambda: answer(b"7")),
    "no utf-8": lambda: Broken(lambda: answer(b'{"id": "\xff\xfe"}')),
    "deep nesting": lambda: Broken(lambda: answer(b'{"id": ' + b"[" * 400_000)),
    "ten megabytes": lambda: Broken(lambda: whole(TEN_MEGABYTES)),
    "an endless answer": lambda: Broken(endless),
    "a gzip bomb": lambda: Broken(functools.partial(answer, bomb(), Content_Encoding="gzip")),
    "broken gzip": lambda: Broken(lambda: answer(b"hidden", Content_Encoding="gzip")),
    "half of gzip": lambda: Broken(lambda: answer(gzip.compress(b'{"id": "hidden"}')[:-9], Content_Encoding="gzip")),
    "unknown packing": lambda: Broken(lambda: answer(b"{}", Content_Encoding="br")),
    "a slow drip": lambda: Broken(dripping, pause=0.05),
    "silence": lambda: Broken(list, end=False),
    "half a head": lambda: Broken(lambda: [HEAD], end=False),
    "a closed connection": lambda: Broken(list),
    "no http": lambda: Broken(lambda: [b"220 hidden.example ESMTP\r\n"]),
    "a head without end": lambda: Broken(lambda: [HEAD + b"X-A: " + b"a" * 300_000]),
    "a redirect": lambda: Broken(lambda: answer(status="302 Found", Location="http://127.0.0.1:9/hidden")),
    "a lasting redirect": lambda: Broken(lambda: answer(status="308 Permanent Redirect", Location="//[hidden")),
    "status 500": lambda: Broken(lambda: answer(b'{"error": "hidden"}', status="500 Internal Server Error")),
    "status 503": lambda: Broken(lambda: answer(b"<html>hidden</html>", status="503 Service Unavailable")),
}
"""Ways in which a vendor can be rude."""
