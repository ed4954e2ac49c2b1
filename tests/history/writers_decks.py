"""Files as rekordbox, Traktor, VirtualDJ and Engine DJ write them, made from what is known of the formats and not from their readers."""

import sqlite3
import time
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.errors import InvalidInput
from integrations.history.bounds import File
from integrations.history.read import HistoryFiles

BERLIN = ZoneInfo("Europe/Berlin")
USUAL_COLUMNS = "#\tArtwork\tTrack Title\tArtist\tAlbum\tGenre\tBPM\tRating\tTime\tKey\tDate Added"


def wall(text):
    """A moment on a clock on the wall, such as 2024-05-01 22:00:05."""
    return datetime.fromisoformat(text)


TEN = wall("2024-05-01 22:00")


@dataclass(frozen=True)
class Played:
    """A track that was played, with its start on the wall; a file of its own unless a path is given."""

    title: str
    artist: str = ""
    album: str = ""
    start: datetime = TEN
    seconds: float = 240.5
    deck: int = 1
    audible: bool = True
    length: int = 300
    bpm: float = 124.0
    key: int = 22
    path: str = ""

    def __post_init__(self):
        if not self.path:
            object.__setattr__(self, "path", f"Macintosh HD/:Users/:dj/:{self.title.replace('/', '_')}.mp3")


