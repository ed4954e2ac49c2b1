"""The columns of Serato's exports: which there are, and in what order, is what the DJ made visible, in the DJ's language."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

NAMES: Final = {
    "name": (
        "name",
        "song",
        "title",
        "track",
        "song name",
        "track name",
        "nombre",
        "canción",
        "título",
        "nom",
        "titre",
        "titel",
        "nome",
        "titolo",
        "nazwa",
        "navn",
        "namn",
        "nimi",
        "名前",
        "曲名",
        "名称",
        "歌曲",
        "이름",
        "название",
    ),
    "artist": (
        "artist",
        "artista",
        "artiste",
        "künstler",
        "interpret",
        "kunstner",
        "artiest",
        "wykonawca",
        "アーティスト",
        "艺术家",
        "演出者",
        "아티스트",
        "исполнитель",
    ),
    "album": (
        "album",
        "álbum",
        "アルバム",
        "专辑",
        "專輯",
        "앨범",
        "альбом",
    ),
    "start": (
        "start time",
        "start",
        "startzeit",
        "starttijd",
        "starttid",
        "hora de inicio",
        "hora de início",
        "heure de début",
        "début",
        "ora di inizio",
        "inizio",
        "開始時刻",
        "開始時間",
        "开始时间",
        "시작 시간",
        "время начала",
    ),
    "end": (
        "end time",
        "end",
        "endzeit",
        "eindtijd",
        "sluttid",
        "hora de fin",
        "hora de finalización",
        "hora de término",
        "heure de fin",
        "ora di fine",
        "終了時刻",
        "終了時間",
        "结束时间",
        "結束時間",
        "종료 시간",
        "время окончания",
    ),
    "played": (
        "playtime",
        "play time",
        "time played",
        "spielzeit",
        "spieldauer",
        "speeltijd",
        "speltid",
        "tiempo de reproducción",
        "tempo de reprodução",
        "tempo di riproduzione",
        "temps de lecture",
        "durée de lecture",
        "再生時間",
        "播放时间",
        "播放時間",
        "재생 시간",
        "время воспроизведения",
    ),
    "deck": (
        "deck",
        "plato",
        "platine",
        "prato",
        "piatto",
        "デッキ",
        "唱盘",
        "데크",
        "дека",
    ),
    "bpm": ("bpm",),
    "key": (
        "key",
        "tonart",
        "tonalidad",
        "tonalité",
        "tonalidade",
        "tonalità",
        "キー",
        "调",
        "調",
        "키",
    ),
    "length": (
        "length",
        "länge",
        "duración",
        "durée",
        "duração",
        "durata",
        "長さ",
        "时长",
        "길이",
    ),
    "isrc": ("isrc",),
    "location": (
        "location",
        "filename",
        "file name",
        "file path",
    ),
}


def folded(text: str) -> str:
    """A heading without case, accents and needless blanks."""
    plain = unicodedata.normalize("NFKD", text[:100].strip().strip('"').casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[\s_]+", " ", unicodedata.normalize("NFC", bare)).strip(" :")


COLUMNS: Final = {folded(name): column for column, names in NAMES.items() for name in names}
OF_PLAYS: Final = frozenset(("start", "end", "played"))
"""What only a history has."""


def columns_of(headings: list[str]) -> dict[str, int] | None:
    """Find where each column is.

    Args:
        headings: The cells of the first line.

    Returns:
        Column to place, the first of two alike; None when these are not the headings of a history: a name, and beside it when
        or how long it was played, or else the artist on its own.
    """
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        column = COLUMNS.get(folded(heading))
        if column:
            places.setdefault(column, place)
    listed = headings and folded(headings[0]) == "name" and "artist" in places
    return places if "name" in places and (OF_PLAYS & places.keys() or listed) else None
