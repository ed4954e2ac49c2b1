"""SQLite databases from strangers: held in memory, read by few plain statements, and stopped when they take too long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

from integrations.history.bounds import File, broken

MAGIC: Final = b"SQLite format 3\0"
MAX_VALUE: Final = 1_000_000
"""Bytes of one value, and of one row."""
INSTRUCTIONS: Final = 20_000
"""Of SQLite's own machine, between two looks at the clock: less than a millisecond."""
ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})

Value = str | bytes | int | float | None


@contextmanager
def open_tables(file: File) -> Iterator[Tables]:
    """Open a database for reading.

    Nothing of it reaches the disk and nothing on the disk is reached by it: it is a copy in memory, its views, triggers,
    functions and virtual tables are left alone, and statements may do nothing but read. A journal that lay beside it is not here.

    Raises:
        InvalidInput: It is no database, is damaged, or takes too long; also whatever is done with it inside.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            # Databases with a write-ahead log say so here, and cannot be opened from memory until they say that they have none.
            connection.deserialize(
                b"".join((memoryview(file.content)[:18], b"\x01\x01", memoryview(file.content)[20:]))
            )
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.text_factory = _text
            connection.set_progress_handler(lambda: _late(file), INSTRUCTIONS)
            for pragma in ("trusted_schema = off", "cell_size_check = on", "query_only = on", "temp_store = memory"):
                connection.execute(f"PRAGMA {pragma}")
            yield Tables(file, connection)
        except (sqlite3.Error, OverflowError, ValueError, MemoryError):
            file.check_time()
            raise broken("its database", "it is damaged or not what it says") from None


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _late(file: File) -> bool:
    try:
        file.check_time()
    except Exception:  # noqa: BLE001 -- what it means is said by whoever asked SQLite
        return True
    return False


class Tables:
    """The real tables of an open database."""

    def __init__(self, file: File, connection: sqlite3.Connection) -> None:
        """Look which tables there are; views and virtual tables are none."""
        self._file = file
        self._connection = connection
        self._columns: dict[str, set[str]] = {}
        found = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite%' LIMIT 200"
        ).fetchall()
        for (name,) in found:
            if isinstance(name, str) and name.isidentifier() and name.isascii():
                described = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
                self._columns[name.casefold()] = {str(row[1]).casefold() for row in described}
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY)

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, in small letters."""
        return tuple(self._columns)

    def columns(self, table: str) -> frozenset[str]:
        """What the columns of a table are called, in small letters; nothing when there is no such table."""
        return frozenset(self._columns.get(table.casefold(), ()))

    def __contains__(self, table: str) -> bool:
        return table.casefold() in self._columns

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """Read columns of a table in the order of its rows; a column that it does not have is None everywhere.

        Raises:
            InvalidInput: There is no such table.
        """
        known = self._columns.get(table.casefold())
        if known is None:
            raise broken(f"table {table}", "there is none")
        named = ", ".join(f'"{column}"' if column.casefold() in known else "NULL" for column in columns)
        try:
            for count, row in enumerate(self._connection.execute(f'SELECT {named} FROM "{table}"')):  # noqa: S608 -- our words
                if count % 16 == 0:  # A row may be a megabyte, and the same one again and again.
                    self._file.check_time()
                yield row
        except sqlite3.Error:
            self._file.check_time()
            raise broken(f"table {table}", "it is damaged or cut off") from None


def as_text(value: Value) -> str | None:
    """A value that should be text; numbers are written out, anything else is None."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) else None


def as_number(value: Value) -> float | None:
    """A value that should be a number; text that is one counts."""
    if isinstance(value, str):
        try:
            return float(value[:30])
        except ValueError:
            return None
    return value if isinstance(value, int | float) else None
