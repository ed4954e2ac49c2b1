"""Files in a directory of this machine, sent and fetched by signed addresses."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import mimetypes
import os
import re
import secrets
import time
from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlencode

from domain.errors import Conflict, Expired, Forbidden, InvalidInput, NotFound
from domain.ports import Grant, StoredFile
from domain.uploads import EVIDENCE_SUFFIXES, UPLOAD_HOURS

KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}(?:/[A-Za-z0-9][A-Za-z0-9_.-]{0,127}){0,4}")
"""No part of a key begins with a dot: so none leaves the directory, and none is a draft of ours."""

DOWNLOAD_SECONDS: Final = 3600
HALF: Final = DOWNLOAD_SECONDS // 2
MOST_REMEMBERED: Final = 20_000
PIECE: Final = 1 << 20
UNKNOWN_TYPE: Final = "application/octet-stream"

TYPES: Final = mimetypes.MimeTypes()
for media_type, suffix in EVIDENCE_SUFFIXES.items():
    TYPES.add_type(media_type, suffix)


class LocalFiles:
    """The ports `FileStore` and `FileDoor`."""

    def __init__(self, directory: Path, *, key: bytes, public_url: str) -> None:
        """Keep files in a directory.

        Args:
            directory: Where; it is made when the first file comes.
            key: Signs the addresses.
            public_url: The address of this server as its clients see it.
        """
        self._directory = directory
        self._key = key
        self._address = f"{public_url}/files/"
        self._until = 0
        self._signed: dict[str, str] = {}

    def grant_upload(self, key: str, *, content_type: str, byte_size: int) -> Grant:
        """Allow somebody to send exactly this many bytes of this type once, within the hour."""
        self._path(key)
        expires = int(time.time()) + UPLOAD_HOURS * 3600
        signed = {"size": str(byte_size), "type": content_type}
        return Grant(
            method="PUT",
            url=self._sign("PUT", key, expires, signed),
            headers={"Content-Type": content_type},
            expires_at=datetime.fromtimestamp(expires, UTC),
        )

    def sign_download(self, key: str) -> str:
        """Make an address that holds for an hour at least; within the same half hour it is the same, so browsers keep it."""
        # Asked for every face in a list, hundreds of times a request.
        if time.time() < self._until:
            address = self._signed.get(key)
            if address is not None:
                return address
        return self._sign_download(key)

    def _sign_download(self, key: str) -> str:
        self._path(key)
        until = (int(time.time()) // HALF + 1) * HALF
        if until != self._until or len(self._signed) > MOST_REMEMBERED:
            self._until, self._signed = until, {}
        address = self._signed[key] = self._sign("GET", key, until + DOWNLOAD_SECONDS, {})
        return address

    async def read(self, key: str, *, limit: int) -> bytes:
        """Fetch all bytes.

        Raises:
            NotFound: Nothing is stored there.
            InvalidInput: More than `limit` bytes are stored there.
        """
        return await asyncio.to_thread(self._read, key, limit)

    async def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """Store bytes, whole or not at all, in place of what was there.

        Raises:
            ValueError: The suffix of the key says another type.
        """
        if type_of(key) not in {content_type, UNKNOWN_TYPE}:
            raise ValueError(f"{key} cannot hold {content_type}")
        await asyncio.to_thread(self._write, key, content)

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove what is stored there; nothing happens for keys that hold nothing."""
        for key in keys:
            await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def check_upload(self, key: str, signed: Mapping[str, str], *, content_type: str, byte_size: int | None) -> int:
        """Compare a request with what was signed; returns the number of bytes it must bring.

        Raises:
            Forbidden: The address was not signed for this.
            Expired: It was, but that is too long ago.
            InvalidInput: It declares another size than it was signed for.
        """
        facts = {name: signed.get(name, "") for name in ("size", "type")}
        self._check("PUT", key, signed, facts)
        if content_type != facts["type"]:
            raise Forbidden(f"This address takes {facts['type']} only; send it as Content-Type.")
        size = int(facts["size"])
        if byte_size is not None and byte_size != size:
            raise InvalidInput(f"This address takes exactly {size} bytes.")
        return size

    def check_download(self, key: str, signed: Mapping[str, str]) -> None:
        """Compare a request with what was signed.

        Raises:
            Forbidden: The address was not signed for this.
            Expired: It was, but that is too long ago.
        """
        self._check("GET", key, signed, {})

    async def receive(
        self,
        key: str,
        signed: Mapping[str, str],
        *,
        content_type: str,
        byte_size: int | None,
        chunks: AsyncIterable[bytes],
    ) -> None:
        """Store what an address from `grant_upload` allows; nothing stays of what breaks off or is too long.

        Raises:
            Forbidden: The address was not signed for this.
            Expired: It was, but that is too long ago.
            Conflict: It was used before.
            InvalidInput: More or fewer bytes than were signed for.
        """
        size = self.check_upload(key, signed, content_type=content_type, byte_size=byte_size)
        path = self._path(key)
        if path.exists():
            raise Conflict("This address was used before; ask for another one.")
        draft, file = await asyncio.to_thread(_open_draft, path)
        try:
            with file:
                await _fill(file, chunks, size)
                await asyncio.to_thread(_settle, file)
            await asyncio.to_thread(_publish_once, draft, path)
        finally:
            draft.unlink(missing_ok=True)

    def find(self, key: str, signed: Mapping[str, str]) -> StoredFile:
        """Find what an address from `sign_download` allows to fetch.

        Raises:
            Forbidden: The address was not signed for this.
            Expired: It was, but that is too long ago.
            NotFound: Nothing is stored there.
        """
        self.check_download(key, signed)
        path = self._path(key)
        if not path.is_file():
            raise NotFound("There is no such file.")
        return StoredFile(path=path, content_type=type_of(key), name=path.name)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise NotFound("There is no such file.")
        return self._directory / key

    def _sign(self, method: str, key: str, expires: int, facts: Mapping[str, str]) -> str:
        query = {"expires": str(expires), **facts}
        query["signature"] = self._signature(method, key, query)
        return f"{self._address}{key}?{urlencode(query)}"

    def _signature(self, method: str, key: str, facts: Mapping[str, str]) -> str:
        said = urlencode([("method", method), ("key", key), *sorted(facts.items())])
        return base64.urlsafe_b64encode(hmac.digest(self._key, said.encode(), hashlib.sha256)).decode().rstrip("=")

    def _check(self, method: str, key: str, signed: Mapping[str, str], facts: Mapping[str, str]) -> None:
        expires = signed.get("expires", "")
        expected = self._signature(method, key, {"expires": expires, **facts})
        if not hmac.compare_digest(expected.encode(), signed.get("signature", "").encode()):
            raise Forbidden("This address was not signed for this.")
        if int(expires) < time.time():
            raise Expired("This address holds no longer; ask for another one.")

    def _read(self, key: str, limit: int) -> bytes:
        try:
            with self._path(key).open("rb") as file:
                content = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound("There is no such file.") from None
        if len(content) > limit:
            raise InvalidInput(f"The file is larger than {limit} bytes.")
        return content

    def _write(self, key: str, content: bytes) -> None:
        path = self._path(key)
        draft, file = _open_draft(path)
        try:
            with file:
                file.write(content)
                _settle(file)
            draft.replace(path)
            _settle_directory(path.parent)
        finally:
            draft.unlink(missing_ok=True)


def type_of(key: str) -> str:
    """Tell the media type by the suffix of a key; one without is unknown bytes."""
    return TYPES.guess_type(key, strict=False)[0] or UNKNOWN_TYPE


def _open_draft(path: Path) -> tuple[Path, BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(12)}")
    return draft, draft.open("xb")


async def _fill(file: BinaryIO, chunks: AsyncIterable[bytes], size: int) -> None:
    """Write pieces of a megabyte at a time, so that a slow client costs few thread hops and no memory."""
    waiting = bytearray()
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > size:
            raise InvalidInput(f"This address takes exactly {size} bytes.")
        waiting += chunk
        if len(waiting) >= PIECE:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    if received != size:
        raise InvalidInput(f"This address takes exactly {size} bytes; only {received} came.")
    await asyncio.to_thread(file.write, bytes(waiting))


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _settle_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _publish_once(draft: Path, path: Path) -> None:
    """Give the draft its name; a link, unlike a rename, refuses to take the place of another file."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise Conflict("This address was used before; ask for another one.") from None
    _settle_directory(path.parent)
