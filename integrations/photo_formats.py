"""What a picture's bytes say before anybody decodes them: its size, whether it moves, and whether it is only a picture."""

from __future__ import annotations

import re
import struct
from typing import Final

from domain.errors import InvalidInput

PNG_START: Final = b"\x89PNG\r\n\x1a\n"
JPEG_START: Final = b"\xff\xd8\xff"

MAX_PARTS: Final = 20_000
"""Chunks or segments in one file; a PNG of 10 MB has about a thousand."""

MAX_SCANS: Final = 100
"""A progressive JPEG has about ten; one of thousands keeps a decoder busy for minutes."""

NEXT_MARKER: Final = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
"""The end of entropy-coded data: a marker that is neither a stuffed byte nor a restart (ITU-T T.81, B.1.1)."""

ZIP_END: Final = b"PK\x05\x06"
ZIP_END_WITHIN: Final = 65_557
"""A ZIP reader looks for its directory so far from the end of a file."""

PDF_START: Final = b"%PDF-"
PDF_START_WITHIN: Final = 1024

CORRUPT: Final = "The picture is damaged; save it again and send that."
MOVING: Final = "A moving picture cannot be used; send a still one."
MORE_THAN_A_PICTURE: Final = "The file holds more than a picture; save the picture alone and send that."


def inspect(content: bytes) -> tuple[str, int, int]:
    """Find out what the bytes are, from the bytes alone.

    Returns:
        The format's name as Pillow has it, and the largest width and height that its headers claim, in pixels.

    Raises:
        InvalidInput: It is no JPEG, PNG or WebP, or a damaged one, a moving one, or one that is another file as well.
    """
    try:
        if content.startswith(JPEG_START):
            found = ("JPEG", *_inspect_jpeg(content))
        elif content.startswith(PNG_START):
            found = ("PNG", *_inspect_png(content))
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            found = ("WEBP", *_inspect_webp(content))
        else:
            raise InvalidInput("Send a JPEG, PNG or WebP picture.")
    except (struct.error, IndexError):
        raise InvalidInput(CORRUPT) from None
    if _ends_as_zip(content) or PDF_START in content[:PDF_START_WITHIN]:
        raise InvalidInput(MORE_THAN_A_PICTURE)
    return found


def _ends_as_zip(content: bytes) -> bool:
    """Tell a ZIP directory from four bytes that came by chance: its last record is whole."""
    at = content.rfind(ZIP_END, max(0, len(content) - ZIP_END_WITHIN))
    tail = content[at:] if at >= 0 else b""
    return len(tail) >= 22 and 22 + struct.unpack_from("<H", tail, 20)[0] <= len(tail)


def _inspect_png(content: bytes) -> tuple[int, int]:
    at = len(PNG_START)
    width, height = struct.unpack_from(">II", content, at + 8)
    kinds: list[bytes] = []
    while not kinds or kinds[-1] != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        kinds.append(kind)
        at = _step(at, 12 + length, len(kinds))
    if kinds[0] != b"IHDR" or at > len(content):
        raise InvalidInput(CORRUPT)
    if b"acTL" in kinds:
        raise InvalidInput(MOVING)
    if at != len(content):
        raise InvalidInput(MORE_THAN_A_PICTURE)
    return width, height


def _inspect_webp(content: bytes) -> tuple[int, int]:
    end = 8 + struct.unpack_from("<I", content, 4)[0]
    if end > len(content):
        raise InvalidInput(CORRUPT)
    if end != len(content):
        raise InvalidInput(MORE_THAN_A_PICTURE)
    at, sizes, parts = 12, [], 0
    while at < end:
        kind, length = struct.unpack_from("<4sI", content, at)
        if kind in {b"ANIM", b"ANMF"}:
            raise InvalidInput(MOVING)
        size = _webp_size(kind, content[at + 8 : at + 18])
        if size is not None:
            sizes.append(size)
        parts += 1
        at = _step(at, 8 + length + length % 2, parts)
    if at != end or not sizes:
        raise InvalidInput(CORRUPT)
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _webp_size(kind: bytes, start: bytes) -> tuple[int, int] | None:
    """Read the size out of a chunk that has one (RFC 9649, 2.5 to 2.7)."""
    if kind == b"VP8X":
        return int.from_bytes(start[4:7], "little") + 1, int.from_bytes(start[7:10], "little") + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", start, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(start[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def _inspect_jpeg(content: bytes) -> tuple[int, int]:
    at, parts, scans, sizes, has_more, marker = 2, 0, 0, [], False, 0
    while True:
        marker, at = _next_marker(content, at, after_scan=marker == 0xDA)
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", content, at)
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", content, at + 3)
            sizes.append((width, height))
        has_more |= marker == 0xE2 and content[at + 2 : at + 6] == b"MPF\0"
        scans += marker == 0xDA
        parts += 1
        at = _step(at, length, parts)
    if len(sizes) != 1 or not 1 <= scans <= MAX_SCANS:
        raise InvalidInput(CORRUPT)
    _check_tail(content[at:], has_more=has_more)
    return sizes[0]


def _step(at: int, length: int, parts: int) -> int:
    if parts > MAX_PARTS or length < 2:
        raise InvalidInput(CORRUPT)
    return at + length


def _next_marker(content: bytes, at: int, *, after_scan: bool) -> tuple[int, int]:
    """Read the marker at a place, or after a scan the one that ends it; returns it and where what follows begins."""
    found = NEXT_MARKER.search(content, at) if after_scan else NEXT_MARKER.match(content, at)
    if found is None:
        raise InvalidInput(CORRUPT)
    return found[1][0], found.end()


def _check_tail(tail: bytes, *, has_more: bool) -> None:
    """Allow what telephones write behind a JPEG: padding, the further pictures of CIPA DC-007, Samsung's notes."""
    bare = tail.strip(b"\0")
    if bare and not (has_more and bare.startswith(JPEG_START)) and not bare.endswith(b"SEFT"):
        raise InvalidInput(MORE_THAN_A_PICTURE)
