"""Names without what people type differently: case, accents, punctuation, signs that stand for words or letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

MAX_TEXT: Final = 400
"""How much of a name is looked at. Longer ones come from nobody who means well."""

_APOSTROPHES: Final = "\u2018\u2019\u201b\u00b4\u02bc\uff07"
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "\u0131": "i",
        "\u2044": "/",
        **dict.fromkeys(_APOSTROPHES, "'"),
        **dict.fromkeys(_DASHES, "-"),
    }
)
_ACCENTS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0652]")
"""Marks that people leave out: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. The marks of Indic scripts, Thai
and kana make other words, and stay."""
_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
"""Soft hyphens, joiners, directions, variation selectors: nobody sees whether they are there."""
_WORD: Final = re.compile("[a-z0-9]+")
_INITIALS: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}")
_DOLLAR: Final = re.compile(r"\$(?=[^\W\d_])|(?<=[^\W\d_])\$")
_BANG: Final = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])")
_AND: Final = re.compile(r"(?<!\S)(?:'?n'?|\+|&)(?!\S)")
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", re.ASCII)


def fold(text: str) -> str:
    """Take case, width, accents and invisible characters away, and make the kinds of dashes and apostrophes one."""
    return _fold(text[:MAX_TEXT])


@lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    cut = unicodedata.normalize("NFKC", text)[:MAX_TEXT]
    if cut.isascii():
        cut = cut.lower()
    else:
        cut = _UNSEEN.sub("", cut).casefold().translate(_LETTERS)
        cut = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", cut)))
    cut = cut.replace("`", "'")
    if not cut.isprintable():
        cut = "".join(character if character.isprintable() else " " for character in cut)
    return " ".join(cut.split())


@lru_cache(maxsize=4096)
def words_of(folded: str) -> tuple[str, ...]:
    """Split a folded text into words; one that is punctuation alone (``!!!``) is one word as it stands."""
    text = _AND.sub(" and ", folded)
    if "." in text:
        text = _INITIALS.sub(lambda found: found.group().replace(".", "") + " ", text)
    text = _BANG.sub("i", _DOLLAR.sub("s", text)).replace("'", "").replace("&", " and ")
    if text.isascii():
        words = tuple(_WORD.findall(text))
    else:
        words = tuple("".join(_spaced(character) for character in text).split())
    if words:
        return words
    bare = folded.replace(" ", "")
    return (bare,) if bare else ()


def _spaced(character: str) -> str:
    if character.isalnum() or unicodedata.category(character)[0] == "M":
        return character
    return " "


def joined(words: tuple[str, ...]) -> str:
    """Write words without the spaces people disagree about (``Night Call``), keeping those between figures (``4 44``)."""
    parts: list[str] = []
    for word in words:
        if parts and parts[-1][-1].isdigit() and word[0].isdigit():
            parts.append(" ")
        parts.append(word)
    return "".join(parts)


def figures(words: tuple[str, ...]) -> tuple[str, ...]:
    """The numbers among words, in order: names that differ in one are other names, however alike the letters."""
    return tuple(word for word in words if word.isdigit())


def clean_isrc(text: str | None) -> str | None:
    """Write an ISRC in its twelve characters (ISO 3901), whatever hyphens, spaces and case it came with; None if it is none."""
    if text is None or len(text) > 40:
        return None
    bare = "".join(character for character in text.upper() if character not in "- .:\u2010\u2011\u2013")
    found = bare.removeprefix("ISRC")
    return found if _ISRC.fullmatch(found) else None


def milliseconds(seconds: float | None) -> int | None:
    """A length in whole milliseconds; None when it is no length (absent, nothing, negative, not finite)."""
    if seconds is None or not 0 < seconds < 1_000_000:
        return None
    return round(seconds * 1000)
