"""What all readers of history files share: the file, how long it may take, how refusals name the place, what warnings are kept."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput
from domain.plays import MAX_PLAYS, MAX_WARNINGS, Play

FIELD: Final = "file"
MAX_FILE_NAME: Final = 255


@dataclass(frozen=True)
class File:
    """A history file from a stranger.

    Attributes:
        content: All of its bytes.
        filename: Its name, without folders.
        zone: Where the DJ was.
        until: When reading is given up, on the clock of `time.monotonic`.
    """

    content: bytes
    filename: str
    zone: ZoneInfo
    until: float

    def check_time(self) -> None:
        """Go on only while there is time; every reader asks at least once for a thousand plays.

        Raises:
            InvalidInput: The file takes too long.
        """
        if time.monotonic() > self.until:
            raise InvalidInput("This file takes too long to read.", FIELD)

    @property
    def head(self) -> bytes:
        """What `matches` of a format is given."""
        return self.content[:4096]


def broken(place: str, what: str) -> InvalidInput:
    """Say where a file is broken.

    Args:
        place: Such as "byte 120", "line 7", "table history_entry".
        what: What is wrong there: a sentence without its end.
    """
    return InvalidInput(f"The file cannot be read at {place}: {what}.", FIELD)


def check_count(count: int, place: str) -> None:
    """Refuse a file with more plays than one file may have.

    Raises:
        InvalidInput: Too many.
    """
    if count > MAX_PLAYS:
        raise broken(place, f"it has more than {MAX_PLAYS:,} plays")


class Warnings:
    """What the file's owner is told: each sentence once, the first `MAX_WARNINGS` of them."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        """Keep a sentence."""
        if len(self._sentences) < MAX_WARNINGS:
            self._sentences.setdefault(sentence)

    @property
    def all(self) -> tuple[str, ...]:
        """What was kept, in order."""
        return tuple(self._sentences)


def in_order(plays: Iterable[Play]) -> tuple[Play, ...]:
    """Sort plays by their start; those without one stay where they are, after those that have one."""
    found = list(plays)
    timed = [play for play in found if play.started_at is not None]
    timed.sort(key=lambda play: play.started_at.timestamp() if play.started_at else 0.0)
    return tuple(timed + [play for play in found if play.started_at is None])


def listed_key(file: File, position: int, title: str, artist: str | None) -> str:
    """Name a play of which only its place in a list is known.

    The list's name, the place in it and the track together: a list that has grown keeps the keys of what it held, another
    list with the same track at the same place is another play.

    Args:
        file: The list.
        position: The place, from 1.
        title: As the play has it.
        artist: As the play has it.
    """
    name = PurePosixPath(file.filename.replace("\\", "/")).name.casefold()
    told = "\0".join((name, title.casefold(), (artist or "").casefold()))
    return f"{position}:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:24]}"
