"""Text in history files: decoding it, and making of it what the rest of the platform can keep."""

from __future__ import annotations

import codecs
import io
import math
import re
import unicodedata
from typing import Final, TextIO

from domain.errors import InvalidInput
from domain.texts import without_controls
from domain.tracks import MAX_NAME, MAX_SECONDS, clean_isrc

MAX_KEY: Final = 10
BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
HEAD: Final = 4096
"""As much of a file as formats are told by."""
PIECE: Final = 64 * 1024
EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,5}$")
PLAIN: Final = re.compile(r"[ -~]*")
"""Printable ASCII: most names, and nothing in them that has to be looked at."""


def encoding_of(content: bytes) -> tuple[str, int]:
    """Find out how a text file is encoded, whoever wrote it.

    By its mark, else as UTF-16 when every other byte is nothing, else as UTF-8, else as Windows' Western code page.

    Returns:
        The encoding, and how many bytes the mark has.
    """
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return encoding, len(mark)
    head = content[:HEAD]
    evens, odds = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 4 and max(evens, odds) * 2 > len(head) // 2 and not min(evens, odds):
        return ("utf-16-be" if evens else "utf-16-le"), 0
    reader = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), PIECE):
            reader.decode(content[at : at + PIECE])
        # A head that was cut from a file may end within a character.
        reader.decode(b"", final=len(content) < HEAD)
    except UnicodeDecodeError:
        return "cp1252", 0
    return "utf-8", 0


def decode(content: bytes) -> str:
    """Decode a short text; what cannot be decoded becomes U+FFFD, nothing is refused."""
    encoding, mark = encoding_of(content)
    return content[mark:].decode(encoding, "replace")


def open_text(content: bytes) -> TextIO:
    """Open a text for reading line by line, whatever its lines end with: no more than that of it is decoded at a time."""
    encoding, mark = encoding_of(content)
    text = io.BytesIO(content)
    text.seek(mark)
    return io.TextIOWrapper(text, encoding=encoding, errors="replace", newline=None)


def clean(text: str | None, most: int = MAX_NAME) -> str | None:
    """Make a name of what a file has: without controls and NULs, blanks made single, in NFC, cut at `most`.

    Returns:
        None when nothing that can be seen is left.
    """
    if not text:
        return None
    flat = " ".join(text[: most * 8].replace("\0", " ").split())
    if not PLAIN.fullmatch(flat):
        flat = unicodedata.normalize("NFC", without_controls(flat))
        if all(unicodedata.category(character) in ("Cf", "Zs") for character in flat):
            return None
    return flat[:most].strip() or None


def clean_key(text: str | None) -> str | None:
    """A musical key as it is written; None when it is too long to be one."""
    key = clean(text)
    return key if key and len(key) <= MAX_KEY else None


def clean_code(text: str | None) -> str | None:
    """An ISRC without its hyphens; None when it is none."""
    try:
        return clean_isrc(text[:50]) if text else None
    except InvalidInput:
        return None


def clean_bpm(value: float | None) -> float | None:
    """A tempo; None when nothing can have it, such as the 0 that means unknown."""
    return value if value is not None and math.isfinite(value) and 20 <= value <= 400 else None


def clean_seconds(value: float | None) -> float | None:
    """A length; None when it is negative, endless or more than half a day."""
    return value if value is not None and math.isfinite(value) and 0 <= value <= MAX_SECONDS else None


def number(text: str | None) -> float | None:
    """A number in decimal digits, with a point or a comma; None when it is none."""
    if not text or len(text) > 30:
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def seconds_of(text: str | None) -> float | None:
    """A length as players write it: `3:45`, `1:02:03`, `00:03:45.5`, or seconds alone; None when it is none."""
    parts = [number(part) for part in (text or "").split(":")]
    if not 1 <= len(parts) <= 3 or any(part is None or part < 0 for part in parts):
        return None
    total = 0.0
    for part in parts:
        total = total * 60 + (part or 0.0)
    return clean_seconds(total)


def title_of_path(path: str | None) -> str | None:
    """The file's name without folders and suffix, for tracks that have no title."""
    name = re.split(r"[\\/]", path[-4096:])[-1] if path else ""
    return clean(EXTENSION.sub("", name)) or clean(name)


def split_name(name: str) -> tuple[str | None, str | None]:
    """Read "Artist - Title"; without a dash between blanks all of it is the title.

    Returns:
        Artist and title.
    """
    artist, dash, title = name.partition(" - ")
    if dash and clean(artist) and clean(title):
        return clean(artist), clean(title)
    return None, clean(name)
