"""What a file is, its content says and never its name; and lists that say only an order."""

import pytest

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from tests.history import writers_decks as decks
from tests.history.writers_serato import comma_list, database, session, tab_list

BEGAN = 1_760_000_000
PLAYED = [decks.Played("Roygbiv", "Boards of Canada")]
PLAYLIST = """#EXTM3U
#EXTINF:150,Boards of Canada - Roygbiv
/Users/dj/Music/Roygbiv.mp3

#EXTALB:Drukqs
#EXTART:Aphex Twin
#EXTINF:-1,Avril 14th
C:\\Music\\Avril 14th.flac
/Users/dj/Music/03 Olson.m4a
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    headings, cells = ("name", "artist", "start time"), ("Roygbiv", "Boards of Canada", "22:55:03")
    return {
        HistoryFormat.SERATO_SESSION: session(
            [{"row": 1, "session": 1, "title": "Roygbiv", "start": BEGAN, "deck": 1}]
        ),
        HistoryFormat.SERATO_DATABASE: database(
            tmp_path_factory.mktemp("library"), [{"name": "Roygbiv", "start_time": BEGAN}]
        ),
        HistoryFormat.SERATO_CSV: comma_list(headings, [cells]),
        HistoryFormat.SERATO_TEXT: tab_list(headings, [cells]),
        HistoryFormat.PLAIN_M3U: PLAYLIST.encode(),
        HistoryFormat.REKORDBOX_LIST: decks.rekordbox_text(PLAYED),
        HistoryFormat.TRAKTOR_NML: decks.traktor_history(PLAYED),
        HistoryFormat.VIRTUALDJ_M3U: decks.virtualdj_list(PLAYED),
        HistoryFormat.ENGINE_DATABASE: decks.engine_database({"A set": PLAYED}),
    }


@pytest.mark.parametrize("suffix", ["session", "csv", "txt", "m3u8", "sqlite", "nml", "xml", "exe"])
def test_names_do_not_tell_what_a_file_is(read, files, suffix):
    for kind, content in files.items():
        history = read(content, filename=f"2024-05-31.{suffix}")
        assert history.format == kind
        assert history.plays[0].title == "Roygbiv"


@pytest.mark.parametrize(
    "content",
    [
        b"\0",
        b"hello",
        b"\xff" * 5000,
        b"PK\x03\x04" + bytes(100),
        b"%PDF-1.7",
        b"name,price\r\nbread,3\r\n",
        b"artist,album\r\na,b\r\n",
        b"<html><body>history</body></html>",
        b"ID3\x04" + bytes(500),
        b"{}",
        "Лист".encode("utf-16"),
    ],
)
def test_what_is_no_history_is_refused(read, content):
    with pytest.raises(InvalidInput) as refused:
        read(content)
    assert refused.value.field == ("file",)


def test_nothing_and_too_much(histories, read):
    with pytest.raises(InvalidInput, match="empty"):
        read(b"")
    with pytest.raises(InvalidInput, match="64 MB"):
        read(b"vrsn" + bytes(64 * 1024 * 1024))


def test_a_playlist_has_an_order_and_no_times(read):
    history = read(PLAYLIST.encode(), filename="Friday.m3u")
    assert (history.format, history.source, history.local_times) == (
        HistoryFormat.PLAIN_M3U,
        PlaySource.PLAYLIST,
        False,
    )
    assert [(play.title, play.artist, play.album, play.duration_seconds) for play in history.plays] == [
        ("Roygbiv", "Boards of Canada", None, 150),
        ("Avril 14th", "Aphex Twin", "Drukqs", None),
        ("03 Olson", None, None, None),
    ]
    assert {play.started_at for play in history.plays} == {None}
    assert "order" in history.warnings[0]


def test_a_list_that_has_grown_keeps_its_names(read):
    before = read(PLAYLIST.encode(), filename="Friday.m3u").plays
    after = read((PLAYLIST + "/Users/dj/Music/Kid.mp3\n").encode("utf-16"), filename="folder/friday.m3u").plays
    assert [play.key for play in after[:3]] == [play.key for play in before]
    other = read(PLAYLIST.encode(), filename="Saturday.m3u").plays
    assert not {play.key for play in other} & {play.key for play in before}


def test_a_track_twice_in_a_list_is_two_plays(read):
    twice = read(b"#EXTM3U\na.mp3\na.mp3\n").plays
    assert len({play.key for play in twice}) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_lists_of_all_encodings(read, encoding):
    content = "#EXTM3U\r\n#EXTINF:9,Björk - Jóga\r\nJóga.mp3\r\n".encode(encoding)
    assert [(play.artist, play.title) for play in read(content).plays] == [("Björk", "Jóga")]


def test_paths_alone_are_a_list(read):
    assert [play.title for play in read(b"/a/Roygbiv.mp3\r\n\r\nD:\\b\\Olson.AIFF\r\n").plays] == ["Roygbiv", "Olson"]
    with pytest.raises(InvalidInput):
        read(b"/a/Roygbiv.mp3\r\n/a/diary.docx\r\n")


def test_the_list_of_a_stream_is_refused(read):
    with pytest.raises(InvalidInput, match="line 2"):
        read(b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nsegment0.ts\n")
