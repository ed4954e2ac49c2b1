"""The database of Serato DJ 4 and later: a table of sessions and one of what was played in them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import File, Warnings, broken, check_count, in_order
from integrations.history.clocks import utc
from integrations.history.serato_keys import distinct, start_key
from integrations.history.tables import MAGIC, Value, as_number, as_text, open_tables
from integrations.history.texts import (
    clean,
    clean_bpm,
    clean_code,
    clean_key,
    clean_seconds,
    title_of_path,
)

ENTRIES: Final = "history_entry"
COLUMNS: Final = (
    "id",
    "name",
    "artist",
    "album",
    "start_time",
    "end_time",
    "deck",
    "played",
    "bpm",
    "key",
    "length_sec",
    "isrc",
    "file_name",
    "portable_id",
)
NEEDED: Final = frozenset(("name", "start_time"))
MILLISECONDS_FROM: Final = 100_000_000_000
JOURNAL_AT: Final = slice(18, 20)

Row = dict[str, Value]


def matches(head: bytes) -> bool:
    """Whether it is a database with a table of history entries."""
    return head.startswith(MAGIC) and ENTRIES.encode() in head.split(b"\n")


def read(file: File) -> History:
    """Read all sessions of a library.

    Raises:
        InvalidInput: It is damaged, or has other tables or columns than Serato makes; the message names the table.
    """
    warnings = Warnings()
    if file.content[JOURNAL_AT] == b"\2\2":
        warnings.add("What Serato wrote last may lie in a file beside this one; close Serato before you copy it.")
    numbered: list[tuple[float, Play]] = []
    with open_tables(file) as tables:
        missing = NEEDED - tables.columns(ENTRIES)
        if missing:
            raise broken(f"table {ENTRIES}", f"it has no column {min(missing)}")
        for count, values in enumerate(tables.rows(ENTRIES, COLUMNS), start=1):
            check_count(count, f"table {ENTRIES}")
            row = dict(zip(COLUMNS, values, strict=True))
            numbered.append((_number(row, "id") or count, _play(row, count, warnings)))
    numbered.sort(key=lambda pair: pair[0])
    plays = in_order(distinct(play for _, play in numbered))
    return History(HistoryFormat.SERATO_DATABASE, PlaySource.SERATO, plays, warnings.all)


def _play(row: Row, count: int, warnings: Warnings) -> Play:
    began, ended, number = _time(row, "start_time"), _time(row, "end_time"), _number(row, "deck")
    deck = int(number) if number is not None and 1 <= number <= 64 else None
    played = _number(row, "played")
    path = as_text(row["file_name"]) or as_text(row["portable_id"])
    title = clean(as_text(row["name"])) or title_of_path(path)
    if title is None:
        warnings.add(f"Row {count} of the table {ENTRIES} has neither a name nor a file's name.")
    if began is None:
        warnings.add(f"Row {count} of the table {ENTRIES} does not say when it began.")
    return Play(
        key=start_key(began, deck) if began else f"row:{as_text(row['id']) or count}"[:40],
        title=title or "Unknown title",
        artist=clean(as_text(row["artist"])),
        started_at=began,
        ended_at=ended,
        played_seconds=clean_seconds((ended - began).total_seconds()) if began and ended else None,
        deck=deck,
        audible=None if played is None else played != 0,
        album=clean(as_text(row["album"])),
        isrc=clean_code(as_text(row["isrc"])),
        duration_seconds=clean_seconds(_number(row, "length_sec")) or None,
        bpm=clean_bpm(_number(row, "bpm")),
        musical_key=clean_key(as_text(row["key"])),
    )


def _number(row: Row, column: str) -> float | None:
    value = as_number(row[column])
    return value if value is not None and math.isfinite(value) else None


def _time(row: Row, column: str) -> datetime | None:
    """Unix seconds; -1 while it is still on. A number that is far too great is milliseconds."""
    value = _number(row, column)
    return utc(value / 1000 if value is not None and value >= MILLISECONDS_FROM else value)
