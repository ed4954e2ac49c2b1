"""What rekordbox writes of a history as text (*.txt): a table of the columns that were visible, tabs between them, no times.

Its m3u8 lists have nothing that others have not: they are read as plain lists.

A play is named by the list, its place in it and its track. A list is known by its name when that has a date, as rekordbox
names histories ("HISTORY 2024-05-01"): then text and XML of the same list name the same plays. Any other name may come twice,
so such a list is known by what is in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import File, Warnings, broken, check_count, listed_key
from integrations.history.lines import lines_of
from integrations.history.texts import (
    BOMS,
    clean,
    clean_bpm,
    clean_code,
    clean_key,
    clean_seconds,
    decode,
    number,
    seconds_of,
    title_of_path,
)

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("#", "no.", "nr.", "№"),
    "title": (
        *("track title", "título de pista", "título de la pista", "título da faixa", "titre", "titre du morceau"),
        *(
            "titre de la piste",
            "titel",
            "tracktitel",
            "track-titel",
            "titolo",
            "titolo traccia",
            "titolo brano",
            "spårtitel",
        ),
        *(
            "título",
            "название",
            "название трека",
            "τίτλος κομματιού",
            "název skladby",
            "tytuł utworu",
            "parça ad\u0131",
        ),
        *(
            "トラックタイトル",
            "曲名",
            "曲目标题",
            "音轨标题",
            "标题",
            "曲目標題",
            "標題",
            "트랙 제목",
            "트랙 타이틀",
            "제목",
        ),
    ),
    "artist": (
        *("artist", "artista", "artiste", "interpret", "künstler", "artiest", "исполнитель", "артист", "καλλιτέχνης"),
        *(
            "umělec",
            "wykonawca",
            "sanatç\u0131",
            "アーティスト",
            "艺术家",
            "艺人",
            "演出者",
            "藝人",
            "藝術家",
            "아티스트",
        ),
    ),
    "album": ("album", "álbum", "альбом", "άλμπουμ", "albüm", "アルバム", "专辑", "專輯", "앨범"),
    "bpm": ("bpm",),
    "time": (
        *("time", "zeit", "dauer", "temps", "durée", "tiempo", "duración", "tempo", "durata", "duração", "tijd", "tid"),
        *("время", "длительность", "χρόνος", "čas", "czas", "süre", "時間", "タイム", "时间", "时长", "시간"),
    ),
    "key": (
        *("key", "tonart", "tonalité", "clé", "tonalidad", "clave", "tono", "tonalità", "chiave", "tonalidade", "tom"),
        *(
            "toonsoort",
            "sleutel",
            "tonart",
            "тональность",
            "ключ",
            "κλειδί",
            "tónina",
            "tonacja",
            "キー",
            "调",
            "調",
            "키",
        ),
    ),
    "isrc": ("isrc",),
    "file": (
        "file name",
        "filename",
        "location",
        "dateiname",
        "nom de fichier",
        "nombre de archivo",
        "nome file",
        "ファイル名",
    ),
}
"""What its languages call the columns that are read; those that are missing here are found by their usual places."""
MEANS: Final = {called: column for column, names in NAMES.items() for called in names}
USUAL: Final = ("number", "", "title", "artist", "album", "", "bpm", "", "time", "key", "")
"""The columns that rekordbox shows until somebody changes them."""
OURS: Final = frozenset({"track title", "トラックタイトル"})
DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

Listed = tuple[int, Play]
"""A play that has no name yet, and its place in its list."""


def matches(head: bytes) -> bool:
    """Whether the first line names columns as rekordbox does."""
    first = decode(head).lstrip("\r\n").partition("\n")[0]
    cells = _names_of(first)
    marked = any(head.startswith(mark) for mark, encoding in BOMS if encoding.startswith("utf-16"))
    if len(cells) < 2 or "\ufffd" in first[:-1]:
        return False
    if cells[0] in NAMES["number"]:
        return "title" in _columns(cells) or len(cells) == len(USUAL)
    return any(cell in OURS for cell in cells) or (marked and {"title", "artist"} <= set(_columns(cells)))


def read(file: File) -> History:
    """Read a list; raises as the port says."""
    warnings, lines = Warnings(), lines_of(file)
    columns: Mapping[str, int] | None = None
    listed: list[Listed] = []
    for line, text in lines:
        if columns is None:
            columns = _found(text, line, warnings)
            continue
        entry = _entry(text.split("\t"), columns, len(listed) + 1)
        if entry is None:
            warnings.add(f"Line {line} has no track and was left out.")
            continue
        listed.append(entry)
        check_count(len(listed), f"line {line}")
    if columns is None:
        raise broken("line 1", "it names no columns")
    warnings.add("rekordbox exports the order of a history, not its times.")
    name = PurePosixPath(file.filename.replace("\\", "/")).stem
    plays = named(file, name, listed)
    return History(HistoryFormat.REKORDBOX_LIST, PlaySource.REKORDBOX, plays, warnings.all)


def named(file: File, name: str, listed: Sequence[Listed]) -> tuple[Play, ...]:
    """Name the plays of one list.

    Args:
        file: Where the list was found.
        name: What it is called, without a suffix.
        listed: Its plays and their places.
    """
    known = clean(name) or ""
    if not DATED.search(known):
        known = _digest(play for _, play in listed)
    place = replace(file, filename=known)
    found: dict[str, Play] = {}
    for position, play in listed:
        key = listed_key(place, position, play.title, play.artist)
        found.setdefault(key, replace(play, key=key))
    return tuple(found.values())


def _digest(plays: Iterable[Play]) -> str:
    digest = hashlib.sha256()
    for play in plays:
        digest.update(f"{play.title}\0{play.artist or ''}\n".casefold().encode("utf-8", "replace"))
    return digest.hexdigest()


def _names_of(line: str) -> list[str]:
    return [cell.strip().casefold() for cell in line.rstrip("\r").split("\t")]


def _columns(cells: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, cell in enumerate(cells):
        column = MEANS.get(cell)
        if column:
            found.setdefault(column, index)
    return found


def _found(text: str, line: int, warnings: Warnings) -> Mapping[str, int]:
    cells = _names_of(text)
    columns = _columns(cells)
    if "title" in columns or "file" in columns:
        return columns
    if len(cells) == len(USUAL):
        warnings.add("Its columns have names that are not known here; they were taken by rekordbox' usual order.")
        return {column: index for index, column in enumerate(USUAL) if column}
    raise broken(f"line {line}", "no column is known to be the title")


def _entry(cells: Sequence[str], columns: Mapping[str, int], position: int) -> Listed | None:
    def cell(column: str) -> str | None:
        index = columns.get(column)
        return cells[index] if index is not None and index < len(cells) else None

    title = clean(cell("title")) or title_of_path(cell("file"))
    place = position
    if "number" in columns:
        told = number(cell("number"))
        if told is None or not 1 <= told < 10_000_000:
            return None
        place = int(told)
    if title is None:
        return None
    length = cell("time")
    play = Play(
        key="",
        title=title,
        artist=clean(cell("artist")),
        album=clean(cell("album")),
        isrc=clean_code(cell("isrc")),
        duration_seconds=clean_seconds(seconds_of(length)) if length and ":" in length else None,
        bpm=clean_bpm(number(cell("bpm"))),
        musical_key=clean_key(cell("key")),
    )
    return place, play
