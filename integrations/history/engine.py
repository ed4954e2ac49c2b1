"""Engine DJ's history (hm.db): lists of what was played, when, and the tracks as they were.

Times are seconds since 1970. Columns differ between versions and none but the joins is needed. A play is named by its start
and by where its track came from (drive's database and number there, which stay when the history is copied to another drive);
without a start by its list and its place in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import File, Warnings, broken, check_count, in_order, listed_key
from integrations.history.clocks import utc
from integrations.history.tables import MAGIC, Tables, Value, as_number, as_text, open_tables
from integrations.history.texts import clean, clean_bpm, clean_key, clean_seconds, title_of_path

LISTS: Final = "Historylist"
ENTRIES: Final = "HistorylistEntity"
TRACKS: Final = "Track"
LIST_COLUMNS: Final = ("id", "title", "startTime", "isDeleted", "sessionId")
ENTRY_COLUMNS: Final = ("listId", "trackId", "startTime")
TRACK_COLUMNS: Final = (
    *("id", "title", "artist", "album", "length", "bpmAnalyzed", "bpm", "key", "path", "filename"),
    *("originDatabaseUuid", "originTrackId"),
)
MAX_TRACKS: Final = 250_000
MAX_ID: Final = 100
MAX_PATH: Final = 2_000
KEYS: Final = (
    *("C", "Am", "G", "Em", "D", "Bm", "A", "F#m", "E", "Dbm", "B", "Abm"),
    *("F#", "Ebm", "Db", "Bbm", "Ab", "Fm", "Eb", "Cm", "Bb", "Gm", "F", "Dm"),
)
"""By the number that Engine gives them: around the circle of fifths, each major key before its relative minor."""

Track = tuple[Play, str]
"""A play that is not placed yet, and what its track is known by."""


def matches(head: bytes) -> bool:
    """Whether it is a database with a table of plays in lists."""
    return head.startswith(MAGIC) and ENTRIES.casefold().encode() in head


def read(file: File) -> History:
    """Read all lists; raises as the port says."""
    warnings, plays = Warnings(), dict[str, Play]()
    with open_tables(file) as tables:
        for table in (ENTRIES, TRACKS):
            if table not in tables:
                raise broken(f"table {table}", "there is none")
        lists, tracks = _lists(tables), _tracks(tables)
        places: dict[Value, int] = {}
        for count, entry in enumerate(tables.rows(ENTRIES, ENTRY_COLUMNS), 1):
            check_count(count, f"table {ENTRIES}")
            in_list, of_track, start = _id(entry[0]), _id(entry[1]), entry[2]
            told = lists.get(in_list, (str(in_list), False))
            track = tracks.get(of_track)
            places[in_list] = place = places.get(in_list, 0) + 1
            if told[1]:
                continue
            if track is None:
                warnings.add("A play names a track that is not in the database; it was left out.")
                continue
            play = _play(file, told[0], place, track, as_number(start))
            if play.started_at is None:
                warnings.add(f'A play in "{clean(told[0], 80)}" does not say when it began.')
            plays.setdefault(play.key, play)
    return History(HistoryFormat.ENGINE_DATABASE, PlaySource.ENGINE_DJ, in_order(plays.values()), warnings.all)


def _lists(tables: Tables) -> dict[Value, tuple[str, bool]]:
    """What each list is known by, and whether it was deleted."""
    if LISTS not in tables:
        return {}
    found: dict[Value, tuple[str, bool]] = {}
    for of_list, title, start, deleted, session in tables.rows(LISTS, LIST_COLUMNS):
        check_count(len(found), f"table {LISTS}")
        known = " ".join((as_text(value) or "")[:MAX_ID] for value in (title, start, session)).strip()
        found[_id(of_list)] = known or str(_id(of_list)), bool(as_number(deleted))
    return found


def _tracks(tables: Tables) -> dict[Value, Track]:
    found: dict[Value, Track] = {}
    for values in tables.rows(TRACKS, TRACK_COLUMNS):
        row = dict(zip(TRACK_COLUMNS, values, strict=True))
        if len(found) >= MAX_TRACKS:
            raise broken(f"table {TRACKS}", f"it has more than {MAX_TRACKS:,} rows")
        path = (as_text(row["path"]) or as_text(row["filename"]) or "")[-MAX_PATH:]
        title = clean(as_text(row["title"])) or title_of_path(path)
        if title is None:
            continue
        drive, there = as_text(row["originDatabaseUuid"]), as_text(row["originTrackId"])
        known = f"{drive[:MAX_ID]}\0{there[:MAX_ID]}" if drive and there else path or title
        play = Play(
            key="",
            title=title,
            artist=clean(as_text(row["artist"])),
            album=clean(as_text(row["album"])),
            duration_seconds=clean_seconds(as_number(row["length"])) or None,
            bpm=clean_bpm(as_number(row["bpmAnalyzed"])) or clean_bpm(as_number(row["bpm"])),
            musical_key=key_of(row["key"]),
        )
        found.setdefault(_id(row["id"]), (play, known))
    return found


def _id(value: Value) -> Value:
    """What rows are joined by: a hostile file can give long values over and over without having them twice."""
    return value[:MAX_ID] if isinstance(value, str | bytes) else value


def key_of(value: Value) -> str | None:
    """Name a key: versions keep its number, or its name."""
    told = as_number(value)
    if told is not None:
        return KEYS[int(told)] if told in range(len(KEYS)) else None
    return clean_key(as_text(value))


def _play(file: File, listed: str, place: int, track: Track, seconds: float | None) -> Play:
    play, known = track
    started = utc(seconds)
    if started is None:
        key = listed_key(replace(file, filename=listed), place, play.title, play.artist)
    else:
        key = f"{int(started.timestamp())}:{hashlib.sha256(known.encode('utf-8', 'replace')).hexdigest()[:24]}"
    return replace(play, key=key, started_at=started)
