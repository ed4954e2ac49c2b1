"""Reads history files of DJ software, whatever they are: what a file is, its content says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput
from domain.plays import MAX_HISTORY_BYTES, READ_SECONDS, History
from integrations.history import (
    engine,
    plain_m3u,
    rekordbox_list,
    rekordbox_xml,
    serato_database,
    serato_lists,
    serato_session,
    traktor,
    virtualdj,
)
from integrations.history.bounds import FIELD, MAX_FILE_NAME, File
from integrations.history.tables import MAGIC, open_tables


class Format(Protocol):
    """A module that knows one kind of file."""

    def matches(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes is of its kind.

        It is given `File.head`; of a SQLite database instead its magic number and then its tables' names in small letters.
        """

    def read(self, file: File) -> History:
        """Read such a file.

        Raises:
            InvalidInput: It is broken, hostile or takes too long; names the place.
        """


FORMATS: Final[Sequence[Format]] = (
    serato_session,
    serato_database,
    engine,
    rekordbox_xml,
    traktor,
    virtualdj,
    rekordbox_list,
    serato_lists,
    plain_m3u,
)
"""In the order in which they are asked: magic numbers first, a list of anything last."""


class HistoryFiles:
    """Fills the port `Histories`."""

    def __init__(self, *, seconds: float = READ_SECONDS) -> None:
        """Keep how long one file may take."""
        self._seconds = seconds

    def read(self, content: bytes, *, filename: str, zone: ZoneInfo) -> History:
        """Read a file, whatever it is.

        Args:
            content: All of its bytes.
            filename: Its name, for the date that some formats have nowhere else.
            zone: Where the DJ was.

        Raises:
            InvalidInput: It is no history that we read, is broken or hostile, or takes too long.
        """
        if len(content) > MAX_HISTORY_BYTES:
            raise InvalidInput(f"A history file may have {MAX_HISTORY_BYTES // 1024 // 1024} MB at most.", FIELD)
        if not content:
            raise InvalidInput("The file is empty.", FIELD)
        name = PurePosixPath(filename.replace("\\", "/")).name[-MAX_FILE_NAME:]
        file = File(content, name, zone, time.monotonic() + self._seconds)
        head = file.head
        if head.startswith(MAGIC):
            head = _head_of_database(file)
        for known in FORMATS:
            if known.matches(head):
                return known.read(file)
        raise InvalidInput(
            "This is no history of Serato, rekordbox, Traktor, VirtualDJ or Engine DJ that we read.", FIELD
        )


def _head_of_database(file: File) -> bytes:
    """The magic number and the tables' own names, a line each: the first page of a database may hold none of them."""
    with open_tables(file) as tables:
        return b"\n".join([MAGIC, *(name.encode() for name in tables.names)])
