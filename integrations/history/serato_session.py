"""Session files of Serato DJ up to 3: chunks of a tag, a length and that many bytes, big-endian throughout."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from domain.errors import InvalidInput
from domain.plays import History, HistoryFormat, Play, PlaySource
from domain.tracks import MAX_NAME
from integrations.history.bounds import FIELD, File, Warnings, broken, check_count, in_order
from integrations.history.clocks import utc
from integrations.history.serato_keys import distinct, start_key
from integrations.history.texts import clean, clean_bpm, clean_key, clean_seconds, title_of_path

HEAD: Final = struct.Struct(">4sI")
FIELD_HEAD: Final = struct.Struct(">II")
TAG: Final = re.compile(rb"[a-z]{4}")
TEXT_BYTES: Final = MAX_NAME * 8
CHECK_EVERY: Final = 1000
CACHED: Final = 4096
"""Texts that are kept while a file is read: artists and albums come again and again."""
MAX_DECKS: Final = 64
UNKNOWN: Final = "Unknown title"

ROW, PATH, FILE_NAME, TITLE, ARTIST, ALBUM = 1, 2, 4, 6, 7, 8
BPM, START, END, DECK, PLAYED_SECONDS, SESSION, PLAYED, KEY, UPDATED = 15, 28, 29, 31, 45, 48, 50, 51, 53
WANTED: Final = frozenset(
    (ROW, PATH, FILE_NAME, TITLE, ARTIST, ALBUM, BPM, START, END, DECK, PLAYED_SECONDS, SESSION, PLAYED, KEY, UPDATED)
)
NUMBERS: Final = frozenset((ROW, BPM, START, END, DECK, PLAYED_SECONDS, SESSION, PLAYED, UPDATED))
WIDTHS: Final = frozenset((1, 2, 4, 8))

NOT_A_SESSION: Final = {
    b"oses": "This is Serato's list of sessions; send the files in its folder Sessions.",
    b"otrk": "This is Serato's library or a crate, which tells nothing of plays; send a file from History/Sessions.",
}

Span = tuple[int, int]
"""Where a value begins, and where it ends."""


def matches(head: bytes) -> bool:
    """Whether it is one of Serato's own files."""
    return head.startswith(b"vrsn")


def read(file: File) -> History:
    """Read a session.

    A row is written anew when its track is taken off: of two versions the one written later counts, and of two written in
    the same second the one further down. A deleted row is none.

    Raises:
        InvalidInput: It is cut off, or a length in it cannot be; the message names the byte.
    """
    warnings, rows = Warnings(), Rows(file.content)
    for count, (tag, begin, end) in enumerate(_chunks(file.content, 0, len(file.content))):
        if count % CHECK_EVERY == 0:
            file.check_time()
        if tag == b"oent":
            rows.keep(begin, end)
            check_count(rows.count, f"byte {begin}")
        elif tag == b"uent":
            rows.forget(begin, end)
        elif tag in NOT_A_SESSION:
            raise InvalidInput(NOT_A_SESSION[tag], FIELD)
        elif tag != b"vrsn":
            warnings.add(f'What "{tag.decode("ascii")}" at byte {begin - 8} means is not known; it was passed over.')
    plays = rows.told(warnings)
    return History(HistoryFormat.SERATO_SESSION, PlaySource.SERATO, in_order(distinct(plays)), warnings.all)


