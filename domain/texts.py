"""Text that people type: kept as they meant it, without what would break a page or a neighbour's line."""

from __future__ import annotations

import unicodedata
from typing import Final

from domain.errors import InvalidInput

BIDI_CONTROLS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Overrides and isolates that reach beyond their own text; right-to-left scripts need none of them (Unicode UAX 9)."""


def clean_text(text: str, *field: str, most: int, least: int = 1, lines: bool = False) -> str:
    """Read a text: trimmed, in NFC, between `least` and `most` code points.

    Args:
        text: What was typed.
        field: The input's path, for the refusal.
        most: The most code points.
        least: The fewest.
        lines: Whether it may have line breaks and tabs.

    Raises:
        InvalidInput: Too short, too long, or with characters that do not belong into text.
    """
    clean = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    kept = {"\n", "\t"} if lines else set()
    for character in clean:
        if _is_control(character) and character not in kept:
            raise InvalidInput("This text has control characters in it.", *field)
    visible = any(unicodedata.category(character) not in ("Cf", "Zs") for character in clean)
    if clean and not visible:
        raise InvalidInput("This text has nothing visible in it.", *field)
    if not least <= len(clean) <= most:
        span = f"{least} to {most}" if least else f"at most {most}"
        raise InvalidInput(f"This text must have {span} characters; it has {len(clean)}.", *field)
    return clean


def without_controls(text: str) -> str:
    """Leave out of a text what `clean_text` would refuse it for."""
    return "".join(character for character in text if not _is_control(character))


def _is_control(character: str) -> bool:
    return character in BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def clean_tags(tags: list[str], *field: str, most: int, longest: int) -> list[str]:
    """Read tags such as genres: lower-cased, without repeats, in the order given.

    Raises:
        InvalidInput: Too many, or one of them cannot be a tag; the path then ends in its index.
    """
    if len(tags) > most:
        raise InvalidInput(f"At most {most} tags.", *field)
    clean = [clean_text(tag, *field, str(index), most=longest).lower() for index, tag in enumerate(tags)]
    return list(dict.fromkeys(clean))
