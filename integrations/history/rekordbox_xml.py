"""rekordbox' collection as XML: histories that were made into lists.

The collection itself tells how often a track was played and perhaps when last, never each time: `PlayCount` and `LastPlayed`
make no play here, since a play is one track once. What counts are the lists that are histories: a list whose name is one that
rekordbox gives ("HISTORY 2024-05-01", "HISTORY 012"), and any list in a folder that is called "History" or "Histories". They
have an order and no times. Plays are named as in `rekordbox_list`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from domain.errors import InvalidInput
from domain.plays import History, HistoryFormat, Play, PlaySource
from integrations.history.bounds import FIELD, File, Warnings, broken, check_count
from integrations.history.elements import Elements, begins_with
from integrations.history.rekordbox_list import Listed, named
from integrations.history.texts import (
    clean,
    clean_bpm,
    clean_code,
    clean_key,
    clean_seconds,
    number,
    title_of_path,
)

ROOT: Final = "DJ_PLAYLISTS"
MAX_TRACKS: Final = 250_000
"""Of a collection. A file of the largest size allowed has no room for half as many real ones."""
HISTORY_LIST: Final = re.compile(r"histor(?:y|ies)\s+(?:\d{4}-\d{2}-\d{2}|\d{3})\b.*", re.IGNORECASE | re.DOTALL)
HISTORY_FOLDER: Final = re.compile(r"histor(?:y|ies)", re.IGNORECASE)
NONE: Final = (
    'This collection has no list of a history: in rekordbox, make a list of a history, leave its name as it is ("HISTORY '
    '2024-05-01"), and export again; or export the history itself as text.'
)
LIST: Final = "1"
BY_LOCATION: Final = "1"


def matches(head: bytes) -> bool:
    """Whether it begins as this XML does."""
    return begins_with(head, ROOT.encode())


def read(file: File) -> History:
    """Read the histories of a collection; raises as the port says."""
    collection = _Collection(file)
    lists, warnings = collection.read(), Warnings()
    plays: dict[str, Play] = {}
    for name, keys, by_location in lists:
        tracks = collection.by_location if by_location else collection.by_id
        listed: list[Listed] = []
        for position, key in enumerate(keys, 1):
            play = tracks.get(key) or _bare(key if by_location else None)
            if play is None:
                warnings.add(f'"{clean(name, 80)}" names a track that is not in the collection; it was left out.')
            else:
                listed.append((position, play))
        file.check_time()
        plays.update((play.key, play) for play in named(file, name, listed))
    if not lists:
        raise InvalidInput(NONE, FIELD)
    warnings.add("rekordbox exports the order of a history, not its times.")
    return History(HistoryFormat.REKORDBOX_XML, PlaySource.REKORDBOX, tuple(plays.values()), warnings.all)


def _bare(location: str | None) -> Play | None:
    title = title_of_path(location)
    return Play(key="", title=title) if title else None


class _Collection:
    """What one pass over the file finds."""

    def __init__(self, file: File) -> None:
        self.by_id: dict[str, Play] = {}
        self.by_location: dict[str, Play] = {}
        self._elements = Elements(file, ROOT)
        self._in_collection = False
        self._tracks = 0
        self._nodes: list[bool] = []
        """Of each node around, whether it is a history or lies in one."""
        self._lists: list[tuple[str, list[str], bool]] = []
        self._list: list[str] | None = None
        self._entries = 0

    def read(self) -> list[tuple[str, list[str], bool]]:
        """Give the histories: name, keys of tracks, and whether these are locations."""
        self._elements.walk(
            {"COLLECTION": self._collection, "TRACK": self._track, "NODE": self._node},
            {"COLLECTION": self._end_collection, "NODE": self._end_node},
        )
        return self._lists

    def _collection(self, attributes: Mapping[str, str]) -> None:
        self._in_collection = True

    def _end_collection(self) -> None:
        self._in_collection = False

    def _track(self, attributes: Mapping[str, str]) -> None:
        if self._in_collection:
            self._keep(attributes)
        elif self._list is not None and "Key" in attributes:
            self._entries += 1
            check_count(self._entries, self._elements.place)
            self._list.append(attributes["Key"])

    def _keep(self, told: Mapping[str, str]) -> None:
        self._tracks += 1
        if self._tracks > MAX_TRACKS:
            raise broken(self._elements.place, f"its collection has more than {MAX_TRACKS:,} tracks")
        location = told.get("Location")
        title = clean(told.get("Name")) or title_of_path(location)
        if title is None:
            return
        play = Play(
            key="",
            title=title,
            artist=clean(told.get("Artist")),
            album=clean(told.get("Album")),
            isrc=clean_code(told.get("ISRC")),
            duration_seconds=clean_seconds(number(told.get("TotalTime"))) or None,
            bpm=clean_bpm(number(told.get("AverageBpm"))),
            musical_key=clean_key(told.get("Tonality")),
        )
        if "TrackID" in told:
            self.by_id.setdefault(told["TrackID"], play)
        if location:
            self.by_location.setdefault(location, play)

    def _node(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("Name", "").strip()
        inside = bool(self._nodes) and self._nodes[-1]
        is_list = attributes.get("Type") == LIST
        self._nodes.append(inside or (not is_list and bool(HISTORY_FOLDER.fullmatch(name))))
        self._list = None
        if is_list and (inside or HISTORY_LIST.fullmatch(name)):
            check_count(len(self._lists), self._elements.place)
            self._list = []
            self._lists.append((name[:300], self._list, attributes.get("KeyType") == BY_LOCATION))

    def _end_node(self) -> None:
        if self._nodes:
            self._nodes.pop()
        self._list = None
