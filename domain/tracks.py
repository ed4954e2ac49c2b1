"""A track as somebody says that it plays."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

from domain.errors import InvalidInput
from domain.texts import clean_text, without_controls

T = TypeVar("T")

ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
"""ISO 3901: country, registrant, year, designation."""

MAX_NAME: Final = 300
MAX_SECONDS: Final = 12 * 60 * 60
SEEK_SECONDS: Final = 2.0
"""A report that is off by more than this from where the track should be is a seek."""


@dataclass(frozen=True)
class TrackFacts:
    """What is known of a track; times in seconds."""

    title: str
    artist: str
    album: str | None = None
    isrc: str | None = None
    duration_seconds: float | None = None
    bpm: float | None = None
    musical_key: str | None = None
    artwork_url: str | None = None

    def same_as(self, other: TrackFacts) -> bool:
        """Whether both speak of one track: the same ISRC, or else the same title and artist."""
        if self.isrc and other.isrc:
            return self.isrc == other.isrc
        return (self.title.casefold(), self.artist.casefold()) == (other.title.casefold(), other.artist.casefold())


def clean_isrc(text: str, *field: str) -> str:
    """Read an ISRC, whatever its hyphens, spaces and case.

    Raises:
        InvalidInput: It is none.
    """
    isrc = re.sub(r"[\s-]", "", text).upper()
    if not ISRC.fullmatch(isrc):
        raise InvalidInput("An ISRC has 12 characters, such as GB-AYE-06-00001.", *field)
    return isrc


def clean_url(text: str, *field: str, hosts: frozenset[str] | None = None) -> str:
    """Read an https address.

    Raises:
        InvalidInput: It is none, or of another host than the allowed ones.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise InvalidInput("This is not an address.", *field) from error
    fine = parts.scheme == "https" and parts.hostname and port is None and parts.username is None and len(text) <= 1000
    if not fine or (hosts is not None and parts.hostname not in hosts):
        wanted = f" of {' or '.join(sorted(hosts))}" if hosts else ""
        raise InvalidInput(f"This must be an https address{wanted}.", *field)
    return clean_text(text, *field, most=1000)


def clean_seconds(value: float | None, *field: str) -> float | None:
    """Read a length or position in seconds.

    Raises:
        InvalidInput: Negative, not a number, or longer than half a day.
    """
    if value is not None and not 0 <= value <= MAX_SECONDS:
        raise InvalidInput("This must be between 0 seconds and 12 hours.", *field)
    return value


def clean_track(track: TrackFacts, *field: str) -> TrackFacts:
    """Read a track.

    Raises:
        InvalidInput: One of its facts cannot be; the path then ends in the fact's name.
    """
    if track.bpm is not None and not 20 <= track.bpm <= 400:
        raise InvalidInput("A tempo lies between 20 and 400 BPM.", *field, "bpm")
    key = clean_text(track.musical_key, *field, "musicalKey", most=10) if track.musical_key else None
    return TrackFacts(
        title=clean_text(track.title, *field, "title", most=MAX_NAME),
        artist=clean_text(track.artist, *field, "artist", most=MAX_NAME),
        album=clean_text(track.album, *field, "album", most=MAX_NAME) if track.album else None,
        isrc=clean_isrc(track.isrc, *field, "isrc") if track.isrc else None,
        duration_seconds=clean_seconds(track.duration_seconds, *field, "durationSeconds"),
        bpm=track.bpm,
        musical_key=key,
        artwork_url=clean_url(track.artwork_url, *field, "artworkUrl") if track.artwork_url else None,
    )


def tidy_track(track: TrackFacts) -> TrackFacts:
    """Read a track that a service tells of: what cannot be is left out, since nobody is there who could correct it."""
    key = track.musical_key
    return TrackFacts(
        title=_tidy_name(track.title) or "Unknown title",
        artist=_tidy_name(track.artist) or "Unknown artist",
        album=_tidy_name(track.album),
        isrc=_kept(clean_isrc, track.isrc),
        duration_seconds=_kept(clean_seconds, track.duration_seconds),
        bpm=track.bpm if track.bpm is not None and 20 <= track.bpm <= 400 else None,
        musical_key=key if key and len(key) <= 10 else None,
        artwork_url=tidy_url(track.artwork_url),
    )


def tidy_url(url: str | None, *, hosts: frozenset[str] | None = None) -> str | None:
    """Read an https address that a service tells of; None when it cannot be."""
    return _kept(lambda text: clean_url(text, hosts=hosts), url)


def _tidy_name(name: str | None) -> str | None:
    flat = without_controls(" ".join((name or "").split()))
    return _kept(lambda text: clean_text(text, most=MAX_NAME), flat[:MAX_NAME])


def _kept(clean: Callable[[T], T | None], value: T | None) -> T | None:
    try:
        return clean(value) if value is not None else None
    except InvalidInput:
        return None
