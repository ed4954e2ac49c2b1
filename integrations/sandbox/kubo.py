"""The twin of a Kubo node (https://docs.ipfs.tech/reference/kubo/rpc/) and of its gateway, at `kubo.example`.

It makes CIDs by itself, in its own way: version 1 of raw bytes as well as version 0, which is what a node makes of a
file unless it is told otherwise. It takes files that fit into one block.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from integrations.sandbox.registration import Registration
from integrations.sandbox.world import World

KIND: Final = "ipfs_block"
BLOCK_BYTES: Final = 262_144
BASE_32: Final = "abcdefghijklmnopqrstuvwxyz234567"
BASE_58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
YES: Final = {"true", "1", ""}

Act = Callable[[Request, bytes], Response]


class Refused(Exception):
    """An error as Kubo answers it."""


def routes(world: World, _registration: Registration) -> list[Route]:
    """Make the doors of `kubo.example`."""
    twin = Twin(world)
    acts: dict[str, Act] = {
        "add": twin.add,
        "cat": twin.cat,
        "pin/add": twin.pin,
        "pin/ls": twin.pins,
        "block/stat": twin.stat,
    }
    return [
        *(Route(f"/api/v0/{path}", twin.door(act), methods=["POST"]) for path, act in acts.items()),
        Route("/ipfs/{cid}", twin.fetch, methods=["GET"]),
    ]


class Twin:
    """One node that knows no other."""

    def __init__(self, world: World) -> None:
        self.world = world

    def door(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """Act; what is refused is answered in Kubo's way. Browsers are kept out as there."""

        async def answer(request: Request) -> Response:
            if "origin" in request.headers:
                return PlainTextResponse("403 - Forbidden", 403)
            content = await request.body()
            try:
                with self.world.transaction():
                    return act(request, content)
            except Refused as refusal:
                return _json({"Message": str(refusal), "Code": 0, "Type": "error"}, 500)

        return answer

    def add(self, request: Request, content: bytes) -> Response:
        """Take a file, and pin it unless it is told not to."""
        name, file = _file_of(request.headers.get("content-type", ""), content)
        if len(file) > BLOCK_BYTES:
            raise Refused("this node takes files of one block")
        asked = request.query_params
        version = asked.get("cid-version", "0")
        if asked.get("hash", "sha2-256") != "sha2-256" or version not in {"0", "1"}:
            raise Refused("this node makes CIDs of SHA2-256")
        raw = asked.get("raw-leaves", "true" if version == "1" else "false") in YES
        cid = raw_cid(file) if raw else file_cid(file) if version == "0" else None
        if cid is None:
            raise Refused("this node makes raw leaves in version 1")
        kept = self.world.get(KIND, cid) or {"data": base64.b64encode(file).decode(), "pinned": False}
        kept["pinned"] = kept["pinned"] or asked.get("pin", "true") in YES
        self.world.put(KIND, cid, kept)
        return _json({"Name": name or cid, "Hash": cid, "Size": str(len(file))})

    def cat(self, request: Request, _content: bytes) -> Response:
        """Give a file."""
        return Response(_data(self._find(request)[1]), media_type="text/plain")

    def pin(self, request: Request, _content: bytes) -> Response:
        """Keep a block for good."""
        cid, kept = self._find(request)
        self.world.put(KIND, cid, {**kept, "pinned": True})
        return _json({"Pins": [cid]})

    def pins(self, request: Request, _content: bytes) -> Response:
        """List what is kept for good, or tell of one."""
        pinned = {cid: {"Type": "recursive"} for cid, kept in self.world.all(KIND).items() if kept["pinned"]}
        asked = request.query_params.get("arg")
        if asked is not None and asked not in pinned:
            raise Refused(f"path '{asked}' is not pinned")
        return _json({"Keys": {asked: pinned[asked]} if asked else pinned})

    def stat(self, request: Request, _content: bytes) -> Response:
        """Tell how large a block is."""
        cid, kept = self._find(request)
        return _json({"Key": cid, "Size": len(_data(kept))})

    async def fetch(self, request: Request) -> Response:
        """Be the gateway: give a file to anybody."""
        kept = self.world.get(KIND, request.path_params["cid"])
        if kept is None:
            return PlainTextResponse("ipfs: block was not found locally (offline)", 404)
        tag = {"Etag": f'"{request.path_params["cid"]}"', "Cache-Control": "public, max-age=29030400, immutable"}
        return Response(_data(kept), media_type="application/json", headers=tag)

    def _find(self, request: Request) -> tuple[str, dict[str, Any]]:
        cid = request.query_params.get("arg", "")
        if not cid:
            raise Refused('argument "ipfs-path" is required')
        kept = self.world.get(KIND, cid)
        if kept is None:
            raise Refused("block was not found locally (offline): ipld: could not find " + cid)
        return cid, kept


def raw_cid(content: bytes) -> str:
    """The CID, version 1, of raw bytes: 36 bytes in digits of 5 bits."""
    number = int.from_bytes(b"\x01\x55\x12\x20" + hashlib.sha256(content).digest()) << 2
    return "b" + "".join(BASE_32[number >> shift & 31] for shift in range(5 * 57, -5, -5))


def file_cid(content: bytes) -> str:
    """The CID, version 0, of a file of one block: a UnixFS leaf in a dag-pb node, in base 58."""
    leaf = (
        b"\x08\x02" + (b"\x12" + _varint(len(content)) + content if content else b"") + b"\x18" + _varint(len(content))
    )
    node = b"\x0a" + _varint(len(leaf)) + leaf
    number, digits = int.from_bytes(b"\x12\x20" + hashlib.sha256(node).digest()), ""
    while number:
        number, digit = divmod(number, 58)
        digits = BASE_58[digit] + digits
    return digits


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def _file_of(kind: str, content: bytes) -> tuple[str, bytes]:
    """Read the one file of a multipart form: its name and its bytes."""
    boundary = re.fullmatch(r'multipart/form-data;\s*boundary="?([^";]+)"?', kind.strip(), re.IGNORECASE)
    if boundary is None:
        raise Refused("file argument 'path' is required")
    parts = (b"\r\n" + content).split(b"\r\n--" + boundary[1].encode())[1:-1]
    if len(parts) != 1:
        raise Refused("this node takes one file at a time")
    head, _, file = parts[0].partition(b"\r\n\r\n")
    name = re.search(rb'filename="([^"]*)"', head)
    return (name[1].decode(errors="replace") if name else ""), file


def _data(kept: dict[str, Any]) -> bytes:
    return base64.b64decode(kept["data"])


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value) + b"\n", status, media_type="application/json")