def night(count, *, start="2024-05-01 20:00"):
    """So many plays, four minutes apart or less, all different."""
    gap = min(240, 80_000 // count) or 1
    return [
        Played(
            f"Title {n}",
            f"Artist {n % 97}",
            f"Album {n % 31}",
            wall(start) + timedelta(seconds=n * gap),
            deck=n % 2 + 1,
            path=f"Macintosh HD/:Users/:dj/:Music/:Artist {n % 97} - Title {n}.mp3",
        )
        for n in range(count)
    ]


def read(content, filename="history", zone=BERLIN):
    """Read a file as the platform does."""
    return HistoryFiles().read(content, filename=filename, zone=zone)


def a_file(content, filename="history", zone=BERLIN, seconds=30.0):
    return File(content, filename, zone, time.monotonic() + seconds)


def refusal_of(reader, file):
    """Why a reader refuses a file; None when it does not."""
    try:
        reader.read(file)
    except InvalidInput as refused:
        return refused.message
    return None


def rekordbox_text(plays, *, columns=USUAL_COLUMNS, encoding="utf-16-le", bom="\ufeff", newline="\r\n"):
    rows = [columns]
    for number, play in enumerate(plays, 1):
        length = f"{play.length // 60:02}:{play.length % 60:02}"
        cells = (number, "", play.title, play.artist, play.album, "House", f"{play.bpm:.2f}", "     ", length, "5A")
        rows.append("\t".join(map(str, (*cells, "2024-01-02"))))
    return (bom + newline.join([*rows, ""])).encode(encoding)


def rekordbox_collection(tracks, nodes, *, by_location=False):
    """The collection's XML.

    Args:
        tracks: What the collection holds, numbered from 1.
        nodes: Names of lists and the numbers of what is in them; a nested dictionary is a folder.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "", '<DJ_PLAYLISTS Version="1.0.0">']
    lines += [
        '<PRODUCT Name="rekordbox" Version="7.0.4" Company="AlphaTheta"/>',
        f'<COLLECTION Entries="{len(tracks)}">',
    ]
    for number, track in enumerate(tracks, 1):
        lines.append(
            f'<TRACK TrackID="{number}" Name={quoteattr(track.title)} Artist={quoteattr(track.artist)}'
            f' Album={quoteattr(track.album)} Kind="MP3 File" TotalTime="{track.length}" AverageBpm="{track.bpm:.2f}"'
            f' PlayCount="3" LastPlayed="2024-05-01" Location="file://localhost/a/{number}.mp3" Tonality="Dm">'
            f'<TEMPO Inizio="0.025" Bpm="{track.bpm:.2f}" Metro="4/4" Battito="1"/></TRACK>'
        )
    lines += [
        "</COLLECTION>",
        "<PLAYLISTS>",
        *_nodes({"ROOT": nodes}, by_location),
        "</PLAYLISTS>",
        "</DJ_PLAYLISTS>",
        "",
    ]
    return "\n".join(lines).encode()


def _nodes(nodes, by_location):
    for name, inside in nodes.items():
        if isinstance(inside, dict):
            yield f'<NODE Type="0" Name={quoteattr(name)} Count="{len(inside)}">'
            yield from _nodes(inside, by_location)
        else:
            yield f'<NODE Type="1" Name={quoteattr(name)} KeyType="{int(by_location)}" Entries="{len(inside)}">'
            for number in inside:
                key = f"file://localhost/a/{number}.mp3" if by_location else number
                yield f'<TRACK Key="{key}"/>'
        yield "</NODE>"


def traktor_history(plays, *, tracks=None):
    """A history: `tracks` is the collection, that of the plays unless something else is given."""
    collection = {play.path: play for play in (plays if tracks is None else tracks)}
    lines = ['<?xml version="1.0" encoding="UTF-8" standalone="no" ?>', '<NML VERSION="19">']
    lines += ['<HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor"></HEAD>']
    lines += [f'<COLLECTION ENTRIES="{len(collection)}">']
    for play in collection.values():
        volume, *folders, name = play.path.split("/:")
        folder = "/:" + "".join(f"{part}/:" for part in folders)
        lines.append(
            f"<ENTRY TITLE={quoteattr(play.title)} ARTIST={quoteattr(play.artist)}>"
            f"<LOCATION DIR={quoteattr(folder)} FILE={quoteattr(name)} VOLUME={quoteattr(volume)} VOLUMEID='x'></LOCATION>"
            f"<ALBUM TITLE={quoteattr(play.album)}></ALBUM>"
            f'<INFO BITRATE="320000" KEY="8m" PLAYTIME="{play.length}" PLAYTIME_FLOAT="{play.length}.000000"></INFO>'
            f'<TEMPO BPM="{play.bpm:.6f}"></TEMPO><MUSICAL_KEY VALUE="{play.key}"></MUSICAL_KEY>'
            '<CUE_V2 NAME="n.n." TYPE="0" START="51.917374"></CUE_V2></ENTRY>'
        )
    lines += ['</COLLECTION><SETS ENTRIES="0"></SETS><PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="1">']
    lines += [f'<NODE TYPE="PLAYLIST" NAME="HISTORY"><PLAYLIST ENTRIES="{len(plays)}" TYPE="PROTOCOL">']
    for play in plays:
        day = play.start.year << 16 | play.start.month << 8 | play.start.day
        second = play.start.hour * 3600 + play.start.minute * 60 + play.start.second
        lines.append(
            f'<ENTRY><PRIMARYKEY TYPE="TRACK" KEY={quoteattr(play.path)}></PRIMARYKEY><EXTENDEDDATA DECK="{play.deck - 1}"'
            f' DURATION="{play.seconds:.6f}" EXTENDEDTYPE="HistoryData" PLAYEDPUBLIC="{int(play.audible)}"'
            f' STARTDATE="{day}" STARTTIME="{second}"></EXTENDEDDATA></ENTRY>'
        )
    lines += ["</PLAYLIST></NODE></SUBNODES></NODE></PLAYLISTS><INDEXING></INDEXING></NML>", ""]
    return "\n".join(lines).encode()


def virtualdj_list(plays, *, zone=BERLIN, last=True, clock=True, unit=1):
    """A day's list; `last` and `clock` say which of the two times it has, `unit` is 1000 for milliseconds."""
    lines = ["#EXTM3U"]
    for play in plays:
        moment = int(play.start.replace(tzinfo=zone).timestamp()) * unit
        tags = f"<time>{play.start:%H:%M}</time>" if clock else ""
        tags += f"<lastplaytime>{moment}</lastplaytime>" if last else ""
        tags += f"<filesize>1234</filesize><artist>{play.artist}</artist><title>{play.title}</title>"
        lines += [f"#EXTVDJ:{tags}<songlength>{play.length}.0</songlength>", f"C:\\Music\\{play.path[-200:]}"]
    return "\r\n".join([*lines, ""]).encode()


TRACK_TABLE = (
    "CREATE TABLE Track (id INTEGER PRIMARY KEY AUTOINCREMENT, playOrder INTEGER, length INTEGER, bpm INTEGER, year INTEGER,"
    " path TEXT, filename TEXT, bitrate INTEGER, bpmAnalyzed REAL, title TEXT, artist TEXT, album TEXT, genre TEXT,"
    " key INTEGER, rating INTEGER, isAnalyzed BOOLEAN, originDatabaseUuid TEXT, originTrackId INTEGER)"
)
LIST_TABLE = (
    "CREATE TABLE Historylist (id INTEGER PRIMARY KEY AUTOINCREMENT, sessionId INTEGER, title TEXT, startTime DATETIME,"
    " timezone TEXT, originDriveName TEXT, originDatabaseId TEXT, originListId INTEGER, isDeleted BOOLEAN, editTime DATETIME)"
)
ENTRY_TABLE = "CREATE TABLE HistorylistEntity (id INTEGER PRIMARY KEY AUTOINCREMENT, listId INTEGER, trackId INTEGER, startTime DATETIME)"


def engine_database(lists, *, zone=BERLIN, first_id=1, more=()):
    """A hm.db.

    Args:
        lists: The plays of each list by its title.
        first_id: The number of the first track in this file.
        more: Statements for the end.
    """
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("BEGIN")
    for table in (TRACK_TABLE, LIST_TABLE, ENTRY_TABLE):
        database.execute(table)
    track = first_id - 1
    for in_list, (title, plays) in enumerate(lists.items(), 1):
        moments = [int(play.start.replace(tzinfo=zone).timestamp()) for play in plays]
        first = moments[0] if moments else None
        database.execute(
            "INSERT INTO Historylist (id, title, startTime, isDeleted) VALUES (?, ?, ?, 0)", (in_list, title, first)
        )
        for play, moment in zip(plays, moments, strict=True):
            track += 1
            database.execute(
                "INSERT INTO Track (id, length, path, bpmAnalyzed, title, artist, album, key, originDatabaseUuid, originTrackId)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    track,
                    play.length,
                    play.path,
                    play.bpm,
                    play.title,
                    play.artist,
                    play.album,
                    23,
                    "d-1",
                    7000 + track - first_id,
                ),
            )
            database.execute(
                "INSERT INTO HistorylistEntity (listId, trackId, startTime) VALUES (?, ?, ?)", (in_list, track, moment)
            )
    database.execute("COMMIT")
    for statement in more:
        database.execute(statement)
    content = database.serialize()
    database.close()
    return content


def _names():
    letters = st.characters(categories=("L", "N", "P", "S"), exclude_characters="<>&\ufffd#")
    word = st.text(letters, min_size=1, max_size=12)
    return st.lists(word, min_size=1, max_size=4).map(lambda words: unicodedata.normalize("NFC", " ".join(words)))


NAMES = _names()
"""Names that every format can hold as they are: words of any letters with single blanks between."""


@st.composite
def nights(draw):
    """Plays of one night in their order, each with a path of its own."""
    start, plays = wall("2024-06-01 18:00") + timedelta(seconds=draw(st.integers(0, 3600))), []
    for number in range(draw(st.integers(1, 12))):
        start += timedelta(seconds=draw(st.integers(20, 1200)))
        plays.append(
            Played(
                draw(NAMES),
                draw(NAMES),
                draw(NAMES),
                start,
                seconds=draw(st.integers(0, 3600)) / 2,
                deck=draw(st.integers(1, 4)),
                audible=draw(st.booleans()),
                length=draw(st.integers(1, 3599)),
                bpm=draw(st.integers(60, 200)) * 1.0,
                key=draw(st.integers(0, 23)),
                path=f"Disk/:Music/:{number}.mp3",
            )
        )
    return plays
