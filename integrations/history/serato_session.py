"""Session files of Serato DJ up to 3: chunks of a tag, a length and that many bytes, big-endian throughout."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
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
    warnings, rows = Warnings(), Rows()
    for count, (tag, begin, end) in enumerate(_chunks(file.content, 0, len(file.content))):
        if count % CHECK_EVERY == 0:
            file.check_time()
        if tag == b"oent":
            rows.keep(*_row(file.content, begin, end))
            check_count(rows.count, f"byte {begin}")
        elif tag == b"uent":
            _forget(rows, file.content, begin, end)
        elif tag in NOT_A_SESSION:
            raise InvalidInput(NOT_A_SESSION[tag], FIELD)
        elif tag != b"vrsn":
            warnings.add(f'What "{tag.decode("ascii")}" at byte {begin - 8} means is not known; it was passed over.')
    plays = rows.told(warnings)
    return History(HistoryFormat.SERATO_SESSION, PlaySource.SERATO, in_order(distinct(plays)), warnings.all)


class Rows:
    """The rows of a file, each in the version that was written last."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sessions_of: dict[int, dict[int, Play]] = {}
        self.count = 0

    def keep(self, session: int, row: int, play: Play) -> None:
        """Add a row, or a later version of it."""
        sessions = self._sessions_of.setdefault(row, {})
        before = sessions.get(session)
        if before is None or _written(play) >= _written(before):
            sessions[session] = play
        self.count += before is None

    def forget(self, row: int) -> None:
        """Leave a row out that was deleted."""
        self.count -= len(self._sessions_of.pop(row, {}))

    def told(self, warnings: Warnings) -> list[Play]:
        """The plays by session and row, with their keys."""
        rows = sorted(
            ((session, row, play) for row, sessions in self._sessions_of.items() for session, play in sessions.items()),
            key=lambda found: found[:2],
        )
        if not rows:
            warnings.add("Nothing was played in this session.")
        told = any(play.audible for _, _, play in rows)
        if rows and not told:
            warnings.add("Nothing is marked as played; whether it was heard is taken as unknown.")
        return [_told(play, session, row, warnings, audible=told) for session, row, play in rows]


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


def _row(content: bytes, begin: int, end: int) -> tuple[int, int, Play]:
    fields: dict[int, Span] | None = None
    for tag, first, last in _chunks(content, begin, end):
        if tag != b"adat":
            continue
        if fields is not None:
            raise broken(f"byte {first}", "a second row in one entry")
        fields = _fields(content, first, last)
    if fields is None:
        raise broken(f"byte {begin}", "an entry without a row")
    return _play(content, fields)


def _play(content: bytes, fields: dict[int, Span]) -> tuple[int, int, Play]:
    numbers = {field: _number(content, *span) for field, span in fields.items() if field in NUMBERS}

    def text(field: int) -> str | None:
        span = fields.get(field)
        return clean(_text(content, *span)) if span else None

    deck, played = numbers.get(DECK), numbers.get(PLAYED)
    path = fields.get(FILE_NAME) or fields.get(PATH)
    title = text(TITLE) or (
        title_of_path(_text(content, max(path[0], path[1] - TEXT_BYTES), path[1])) if path else None
    )
    play = Play(
        key="",
        title=title or "",
        artist=text(ARTIST),
        started_at=utc(numbers.get(START)),
        ended_at=utc(numbers.get(END)),
        played_seconds=clean_seconds(numbers.get(PLAYED_SECONDS)),
        deck=deck if deck and deck <= 64 else None,
        audible=None if played is None else played != 0,
        album=text(ALBUM),
        bpm=clean_bpm(numbers.get(BPM)),
        musical_key=clean_key(text(KEY)),
        updated_at=utc(numbers.get(UPDATED)),
    )
    return numbers.get(SESSION) or 0, numbers.get(ROW) or 0, play


def _number(content: bytes, begin: int, end: int) -> int:
    """A number: 4 bytes wide, times on Windows and in newer versions 8, flags 1."""
    if end - begin not in WIDTHS:
        raise broken(f"byte {begin}", f"a number of {end - begin} bytes")
    return int.from_bytes(content[begin:end], "big")


def _text(content: bytes, begin: int, end: int) -> str:
    return content[begin : min(end, begin + TEXT_BYTES)].decode("utf-16-be", "ignore").partition("\0")[0]


def _written(play: Play) -> float:
    return play.updated_at.timestamp() if play.updated_at else 0.0


def _forget(rows: Rows, content: bytes, begin: int, end: int) -> None:
    """A deleted entry has the row's number alone, in a chunk of its own or without."""
    inner = content[begin : min(begin + 4, end)]
    spans = (
        ((first, last) for _, first, last in _chunks(content, begin, end)) if TAG.fullmatch(inner) else ((begin, end),)
    )
    for first, last in spans:
        row = _fields(content, first, last).get(ROW)
        if row is not None:
            rows.forget(_number(content, *row))


def _told(play: Play, session: int, row: int, warnings: Warnings, *, audible: bool) -> Play:
    if not play.title:
        warnings.add(f"Row {row} has neither a title nor a file's name.")
    if play.started_at is None:
        warnings.add(f"Row {row} does not say when it began.")
    return replace(
        play,
        key=start_key(play.started_at, play.deck) if play.started_at else f"{session}:{row}",
        title=play.title or "Unknown title",
        audible=play.audible if audible else None,
    )
