"""Playlists as every player writes them: what was played in which order, and nothing of when.

Serato's own export of a history is one of them, and says nothing by which it could be told from another's.
"""

from __future__ import annotations

import re
from typing import Final

from domain.errors import InvalidInput
from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import FIELD, File, Warnings, check_count, listed_key
from integrations.history.lines import lines_of
from integrations.history.texts import clean, clean_seconds, decode, number, split_name, title_of_path

INFO: Final = re.compile(r"#EXTINF:\s*(-?\d{1,7}(?:\.\d{1,6})?)?[^,]{0,2000},(.*)")
ALBUM: Final = "#EXTALB:"
ARTIST: Final = "#EXTART:"
STREAM: Final = "#EXT-X-"
SOUND: Final = re.compile(r"\.(?:mp3|m4a|aac|flac|wav|aiff?|ogg|opus|wma|alac|mp4|m4v|mov|tdl)$", re.IGNORECASE)


def matches(head: bytes) -> bool:
    """Whether its first line is that of a playlist, or its first lines are paths of sound files."""
    lines = [line.strip() for line in decode(head).splitlines() if line.strip()]
    if not lines:
        return False
    if lines[0].startswith(("#EXTM3U", "#EXTINF:")):
        return True
    whole = lines[:-1] if len(lines) > 1 and len(head) >= 4000 else lines
    paths = [line for line in whole if not line.startswith("#")]
    return bool(paths) and all(SOUND.search(path) for path in paths)


def read(file: File) -> History:
    """Read a playlist; the plays have no times.

    Raises:
        InvalidInput: It is a live stream's list, or has too many entries.
    """
    warnings = Warnings()
    warnings.add("A playlist tells the order of tracks and not when they were played.")
    plays: list[Play] = []
    told: dict[str, str] = {}
    length: float | None = None
    for at, line in lines_of(file):
        text = line.strip()
        if text.startswith(STREAM):
            raise InvalidInput(f"This is the list of a stream (line {at}), not of a set.", FIELD)
        if not text.startswith("#"):
            check_count(len(plays) + 1, f"line {at}")
            plays.append(_play(file, len(plays) + 1, text, told, length))
            told, length = {}, None
        elif found := INFO.match(text):
            told["name"], length = found[2], number(found[1])
        elif text.startswith((ALBUM, ARTIST)):
            told[text[: len(ALBUM)]] = text[len(ALBUM) :]
    if not plays:
        warnings.add("There is no track in this list.")
    return History(HistoryFormat.PLAIN_M3U, PlaySource.PLAYLIST, tuple(plays), warnings.all)


def _play(file: File, position: int, path: str, told: dict[str, str], length: float | None) -> Play:
    artist, title = split_name(told.get("name", ""))
    title = title or title_of_path(path) or "Unknown title"
    artist = artist or clean(told.get(ARTIST))
    return Play(
        key=listed_key(file, position, title, artist),
        title=title,
        artist=artist,
        album=clean(told.get(ALBUM)),
        duration_seconds=clean_seconds(length) or None,
    )
