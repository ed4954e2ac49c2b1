"""Writes files as Serato does, from the description of the formats: knows nothing of what reads them."""

import csv
import io
import sqlite3
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

FIELDS = {
    "row": 1,
    "path": 2,
    "file_name": 4,
    "title": 6,
    "artist": 7,
    "album": 8,
    "bpm": 15,
    "start": 28,
    "end": 29,
    "deck": 31,
    "seconds": 45,
    "session": 48,
    "played": 50,
    "key": 51,
    "updated": 53,
}
TIMES = {"start", "end", "seconds", "updated"}
FLAGS = {"played"}


def chunk(tag, content):
    return tag.encode("ascii") + struct.pack(">I", len(content)) + content


def field(number, content):
    return struct.pack(">II", number, len(content)) + content


def words(text):
    return text.encode("utf-16-be") + b"\0\0"


def row(values: Mapping, *, wide=False, extra=b""):
    """The fields of a row; `wide` is Windows, whose times have 8 bytes."""
    made = b""
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, str):
            content = words(value)
        elif name in FLAGS:
            content = bytes([value])
        else:
            content = value.to_bytes(8 if wide and name in TIMES else 4, "big")
        made += field(FIELDS[name], content)
    return made + extra


def entry(values, *, wide=False, extra=b""):
    return chunk("oent", chunk("adat", row(values, wide=wide, extra=extra)))


def version(name="Review"):
    return chunk("vrsn", f"1.0/Serato Scratch LIVE {name}".encode("utf-16-be"))


def session(rows: Iterable[Mapping], *, wide=False):
    return version() + b"".join(entry(values, wide=wide) for values in rows)


def comma_list(columns, rows, *, delimiter=",", encoding="utf-8", newline="\r\n"):
    """A CSV: every cell in quotes, as Serato has it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=newline)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def tab_list(columns, rows, *, encoding="utf-8"):
    return "".join("\t".join(cells) + "\r\n" for cells in (columns, *rows)).encode(encoding)


def printed_list(columns, rows):
    """A text to be printed: each column as wide as its widest cell, two blanks between, a rule below the headings."""
    widths = [max(len(line[at]) for line in (columns, *rows)) + 2 for at in range(len(columns))]
    lines = [
        "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) for cells in (columns, *rows)
    ]
    lines.insert(1, "-" * sum(widths))
    return "\n".join(lines).encode()


SCHEMA = """
CREATE TABLE history_session (id INTEGER PRIMARY KEY, start_time INTEGER, end_time INTEGER DEFAULT -1, file_name TEXT);
CREATE TABLE history_entry (id INTEGER PRIMARY KEY, session_id INTEGER, file_name TEXT, portable_id TEXT, location_id INTEGER,
    asset_id INTEGER, artist TEXT, name TEXT, album TEXT, genre TEXT, bpm REAL, key TEXT, year TEXT, length_sec INTEGER,
    start_time INTEGER, played INTEGER, deck TEXT, file_size INTEGER, file_sample_rate REAL, file_bit_rate REAL);
CREATE TABLE asset (id INTEGER PRIMARY KEY, type_specific_data TEXT);
"""


def database(folder: Path, rows, *, schema=SCHEMA, statements=(), journal=False):
    """A library of Serato 4 as the bytes of its file; `rows` are values by column."""
    path = folder / "master.sqlite"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    if journal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(schema)
    for values in rows:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO history_entry ({names}) VALUES ({marks})", tuple(values.values()))
    for statement in statements:
        connection.execute(statement)
    connection.execute("COMMIT") if connection.in_transaction else None
    connection.close()
    return path.read_bytes()
