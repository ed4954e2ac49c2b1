"""Bodies of the type `multipart/form-data`, read while they come: parts, their bytes, and where each ends.

Nothing is kept here. Who reads decides where bytes go, and is told of a piece before the next one is asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from engine.deadline import ClientGone
from engine.limits import Limits
from engine.requests import BadRequest

FORM: Final = "multipart/form-data"
PART_HEADERS: Final = 8
"""How many headers one part may have; browsers send two."""
LONGEST_BOUNDARY: Final = 70
"""RFC 2046, 5.1.1."""
HEADER_BYTES: Final = 2_048
"""How long each may be."""
LONGEST_NAME: Final = 255
BYTES: Final = "application/octet-stream"
FIELDS: Final = 2
"""Parts that are no files."""

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # What is wrong with a body, its sender is told.


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a part.

    Attributes:
        name: Of the field.
        filename: What the file is called; None where it is none.
        content_type: What it is, as its sender says.
    """

    name: str
    filename: str | None
    content_type: str


class Ended:
    """The end of a part."""


ENDED: Final = Ended()
Event = Part | bytes | Ended


def is_form(request: Request) -> bool:
    """Whether a request brings a form with files."""
    return request.method == "POST" and request.headers.get("content-type", "")[: len(FORM)].lower() == FORM


def wrong(message: str, status: int = 400, code: str = "BAD_REQUEST") -> BadRequest:
    """Say what is wrong with a form."""
    return BadRequest(status, code, message)


async def pieces(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """Give a body as it comes, as long as it comes fast enough.

    Each byte buys time: who sends nothing has what a socket has to say who it is, and nobody has more than `upload_seconds`.

    Raises:
        BadRequest: It came too slowly, or is too long.
        ClientGone: Its sender has left.
    """
    began, received = asyncio.get_running_loop().time(), 0
    stream = request.stream()
    while True:
        patience = min(limits.upload_seconds, limits.init_seconds + received / limits.upload_pace)
        try:
            async with asyncio.timeout_at(began + patience):
                piece = await anext(stream, None)
        except TimeoutError:
            message = f"The body came too slowly: {received} bytes within {patience:g} s."
            raise wrong(message, 408, "REQUEST_TIMEOUT") from None
        except ClientDisconnect:
            raise ClientGone from None
        if piece is None:
            return
        received += len(piece)
        if received > limits.upload_bytes:
            raise too_long(limits)
        if piece:
            yield piece


def too_long(limits: Limits) -> BadRequest:
    """Say that a body is too long."""
    return wrong(f"The body may have {limits.upload_bytes} bytes.", 413, "BODY_TOO_LARGE")


def check_form_headers(request: Request, limits: Limits) -> bytes:
    """Look at what the headers of a form say.

    Returns:
        What is between its parts.

    Raises:
        BadRequest: They say that it is too long or compressed, or not where its parts end.
    """
    if request.headers.get("content-encoding", "identity") != "identity":
        raise wrong("The body must not be compressed.", 415, "UNSUPPORTED_MEDIA_TYPE")
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != FORM.encode():
        raise wrong(f"The body must be application/json or {FORM}.", 415, "UNSUPPORTED_MEDIA_TYPE")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= LONGEST_BOUNDARY:
        raise wrong(f"The type {FORM} needs a `boundary` of 1 to {LONGEST_BOUNDARY} characters.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limits.upload_bytes:
        raise too_long(limits)
    return boundary


class Form:
    """One body."""

    def __init__(self, source: AsyncIterator[bytes], boundary: bytes, limits: Limits) -> None:
        """Begin to read.

        Args:
            source: The body in pieces.
            boundary: What is between its parts.
            limits: How many files there may be.
        """
        self._source = source
        self._most_files = limits.files
        self._found: deque[Event] = deque()
        self._parts = 0
        self._whole = False
        self._header = [bytearray(), bytearray()]
        self._headers: dict[bytes, bytes] = {}
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": lambda data, start, end: self._found.append(data[start:end]),
                "on_part_end": lambda: self._found.append(ENDED),
                "on_end": self._end,
            },
            max_header_count=PART_HEADERS,
            max_header_size=HEADER_BYTES,
        )

    async def events(self) -> AsyncIterator[Event]:
        """Give what comes, in order: a part, its bytes in any number of pieces, its end.

        Raises:
            BadRequest: It is no such body, has too many parts or ends too early.
        """
        async for piece in self._source:
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise wrong(f"The body is no {FORM}: {str(error) or 'it cannot be read'}.") from None
            while self._found:
                yield self._found.popleft()
        if not self._whole:
            raise wrong("The body ended before its last boundary.")

    def _begin(self) -> None:
        self._parts += 1
        self._headers = {}
        if self._parts > self._most_files + FIELDS:
            raise too_many_files(self._most_files)

    def _end_header(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = [bytearray(), bytearray()]

    def _end_headers(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        name, filename = options.get(b"name"), options.get(b"filename")
        if disposition != b"form-data" or name is None:
            raise wrong("Each part needs the header `Content-Disposition: form-data` with a `name`.")
        kind = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
        called = None if filename is None else filename.decode(errors="replace")[:LONGEST_NAME]
        self._found.append(Part(name.decode(errors="replace"), called, kind or BYTES))

    def _end(self) -> None:
        self._whole = True


def too_many_files(most: int) -> BadRequest:
    """Say that there are too many."""
    return wrong(f"A request may bring {most} files.", 413, "TOO_MANY_FILES")