class Rows:
    """The rows of a file, each in the version that was written last."""

    def __init__(self, content: bytes) -> None:
        """Begin with none."""
        self._content = content
        self._sessions_of: dict[int, dict[int, Play]] = {}
        self._clean = lru_cache(CACHED)(_clean)
        self.count = 0

    def keep(self, begin: int, end: int) -> None:
        """Add the row of an entry, or a later version of it."""
        fields = _row(self._content, begin, end)
        numbers = {field: _number(self._content, *span) for field, span in fields.items() if field in NUMBERS}
        session, row = numbers.get(SESSION, 0), numbers.get(ROW, 0)
        play = self._play(fields, numbers, f"row:{session}:{row}")
        sessions = self._sessions_of.setdefault(row, {})
        before = sessions.get(session)
        if before is None or _written(play) >= _written(before):
            sessions[session] = play
        self.count += before is None

    def forget(self, begin: int, end: int) -> None:
        """Leave out a row that was deleted: the entry has its number alone, in a chunk of its own or without."""
        inner = self._content[begin : min(begin + 4, end)]
        chunks = _chunks(self._content, begin, end) if TAG.fullmatch(inner) else ((inner, begin, end),)
        for _, first, last in chunks:
            row = _fields(self._content, first, last).get(ROW)
            if row is not None:
                self.count -= len(self._sessions_of.pop(_number(self._content, *row), {}))

    def told(self, warnings: Warnings) -> list[Play]:
        """The plays by session and row."""
        found = ((session, row, play) for row, plays in self._sessions_of.items() for session, play in plays.items())
        rows = sorted(found, key=lambda row: row[:2])
        if not rows:
            warnings.add("Nothing was played in this session.")
        for _, row, play in rows:
            if play.title == UNKNOWN:
                warnings.add(f"Row {row} has neither a title nor a file's name.")
            if play.started_at is None:
                warnings.add(f"Row {row} does not say when it began.")
        if not rows or any(play.audible for _, _, play in rows):
            return [play for _, _, play in rows]
        warnings.add("Nothing is marked as played; whether it was heard is taken as unknown.")
        return [replace(play, audible=None) for _, _, play in rows]

    def _play(self, fields: dict[int, Span], numbers: dict[int, int], name: str) -> Play:
        deck, played = numbers.get(DECK), numbers.get(PLAYED)
        deck = deck if deck and deck <= MAX_DECKS else None
        began = utc(numbers.get(START))
        return Play(
            key=start_key(began, deck) if began else name,
            title=self._text(fields, TITLE) or self._file_name(fields) or UNKNOWN,
            artist=self._text(fields, ARTIST),
            started_at=began,
            ended_at=utc(numbers.get(END)),
            played_seconds=clean_seconds(numbers.get(PLAYED_SECONDS)),
            deck=deck,
            audible=None if played is None else played != 0,
            album=self._text(fields, ALBUM),
            bpm=clean_bpm(numbers.get(BPM)),
            musical_key=clean_key(self._text(fields, KEY)),
            updated_at=utc(numbers.get(UPDATED)),
        )

    def _text(self, fields: dict[int, Span], field: int) -> str | None:
        span = fields.get(field)
        return self._clean(self._content[span[0] : min(span[1], span[0] + TEXT_BYTES)]) if span else None

    def _file_name(self, fields: dict[int, Span]) -> str | None:
        span = fields.get(FILE_NAME) or fields.get(PATH)
        return title_of_path(_words(self._content[max(span[0], span[1] - TEXT_BYTES) : span[1]])) if span else None


def _chunks(content: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    at = begin
    while at < end:
        if end - at < HEAD.size:
            raise broken(f"byte {at}", "it ends in the middle of a chunk's head")
        tag, length = HEAD.unpack_from(content, at)
        if not TAG.fullmatch(tag):
            raise broken(f"byte {at}", "there should be the name of a chunk")
        at += HEAD.size
        if length > end - at:
            raise broken(f"byte {at - 4}", f"a chunk of {length} bytes is announced and {end - at} follow")
        yield tag, at, at + length
        at += length


def _fields(content: bytes, begin: int, end: int) -> dict[int, Span]:
    """Where each field that matters to us lies; what else there is, is passed over."""
    found: dict[int, Span] = {}
    unpack, at = FIELD_HEAD.unpack_from, begin
    while at < end:
        if end - at < FIELD_HEAD.size:
            raise broken(f"byte {at}", "it ends in the middle of a field's head")
        number, length = unpack(content, at)
        at += FIELD_HEAD.size
        if length > end - at:
            raise broken(f"byte {at - 4}", f"a field of {length} bytes is announced and {end - at} follow")
        if number in WANTED:
            found[number] = (at, at + length)
        at += length
    return found


def _row(content: bytes, begin: int, end: int) -> dict[int, Span]:
    fields: dict[int, Span] | None = None
    for tag, first, last in _chunks(content, begin, end):
        if tag != b"adat":
            continue
        if fields is not None:
            raise broken(f"byte {first}", "a second row in one entry")
        fields = _fields(content, first, last)
    if fields is None:
        raise broken(f"byte {begin}", "an entry without a row")
    return fields


def _number(content: bytes, begin: int, end: int) -> int:
    """A number: 4 bytes wide, times on Windows and in newer versions 8, flags 1."""
    if end - begin not in WIDTHS:
        raise broken(f"byte {begin}", f"a number of {end - begin} bytes")
    return int.from_bytes(content[begin:end], "big")


def _words(content: bytes) -> str:
    return content.decode("utf-16-be", "ignore").partition("\0")[0]


def _clean(content: bytes) -> str | None:
    return clean(_words(content))


def _written(play: Play) -> float:
    return play.updated_at.timestamp() if play.updated_at else 0.0
