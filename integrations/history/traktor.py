"""Traktor's history files (history_2019y10m18d_19h07m19s.nml): XML with a collection of what was played, and the plays.

`STARTDATE` packs year, month and day into one number, `STARTTIME` counts seconds since midnight on the wall, `DURATION` is
how long the track ran, decks are counted from 0, and `PLAYEDPUBLIC` says that it was on air. When a play ended is its start
and its duration. A play is named by these two numbers as they are written, its deck and its file's path: so by nothing that
depends on the zone, and the same in each file that holds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from domain.errors import InvalidInput
from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import FIELD, File, Warnings, broken, check_count, in_order, listed_key
from integrations.history.clocks import on_the_wall
from integrations.history.elements import Elements, begins_with
from integrations.history.texts import (
    clean,
    clean_bpm,
    clean_code,
    clean_key,
    clean_seconds,
    number,
    title_of_path,
)

ROOT: Final = "NML"
MAX_TRACKS: Final = 250_000
"""Of a collection. A file of the largest size allowed has no room for half as many real ones."""
KEYS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SLACK: Final = timedelta(minutes=5)
"""Plays on two decks may be listed a little out of order; more than this, and the clocks went back."""
MAX_DECK: Final = 7
NONE: Final = "This file has no plays: send one of the folder History, where Traktor puts a file for each of its runs."


def matches(head: bytes) -> bool:
    """Whether it begins as this XML does."""
    return begins_with(head, ROOT.encode())


def read(file: File) -> History:
    """Read a history; raises as the port says."""
    document = _Document(file)
    document.read()
    if not document.plays:
        raise InvalidInput(NONE, FIELD)
    warnings, plays = Warnings(), dict[str, Play]()
    before: datetime | None = None
    for position, told in enumerate(document.plays, 1):
        if position % 1_000 == 0:
            file.check_time()
        play = _play(file, told, document.tracks.get(told.path), position, before)
        if play is None:
            warnings.add(f"Entry {position} names no track and was left out.")
            continue
        if play.started_at is None:
            warnings.add(f"Entry {position} does not say when it began.")
        before = play.started_at or before
        plays.setdefault(play.key, play)
    return History(
        HistoryFormat.TRAKTOR_NML, PlaySource.TRAKTOR, in_order(plays.values()), warnings.all, local_times=True
    )


@dataclass
class _Told:
    """A play as it is written."""

    path: str = ""
    date: str = ""
    time: str = ""
    duration: str = ""
    deck: str = ""
    public: str = ""
    is_play: bool = False


def clock_of(date: str, time: str) -> datetime | None:
    """Read the two numbers of a start: 132319762 is 18 October 2019, 68839 is 19:07:19; None when they are none."""
    day, second = _whole(date), _whole(time)
    if day is None or second is None or second >= 24 * 60 * 60:
        return None
    try:
        midnight = datetime(day >> 16, day >> 8 & 0xFF, day & 0xFF)  # noqa: DTZ001 -- a clock on the wall
    except (ValueError, OverflowError):
        return None
    return midnight + timedelta(seconds=second)


def key_of(value: str | None) -> str | None:
    """Name one of the 24 keys: 0 to 11 are C to B major, 12 to 23 C to B minor."""
    told = _whole(value or "")
    if told is None or told > 23:
        return None
    return KEYS[told % 12] + ("m" if told >= 12 else "")


def _whole(text: str) -> int | None:
    value = number(text)
    return int(value) if value is not None and 0 <= value < 2**32 and value.is_integer() else None


def _play(file: File, told: _Told, track: Play | None, position: int, before: datetime | None) -> Play | None:
    known = track or _bare(told.path)
    if known is None:
        return None
    local = clock_of(told.date, told.time)
    started = local and on_the_wall(local, file.zone, after=before - SLACK if before else None)
    if local is None or started is None:
        key = listed_key(file, position, known.title, known.artist)
    else:
        digest = hashlib.sha256(told.path.encode("utf-8", "replace")).hexdigest()[:24]
        key = f"{_whole(told.date)}:{_whole(told.time)}:{clean(told.deck, 4) or ''}:{digest}"
    played, deck = clean_seconds(number(told.duration)), _whole(told.deck)
    return replace(
        known,
        key=key,
        started_at=started or None,
        ended_at=started + timedelta(seconds=played) if started and played is not None else None,
        played_seconds=played,
        deck=deck + 1 if deck is not None and deck <= MAX_DECK else None,
        audible={"1": True, "0": False}.get(told.public),
    )


def _bare(path: str) -> Play | None:
    title = title_of_path(path.replace("/:", "/"))
    return Play(key="", title=title) if title else None


class _Document:
    """What one pass over the file finds: tracks by their path, and plays."""

    def __init__(self, file: File) -> None:
        self.tracks: dict[str, Play] = {}
        self.plays: list[_Told] = []
        self._elements = Elements(file, ROOT)
        self._in_collection = self._in_playlists = False
        self._told: dict[str, str] | None = None
        self._entry: _Told | None = None

    def read(self) -> None:
        self._elements.walk(
            {
                "COLLECTION": self._collection,
                "PLAYLISTS": self._playlists,
                "ENTRY": self._begin,
                "LOCATION": self._location,
                "ALBUM": self._album,
                "INFO": self._info,
                "TEMPO": self._tempo,
                "MUSICAL_KEY": self._musical_key,
                "PRIMARYKEY": self._primary_key,
                "EXTENDEDDATA": self._extended,
            },
            {"COLLECTION": self._end_part, "PLAYLISTS": self._end_part, "ENTRY": self._end},
        )

    def _collection(self, attributes: Mapping[str, str]) -> None:
        self._in_collection = True

    def _playlists(self, attributes: Mapping[str, str]) -> None:
        self._in_playlists = True

    def _end_part(self) -> None:
        self._in_collection = self._in_playlists = False

    def _begin(self, attributes: Mapping[str, str]) -> None:
        self._told = self._entry = None
        if self._in_collection:
            self._told = {"title": attributes.get("TITLE", ""), "artist": attributes.get("ARTIST", "")}
        elif self._in_playlists:
            self._entry = _Told()

    def _location(self, attributes: Mapping[str, str]) -> None:
        if self._told is not None:
            self._told["path"] = "".join(attributes.get(part, "") for part in ("VOLUME", "DIR", "FILE"))

    def _album(self, attributes: Mapping[str, str]) -> None:
        if self._told is not None:
            self._told["album"] = attributes.get("TITLE", "")

    def _info(self, attributes: Mapping[str, str]) -> None:
        if self._told is not None:
            self._told["length"] = attributes.get("PLAYTIME_FLOAT") or attributes.get("PLAYTIME", "")
            self._told["key"] = attributes.get("KEY", "")
            self._told["isrc"] = attributes.get("ISRC", "")

    def _tempo(self, attributes: Mapping[str, str]) -> None:
        if self._told is not None:
            self._told["bpm"] = attributes.get("BPM", "")

    def _musical_key(self, attributes: Mapping[str, str]) -> None:
        if self._told is not None:
            self._told["value"] = attributes.get("VALUE", "")

    def _primary_key(self, attributes: Mapping[str, str]) -> None:
        if self._entry is not None:
            self._entry.path = attributes.get("KEY", "")

    def _extended(self, attributes: Mapping[str, str]) -> None:
        if self._entry is not None and attributes.get("EXTENDEDTYPE") == "HistoryData":
            self._entry.is_play = True
            self._entry.date = attributes.get("STARTDATE", "")
            self._entry.time = attributes.get("STARTTIME", "")
            self._entry.duration = attributes.get("DURATION", "")
            self._entry.deck = attributes.get("DECK", "")
            self._entry.public = attributes.get("PLAYEDPUBLIC", "")

    def _end(self) -> None:
        told, entry = self._told, self._entry
        self._told = self._entry = None
        if entry is not None and entry.is_play:
            self.plays.append(entry)
            check_count(len(self.plays), self._elements.place)
        elif told is not None:
            self._keep(told)

    def _keep(self, told: Mapping[str, str]) -> None:
        path = told.get("path", "")
        title = clean(told["title"]) or title_of_path(path.replace("/:", "/"))
        if title is None:
            return
        if len(self.tracks) >= MAX_TRACKS:
            raise broken(self._elements.place, f"its collection has more than {MAX_TRACKS:,} tracks")
        self.tracks[path] = Play(
            key="",
            title=title,
            artist=clean(told["artist"]),
            album=clean(told.get("album")),
            isrc=clean_code(told.get("isrc")),
            duration_seconds=clean_seconds(number(told.get("length"))) or None,
            bpm=clean_bpm(number(told.get("bpm"))),
            musical_key=key_of(told.get("value")) or clean_key(told.get("key")),
        )
