"""What services say of tracks, made to fit our rules: nothing they send is a reason to show no track."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from domain.errors import InvalidInput
from domain.texts import BIDI_CONTROLS
from domain.tracks import MAX_NAME, MAX_SECONDS, TrackFacts, clean_isrc, clean_url

UNTITLED: Final = "Untitled"
UNKNOWN: Final = "Unknown artist"
MAX_KEY: Final = 200
READ_AT_MOST: Final = 4 * MAX_NAME
WANTED_PIXELS: Final = 300
"""The least width of a picture that looks good where tracks are shown; among larger ones the smallest is taken."""


def make_facts(
    *,
    title: str | None,
    artist: str | None,
    album: str | None = None,
    isrc: str | None = None,
    milliseconds: float | None = None,
    artwork_url: str | None = None,
) -> TrackFacts:
    """Make the facts of a track of what a service says: what cannot be is left out, what is too long is cut."""
    return TrackFacts(
        title=tidy(title) or UNTITLED,
        artist=tidy(artist) or UNKNOWN,
        album=tidy(album),
        isrc=tidy_isrc(isrc),
        duration_seconds=tidy_seconds(milliseconds) or None,
        artwork_url=tidy_url(artwork_url),
    )


def tidy(text: str | None) -> str | None:
    """Make a name of a text: one line, without controls, not too long; None when nothing visible is left."""
    if not text:
        return None
    kinds = ((each, unicodedata.category(each)) for each in text[:READ_AT_MOST])
    kept = (
        " " if kind in ("Cc", "Zl", "Zp") else each
        for each, kind in kinds
        if kind != "Cs" and each not in BIDI_CONTROLS
    )
    line = re.sub(r"\s+", " ", unicodedata.normalize("NFC", "".join(kept))).strip()[:MAX_NAME].strip()
    return line if any(unicodedata.category(each) not in ("Cf", "Zs") for each in line) else None


def tidy_isrc(text: str | None) -> str | None:
    """Read an ISRC; None when it is none."""
    try:
        return clean_isrc(text) if text else None
    except InvalidInput:
        return None


def tidy_seconds(milliseconds: float | None) -> float:
    """Make seconds of milliseconds, between none and half a day."""
    return min(max((milliseconds or 0.0) / 1000, 0.0), float(MAX_SECONDS))


def tidy_url(text: str | None, hosts: frozenset[str] | None = None) -> str | None:
    """Read an https address; None when it is none, or of another host."""
    try:
        return clean_url(text, hosts=hosts) if text else None
    except InvalidInput:
        return None


def tidy_key(text: str) -> str:
    """Shorten what a service calls a track (a file's whole name, say), so that it still differs from all others."""
    if len(text) <= MAX_KEY and text.isprintable():
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def choose_picture(pictures: Iterable[tuple[str | None, float | None]]) -> str | None:
    """Choose the address of the best of pictures whose widths may be known: the smallest that is wide enough."""
    fine = [(tidy_url(address), width or 0.0) for address, width in pictures]
    known = [(address, width) for address, width in fine if address is not None]
    wide = [each for each in known if each[1] >= WANTED_PIXELS]
    if wide:
        return min(wide, key=lambda each: each[1])[0]
    return max(known, key=lambda each: each[1])[0] if known else None
