"""Finding the histories in a folder, and reading them as they are at one moment."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SUFFIXES: Final = frozenset({".session", ".nml", ".m3u", ".m3u8", ".txt", ".csv", ".xml"})
DATABASES: Final = frozenset({"hm.db", "master.sqlite"})


@dataclass(frozen=True)
class Seen:
    """A file at a moment.

    Attributes:
        path: Where it is.
        mtime: When it was changed, in nanoseconds; of a database or its journal, whichever is later.
        size: Its length, a journal's included.
    """

    path: Path
    mtime: int
    size: int


def find(folder: Path) -> Iterator[Seen]:
    """Look at all histories below a folder; what cannot be looked at is left for the next time."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if is_history(path):
                seen = look(path)
                if seen is not None:
                    yield seen


def is_history(path: Path) -> bool:
    """Whether a file is called as histories are."""
    name = path.name.lower()
    return not name.startswith(".") and (path.suffix.lower() in SUFFIXES or name in DATABASES)


def look(path: Path) -> Seen | None:
    """Look at a file; None when it is not there, or not a file."""
    try:
        about = path.stat()
        if not path.is_file():
            return None
        mtime, size = about.st_mtime_ns, about.st_size
        if path.name.lower() in DATABASES:
            journal = path.with_name(path.name + "-wal")
            if journal.exists():
                beside = journal.stat()
                mtime, size = max(mtime, beside.st_mtime_ns), size + beside.st_size
    except OSError:
        return None
    return Seen(path, mtime, size)


def read(path: Path) -> bytes:
    """Read a file; of a database a copy that holds what its journal has as well.

    Raises:
        OSError: It cannot be read now.
    """
    if path.name.lower() in DATABASES:
        try:
            return _read_database(path)
        except sqlite3.Error:
            pass
    return path.read_bytes()


def _read_database(path: Path) -> bytes:
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=2)) as source, closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)
        return copy.serialize()
