"""Titles that were made from file names: what can be taken off them, and where the artist may be in them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from domain.scoring.artists import Artists, read_artists
from domain.scoring.normalise import MAX_TEXT, fold, words_of
from domain.scoring.versions import Kind, read_marks

MAX_READINGS: Final = 8

_SUFFIX: Final = re.compile(r"\.(?:mp3|wav|wave|flac|aiff?|m4a|aac|ogg|opus|wma|alac|mp4|m4v|mov)$")
_ADDRESS: Final = re.compile(r"[\[({]?(?:https?://|www\.)[^\s\])}]+[\])}]?")
_QUALITY: Final = re.compile(r"[\[({]?(?<!\d)(?:\d{2,3}\s?kbps|\d{2,3}(?:\.\d{1,2})?\s?bpm|\d{3,4}p)(?![^\W_])[\])}]?")
_KEY_FRONT: Final = re.compile(r"^(?:1[0-2]|[1-9])[ab](?: - \d{2,3}(?:\.\d+)?)? - ")
_KEY_BACK: Final = re.compile(r" - (?:1[0-2]|[1-9])[ab](?: - \d{2,3}(?:\.\d+)?)?$")
_NUMBER: Final = re.compile(
    r"^(?:(?:\d{1,2}-)?\d{1,3}(?: - |\. |\.(?=[^\W\d_])|\) )|\d{1,2}-\d{2} |0\d |[a-h]\d{0,2}(?: - |\. |\) )|[a-d]\d )(?=\S)"
)
_BARE_NUMBER: Final = re.compile(r"^\d{1,3}-(?=[^\W\d_])")
_SPACED_DASH: Final = re.compile(r"\s-+\s")


def tidy(title: str) -> str:
    """Fold a title and take suffixes, addresses, bitrates, tempo and key off it."""
    text = fold(title)
    if "_" in text:
        text = " ".join(text.replace("_", " ").split())
    text = _SUFFIX.sub("", text)
    bare = _ADDRESS.sub(" ", text) if "www." in text or "://" in text else text
    bare = " ".join(_QUALITY.sub(" ", bare).split())
    if " - " in bare:
        bare = _KEY_BACK.sub("", _KEY_FRONT.sub("", bare))
    return _SPACED_DASH.sub(" - ", bare).strip() or text


def readings(title: str, artist: str | None) -> tuple[tuple[str, Artists | None], ...]:
    """List what a title and an artist may mean, the most literal first.

    A leading number may be the track's number or part of its name, so both are tried. Where no artist is named, ``Artist - Title``
    and ``Title - Artist`` are; where one is, only their own name is taken off a title, so that nobody's name in a title outweighs
    the artist's field.
    """
    return _readings(title[:MAX_TEXT], artist[:MAX_TEXT] if artist else None)


@lru_cache(maxsize=4096)
def _readings(title: str, artist: str | None) -> tuple[tuple[str, Artists | None], ...]:
    text, is_bare = tidy(title), " " not in title.strip()
    texts = [text]
    if (found := _NUMBER.match(text)) and not _is_version(text[found.end() :], named=not text.startswith("0")):
        texts.append(text[found.end() :])
    if is_bare and (found := _BARE_NUMBER.match(text)):
        texts.append(text[found.end() :])
    named = read_artists(artist)
    known = list(_with_artist(texts, named) if named else _without_artist(texts, is_bare=is_bare))
    return tuple(dict.fromkeys(known))[:MAX_READINGS]


def _with_artist(texts: list[str], artist: Artists) -> list[tuple[str, Artists | None]]:
    found: list[tuple[str, Artists | None]] = []
    for text in texts:
        left, dash, right = text.partition(" - ")
        if dash and _is_same(left, artist):
            found.append((right, artist))
        left, dash, right = text.rpartition(" - ")
        if dash and _is_same(right, artist):
            found.append((left, artist))
        found.append((text, artist))
    return found


def _is_same(text: str, artist: Artists) -> bool:
    named = read_artists(text)
    return named is not None and (named.whole == artist.whole or named.main == artist.main)


def _without_artist(texts: list[str], *, is_bare: bool) -> list[tuple[str, Artists | None]]:
    found: list[tuple[str, Artists | None]] = []
    for text in texts:
        dash = " - " if " - " in text else "-"
        if dash == " - " or (is_bare and text.count("-") == 1):
            left, _, right = text.partition(dash)
            found.append((right, read_artists(left)))
            left, _, right = text.rpartition(dash)
            found.append((left, None if read_marks(words_of(right)) else read_artists(right)))
    named = [(title, artist) for title, artist in found if title and artist and not _is_version(title)]
    return [*named, *((text, None) for text in texts)]


def _is_version(text: str, *, named: bool = False) -> bool:
    """Whether a text names a version and nothing else (``Live``, ``Club Mix``), and so is no song's name.

    Args:
        text: The text, folded.
        named: Whether somebody's version (``Somebody Remix``) counts too: behind ``212 -`` it is one, behind ``03 -`` a whole title.
    """
    read = None if any(sign in text for sign in ("(", "[", "{", " - ")) else read_marks(words_of(text))
    return read is not None and (named or not any(mark.who and mark.kind is not Kind.CUT for mark in read.marks))
