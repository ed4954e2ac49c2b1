"""Files on their way in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from domain.errors import InvalidInput
from domain.plays import MAX_HISTORY_BYTES
from domain.texts import clean_text

MAX_PHOTO_BYTES: Final = 10 * 1024 * 1024
MAX_UPLOADS: Final = 20
MAX_FILENAME: Final = 255
UPLOAD_HOURS: Final = 1
"""How long the permission to send a file's bytes holds."""

UNUSED_HOURS: Final = 24
"""How long a finished file waits to be used for something."""

PHOTO_TYPES: Final = ("image/jpeg", "image/png", "image/webp")
MAX_EVIDENCE_BYTES: Final = 50 * 1024 * 1024
EVIDENCE_SUFFIXES: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "video/mp4": ".mp4",
}
"""What evidence may be, and how its file is called."""

MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


class UploadPurpose(StrEnum):
    """What a file is to become."""

    PROFILE_PHOTO = "PROFILE_PHOTO"
    PLAY_HISTORY = "PLAY_HISTORY"
    MISSION_EVIDENCE = "MISSION_EVIDENCE"


class UploadStatus(StrEnum):
    """Where a file on its way in stands."""

    WAITING = "WAITING"
    STORED = "STORED"
    USED = "USED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class UploadFailureCode(StrEnum):
    """Why a file cannot be used."""

    MISSING = "MISSING"
    WRONG_SIZE = "WRONG_SIZE"
    UNUSABLE = "UNUSABLE"


@dataclass(frozen=True)
class FileFacts:
    """What somebody says of a file that they are about to send.

    Attributes:
        filename: Its name on their disk, for people.
        content_type: Its media type.
        byte_size: Its length in bytes.
    """

    filename: str
    content_type: str
    byte_size: int


@dataclass(frozen=True)
class Terms:
    """What files of one purpose may be.

    Attributes:
        noun: What such a file is called.
        most: How many bytes it may have.
        types: Its media types; None where any will do, since nobody agrees on one.
    """

    noun: str
    most: int
    types: tuple[str, ...] | None


TERMS: Final = {
    UploadPurpose.PROFILE_PHOTO: Terms("A photo", MAX_PHOTO_BYTES, PHOTO_TYPES),
    UploadPurpose.PLAY_HISTORY: Terms("A history", MAX_HISTORY_BYTES, None),
    UploadPurpose.MISSION_EVIDENCE: Terms("Evidence", MAX_EVIDENCE_BYTES, tuple(EVIDENCE_SUFFIXES)),
}


def find_faults(files: list[FileFacts], purpose: UploadPurpose, *field: str) -> list[InvalidInput]:
    """Look what is wrong with files that somebody wants to send: all of it, each with its path."""
    if not 1 <= len(files) <= MAX_UPLOADS:
        return [InvalidInput(f"Send 1 to {MAX_UPLOADS} files at once.", *field)]
    terms = TERMS[purpose]
    return [fault for index, file in enumerate(files) for fault in _faults_of(file, terms, *field, str(index))]


def _faults_of(file: FileFacts, terms: Terms, *field: str) -> Iterator[InvalidInput]:
    try:
        name = clean_text(file.filename, *field, "filename", most=MAX_FILENAME)
    except InvalidInput as fault:
        yield fault
    else:
        if "/" in name or "\\" in name or not name.strip("."):
            yield InvalidInput("Give the name of the file alone, without folders.", *field, "filename")
    if terms.types is None:
        if not MEDIA_TYPE.fullmatch(file.content_type):
            yield InvalidInput("This is no media type, such as application/octet-stream.", *field, "contentType")
    elif file.content_type not in terms.types:
        yield InvalidInput(f"{terms.noun} is one of {', '.join(terms.types)}.", *field, "contentType")
    if not 1 <= file.byte_size <= terms.most:
        most = terms.most // 1024 // 1024
        yield InvalidInput(f"{terms.noun} has 1 byte to {most} MiB ({terms.most} bytes).", *field, "byteSize")


MARKS: Final[dict[str, tuple[tuple[int, bytes], ...]]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/webp": ((8, b"WEBP"),),
    "application/pdf": ((0, b"%PDF-"),),
    "audio/mpeg": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xfa"), (0, b"\xff\xf3"), (0, b"\xff\xf2")),
    "audio/mp4": ((4, b"ftyp"),),
    "audio/wav": ((8, b"WAVE"),),
    "audio/flac": ((0, b"fLaC"),),
    "audio/ogg": ((0, b"OggS"),),
    "video/mp4": ((4, b"ftyp"),),
}
"""What files of each type have where, one of these."""


def begins_as(content_type: str, head: bytes) -> bool:
    """Whether a file of evidence begins as one of its type does."""
    return any(head[place:].startswith(mark) for place, mark in MARKS[content_type])


class Photos(Protocol):
    """Makes harmless pictures of what people send."""

    async def portrait(self, content: bytes) -> bytes:
        """Make a square WebP of 512 pixels of a JPEG, PNG or WebP: upright, cut at the centre, without metadata.

        Raises:
            InvalidInput: It is no such picture, or moves, or is too large, or holds something else as well.
        """
