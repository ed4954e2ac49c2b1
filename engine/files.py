"""Files that came with a request: the scalar that stands for one, and what a resolver is given for it.

The bytes are in memory as long as they are few, else in a file without a name: it is gone with the last handle on it, whatever
happens to the request or the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Final, ParamSpec, TypeVar

import strawberry
from graphql import GraphQLError

P = ParamSpec("P")
T = TypeVar("T")

PIECE: Final = 65_536
"""So many bytes are written at a time, and so many of one file are kept in memory."""
SPECIFICATION: Final = "https://github.com/jaydenseric/graphql-multipart-request-spec"


class ReceivedFile:
    """A file that came with a request, and is gone when the request has been answered.

    Attributes:
        filename: Its name on its sender's disk, as they say.
        content_type: Its media type, as they say.
        size: Its length in bytes.
    """

    __slots__ = ("_file", "_folder", "_lock", "_pending", "content_type", "filename", "size")

    def __init__(self, folder: Path | None = None) -> None:
        """Expect a file.

        Args:
            folder: Where its bytes go when they are many; the system's own place for such things when None.
        """
        self.filename = ""
        self.content_type = ""
        self.size = 0
        self._folder = folder
        self._file: SpooledTemporaryFile[bytes] | None = None
        self._pending = bytearray()
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        """Say what it is, and not what it is called."""
        return "a file"

    def begin(self, filename: str, content_type: str) -> None:
        """Its bytes follow."""
        self.filename = filename
        self.content_type = content_type
        self._file = SpooledTemporaryFile(PIECE, dir=None if self._folder is None else str(self._folder))  # noqa: SIM115 -- `close` closes it

    @property
    def begun(self) -> bool:
        """Whether it came, or part of it."""
        return self._file is not None

    async def write(self, content: bytes) -> None:
        """Take in bytes. A thread writes them, a piece at a time."""
        self.size += len(content)
        self._pending += content
        if len(self._pending) >= PIECE:
            await self.settle()

    async def settle(self) -> None:
        """Write what waits."""
        assert self._file is not None
        waiting, self._pending = bytes(self._pending), bytearray()
        if self.size > PIECE:
            await _in_thread(self._write, waiting)
        else:
            self._file.write(waiting)

    def _write(self, content: bytes) -> None:
        assert self._file is not None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._file.write(content)

    async def read(self, limit: int) -> bytes:
        """Give all bytes.

        Args:
            limit: The most that are wanted.

        Raises:
            ValueError: There are more.
        """
        if self.size > limit:
            raise ValueError(f"The file has {self.size} bytes, and {limit} are wanted at most.")
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self, size: int = PIECE) -> AsyncIterator[bytes]:
        """Give the bytes in pieces, from the beginning; several may read at once.

        Args:
            size: The length of a piece.
        """
        place = 0
        while place < self.size:
            piece = await self._read_at(place, size)
            place += len(piece)
            yield piece

    async def _read_at(self, place: int, size: int) -> bytes:
        if self._file is None:
            raise ValueError("The file is gone: its request has been answered.")
        file = self._file

        def read() -> bytes:
            file.seek(place)
            return file.read(size)

        async with self._lock:
            return await _in_thread(read) if self.size > PIECE else read()

    def close(self) -> None:
        """Let go of the bytes."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._pending.clear()


async def _in_thread(work: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
    """Do something in a thread. It is waited for even by who is told to stop: no file is closed while it is written."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *given, **more))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        raise


def _take(value: object) -> ReceivedFile:
    if not isinstance(value, ReceivedFile):
        raise GraphQLError("A file comes with its request, as a part of multipart/form-data.")
    return value


def _refuse(_value: object, _variables: object = None) -> ReceivedFile:
    raise GraphQLError("A file can only be a variable.")


FILE: Final = strawberry.scalar(
    name="File",
    description="A file that comes with its request, as a part of `multipart/form-data`. Only a variable can be one.",
    specified_by_url=SPECIFICATION,
    serialize=_refuse,
    parse_value=_take,
    parse_literal=_refuse,
)
SCALARS: Final[dict[object, Any]] = {ReceivedFile: FILE}
"""For the `scalar_map` of a schema."""
