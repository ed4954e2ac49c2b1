"""VirtualDJ's history: a list for each day (2024-05-01.m3u), with a comment of tags before each track.

The tags come in any order, any of them may be missing, and what is in them is not escaped: so each is looked for by itself,
and the line is never taken for XML. `lastplaytime` counts seconds since 1970 (some programs write milliseconds); where it is
missing, `time` has hours and minutes on the wall, the file's name the day, and a clock that has gone far back means the next
day. A remix is part of the title, as it is in the file that was played.

A play is named by its start as it is written (by nothing that depends on the zone) and its path, or its names where there is
no path; without a start by its place in the list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final

from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import File, Warnings, check_count, in_order, listed_key
from integrations.history.clocks import next_day, on_the_wall, utc
from integrations.history.lines import lines_of
from integrations.history.texts import clean, clean_bpm, clean_key, clean_seconds, number, title_of_path

MARK: Final = "#EXTVDJ"
TAGS: Final = ("time", "lastplaytime", "artist", "title", "remix", "songlength", "album", "bpm", "key")
ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
ENTITY: Final = re.compile("|".join(ENTITIES))
MILLISECONDS: Final = 100_000_000_000
"""What is more than this is no count of seconds since 1970."""
CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*([AaPp][Mm])?")
DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
SLACK: Final = timedelta(minutes=5)


def matches(head: bytes) -> bool:
    """Whether a line has VirtualDJ's comment."""
    return MARK.encode() in head or MARK.encode("utf-16-le") in head


def read(file: File) -> History:
    """Read a list; raises as the port says."""
    warnings, days, plays = Warnings(), _Days(file), dict[str, Play]()
    for position, entry in enumerate(_entries(file), 1):
        check_count(position, f"line {entry.line}")
        play = days.play(entry, position)
        if play is None:
            warnings.add(f"Line {entry.line} has no track and was left out.")
            continue
        if play.started_at is None:
            warnings.add(f"Line {entry.line} does not say when the track began.")
        plays.setdefault(play.key, play)
    if days.nameless:
        warnings.add("The file's name has no date (2024-05-01.m3u), so the hours in it cannot be placed.")
    return History(
        HistoryFormat.VIRTUALDJ_M3U,
        PlaySource.VIRTUALDJ,
        in_order(plays.values()),
        warnings.all,
        local_times=days.used,
    )


@dataclass
class _Entry:
    """A comment and the path below it; either may be missing."""

    line: int
    tags: dict[str, str] = field(default_factory=dict)
    path: str = ""


def _entries(file: File) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for line, text in lines_of(file):
        if text.startswith(MARK):
            if entry is not None:
                yield entry
            entry = _Entry(line, _tags(text))
        elif not text.startswith("#"):
            entry = entry or _Entry(line)
            entry.path = text.strip()
            yield entry
            entry = None
    if entry is not None:
        yield entry


def _tags(text: str) -> dict[str, str]:
    found = {}
    for tag in TAGS:
        start = text.find(f"<{tag}>")
        end = text.find(f"</{tag}>", start) if start >= 0 else -1
        if end >= 0:
            value = text[start + len(tag) + 2 : end]
            found[tag] = ENTITY.sub(lambda met: ENTITIES[met[0]], value) if "&" in value else value
    return found


class _Days:
    """Places plays in time: which day it is, goes from line to line."""

    def __init__(self, file: File) -> None:
        self._file = file
        day = DAY.search(file.filename)
        try:
            self._day = datetime(int(day[1]), int(day[2]), int(day[3])) if day else None  # noqa: DTZ001 -- on the wall
        except ValueError:
            self._day = None
        self._local: datetime | None = None
        self._before: datetime | None = None
        self.used = self.nameless = False

    def play(self, entry: _Entry, position: int) -> Play | None:
        """Make a play; None when nothing says what it is."""
        tags = entry.tags
        title = _title(tags) or (None if entry.path.startswith("netsearch:") else title_of_path(entry.path))
        if title is None:
            return None
        artist = clean(tags.get("artist"))
        started, written = self._start(tags)
        if started is None:
            key = listed_key(self._file, position, title, artist)
        else:
            told = entry.path or f"{title}\0{artist or ''}".casefold()
            key = f"{written}:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:24]}"
        return Play(
            key=key,
            title=title,
            artist=artist,
            album=clean(tags.get("album")),
            started_at=started,
            duration_seconds=clean_seconds(number(tags.get("songlength"))) or None,
            bpm=clean_bpm(number(tags.get("bpm"))),
            musical_key=clean_key(tags.get("key")),
        )

    def _start(self, tags: dict[str, str]) -> tuple[datetime | None, str]:
        seconds = number(tags.get("lastplaytime"))
        if seconds is not None and seconds > MILLISECONDS:
            seconds /= 1000
        started = utc(seconds)
        if started is not None:
            self._local = started.astimezone(self._file.zone).replace(tzinfo=None)
            self._before = started
            return started, str(int(started.timestamp()))
        return self._from_clock(_clock(tags.get("time", "")))

    def _from_clock(self, clock: time | None) -> tuple[datetime | None, str]:
        if clock is None:
            return None, ""
        day = self._local or self._day
        if day is None:
            self.nameless = True
            return None, ""
        local = next_day(datetime.combine(day, clock), self._local)
        started = on_the_wall(local, self._file.zone, after=self._before - SLACK if self._before else None)
        if started is None:
            return None, ""
        self._local, self._before, self.used = local, started, True
        return started, f"{local:%Y%m%dT%H%M%S}"


def _title(tags: dict[str, str]) -> str | None:
    title, remix = clean(tags.get("title")), clean(tags.get("remix"))
    if title and remix and remix.casefold() not in title.casefold():
        return clean(f"{title} ({remix})")
    return title


def _clock(text: str) -> time | None:
    found = CLOCK.fullmatch(text.strip()[:20])
    if found is None:
        return None
    hour, half = int(found[1]), (found[4] or "").casefold()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, int(found[2]), int(found[3] or 0))
    except ValueError:
        return None
