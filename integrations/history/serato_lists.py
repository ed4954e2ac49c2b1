"""Histories that a DJ exported from Serato, as CSV or as text: clocks on the wall, and a day that has to be found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Final

from domain.errors import InvalidInput
from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import FIELD, File, Warnings, check_count, in_order, listed_key
from integrations.history.clocks import on_the_wall
from integrations.history.serato_keys import distinct, start_key
from integrations.history.serato_rows import Row, rows_of, shape_of_head
from integrations.history.texts import clean, clean_bpm, clean_code, clean_key, number, seconds_of, title_of_path
from integrations.history.written_times import WrittenDate, clock_in, date_in, is_date

DECKS: Final = {"left": 1, "right": 2}
DAY: Final = timedelta(days=1)
BACK: Final = timedelta(hours=6)
"""How far a clock may lie before that of the row above it and be of the same day: two decks overlap, lists are sorted anew."""
NO_DAY: Final = (
    "The file tells hours and no date, and neither does its name. Put the day on which the set began into the file's name, "
    "such as 2024-05-31.csv."
)


@dataclass
class Set:
    """A session in the list: when it began, whether its dates are an American's, and its rows."""

    day: WrittenDate | None
    american: bool
    began: time | None = None
    rows: list[Row] = field(default_factory=list)


def matches(head: bytes) -> bool:
    """Whether its first line has the headings of a history."""
    return shape_of_head(head) is not None


def read(file: File) -> History:
    """Read an export.

    Raises:
        InvalidInput: It has hours and no day, too many rows, or none of its clocks can be read.
    """
    warnings, rows = Warnings(), []
    for row in rows_of(file):
        rows.append(row)
        check_count(len(rows), f"line {row.line}")
    american = any((found := clock_in(row["start"])) and found[1] for row in rows[:100])
    written = date_in(file.filename, month_first=american)
    plays: list[Play] = []
    for part in _sets(rows, written, american=american):
        file.check_time()
        plays += _plays(part, file, warnings)
    timed = any(play.started_at for play in plays)
    if not timed and any(row["start"] for row in rows):
        raise InvalidInput(f"The file cannot be read at line {rows[0].line}: none of its clocks can.", FIELD)
    if not timed:
        warnings.add("The list tells the order of tracks and not when they were played.")
        plays = _listed(file, plays)
    shape = shape_of_head(file.head)
    kind = shape.format if shape else HistoryFormat.SERATO_TEXT
    return History(kind, PlaySource.SERATO, in_order(distinct(plays)), warnings.all, local_times=timed)


def _sets(rows: Sequence[Row], written: WrittenDate | None, *, american: bool) -> list[Set]:
    """Part the list at the lines that sum up a session: those have a date where the others have hours, and no artist."""
    sets = [Set(written, american)]
    everywhere = 2 * sum(date_in(row["start"]) is not None for row in rows) > len(rows)
    for row in rows:
        told = None if everywhere else date_in(row["start"], month_first=american)
        if told is None and is_date(row["name"]):
            told = date_in(row["name"], month_first=american)
        alone = not row["artist"] and not row["deck"]
        if alone and (told or (row is rows[0] and _sums_up(row, rows))):
            sets.append(Set(told or written, american, _clock(row)))
        else:
            sets[-1].rows.append(row)
    return [part for part in sets if part.rows]


def _sums_up(row: Row, rows: Sequence[Row]) -> bool:
    """Whether the first line is of the session though it has no date.

    It is on no deck, where the others are on one, or it is as long as many of them.
    """
    if any(other["deck"] for other in rows[1:]):
        return True
    lengths = [seconds_of(other["played"]) or 0.0 for other in rows[1:]]
    return bool(lengths) and (seconds_of(row["played"]) or 0.0) > max(*lengths, sum(lengths) / 2)


def _plays(part: Set, file: File, warnings: Warnings) -> list[Play]:
    rows = part.rows[::-1] if _runs_backwards(part.rows) else part.rows
    plays: list[Play] = []
    before: datetime | None = None
    if part.day and part.began:
        before = datetime.combine(part.day.day, part.began)
    if part.day and part.day.guessed and any(_clock(row) for row in rows):
        warnings.add(f"The date was read as {part.day.day.day} {part.day.day:%B %Y}; it could be read otherwise.")
    earliest: datetime | None = None
    for row in rows:
        local = _local(row, part, before)
        if local is None and row["start"]:
            warnings.add(f'When the track of line {row.line} began cannot be read: "{row["start"][:40]}".')
        began = on_the_wall(local, file.zone, after=earliest) if local else None
        plays.append(_play(row, local, began, file, warnings))
        before, earliest = local or before, began or earliest
    return plays


def _runs_backwards(rows: Sequence[Row]) -> bool:
    """Whether the newest comes first: from row to row the shorter way round the clock is more often backwards."""
    clocks = [clock for row in rows if (clock := _clock(row))]
    steps = [(_seconds(later) - _seconds(sooner)) % 86_400 for sooner, later in pairwise(clocks)]
    forwards = sum(0 < step < 43_200 for step in steps)
    return sum(step >= 43_200 for step in steps) > forwards


def _clock(row: Row) -> time | None:
    found = clock_in(row["start"])
    return found[0] if found else None


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _local(row: Row, part: Set, before: datetime | None) -> datetime | None:
    """Date and clock of a row: its own date, or the one by which it lies from 6 hours before to 18 after the row above it.

    Raises:
        InvalidInput: No day is known.
    """
    clock = _clock(row)
    if clock is None:
        return None
    own = date_in(row["start"], month_first=part.american)
    if own:
        return datetime.combine(own.day, clock)
    if before is None:
        if part.day is None:
            raise InvalidInput(NO_DAY, FIELD)
        return datetime.combine(part.day.day, clock)
    local = datetime.combine(before.date(), clock)
    if local < before - BACK:
        return local + DAY
    return local - DAY if local > before + DAY - BACK else local


def _play(row: Row, local: datetime | None, began: datetime | None, file: File, warnings: Warnings) -> Play:
    played, ended, deck = seconds_of(row["played"]), None, _deck(row["deck"])
    last = clock_in(row["end"])
    if local and began and last:
        until = datetime.combine(local.date(), last[0])
        ended = on_the_wall(until if until >= local else until + DAY, file.zone, after=began)
    elif began and played is not None:
        ended = began + timedelta(seconds=played)
    if played is None and began and ended:
        played = (ended - began).total_seconds()
    title = clean(row["name"]) or title_of_path(row["location"])
    if title is None:
        warnings.add(f"Line {row.line} has no name.")
    return Play(
        key=start_key(began, deck) if began else f"line:{row.line}",
        title=title or "Unknown title",
        artist=clean(row["artist"]),
        started_at=began,
        ended_at=ended,
        played_seconds=played,
        deck=deck,
        album=clean(row["album"]),
        isrc=clean_code(row["isrc"]),
        duration_seconds=seconds_of(row["length"]) or None,
        bpm=clean_bpm(number(row["bpm"])),
        musical_key=clean_key(row["key"]),
    )


def _deck(text: str) -> int | None:
    """A deck's number, or its side as Scratch Live named it; None for the offline player."""
    side = text.casefold()
    digits = "".join(character for character in side[-2:] if character in "0123456789")
    return DECKS.get(side) or (int(digits) if digits and 0 < int(digits) <= 64 else None)


def _listed(file: File, plays: Sequence[Play]) -> list[Play]:
    return [replace(play, key=listed_key(file, at, play.title, play.artist)) for at, play in enumerate(plays, start=1)]
