"""rekordbox' two forms of a history: a table in a text file, and lists within the collection's XML."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from integrations.history import rekordbox_list, rekordbox_xml, serato_lists
from integrations.history.bounds import File
from tests.history.writers_decks import (
    BERLIN,
    USUAL_COLUMNS,
    Played,
    a_file,
    night,
    nights,
    read,
    refusal_of,
    rekordbox_collection,
    rekordbox_text,
)

NAME = "HISTORY 2024-05-01"
JAPANESE = "#\tアートワーク\tトラックタイトル\tアーティスト\tアルバム\tジャンル\tBPM\tレーティング\t時間\tキー\t追加日"
GERMAN = "#\tArtwork\tTitel\tInterpret\tAlbum\tGenre\tBPM\tBewertung\tZeit\tTonart\tHinzugefügt am"
FINNISH = "#\tKansikuva\tKappaleen nimi\tEsittäjä\tLevy\tTyylilaji\tBPM\tArvio\tKesto\tSävellaji\tLisätty"


def titles(history):
    return [play.title for play in history.plays]


def test_a_list_has_an_order_and_no_times():
    play = Played("Ünder", "Someone", "Somewhere", length=361, bpm=126.0)
    history = read(rekordbox_text([play, Played("B")]), f"{NAME}.txt")
    assert (history.format, history.source) == (HistoryFormat.REKORDBOX_LIST, PlaySource.REKORDBOX)
    first = history.plays[0]
    assert (first.title, first.artist, first.album) == ("Ünder", "Someone", "Somewhere")
    assert (first.duration_seconds, first.bpm, first.musical_key) == (361, 126, "5A")
    assert (first.started_at, first.ended_at, first.played_seconds, first.audible, first.deck) == (None,) * 5
    assert titles(history) == ["Ünder", "B"]
    assert "not its times" in history.warnings[0]
    assert not history.local_times


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff"), ("utf-8", ""), ("utf-8", "\ufeff"), ("cp1252", "")],
)
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_encodings(encoding, bom, newline):
    content = rekordbox_text([Played("Café", "Zoë")], encoding=encoding, bom=bom, newline=newline)
    assert [(play.title, play.artist) for play in read(content, "a.txt").plays] == [("Café", "Zoë")]


@pytest.mark.parametrize("columns", [USUAL_COLUMNS, JAPANESE, GERMAN])
def test_columns_in_other_languages(columns):
    history = read(rekordbox_text(night(3), columns=columns), "a.txt")
    assert titles(history) == ["Title 0", "Title 1", "Title 2"]
    assert (history.plays[1].artist, history.plays[1].duration_seconds, history.plays[1].musical_key) == (
        "Artist 1",
        300,
        "5A",
    )
    assert len(history.warnings) == 1


def test_columns_with_unknown_names_are_taken_by_their_usual_place():
    history = read(rekordbox_text(night(2), columns=FINNISH), "a.txt")
    assert (titles(history), history.plays[1].artist) == (["Title 0", "Title 1"], "Artist 1")
    assert "usual order" in history.warnings[0]


def test_unknown_names_in_another_number_are_refused():
    content = rekordbox_text(night(1), columns="#\tKappaleen nimi\tEsittäjä")
    with pytest.raises(InvalidInput, match="line 1: no column"):
        rekordbox_list.read(a_file(content))
    assert not rekordbox_list.matches(content[:4096])


def test_other_columns_in_another_order():
    content = "Artist\tKey\tTrack Title\tISRC\tTime\n\tA\tB\n".encode("utf-16")
    (play,) = read(content, "a.txt").plays
    assert (play.title, play.artist, play.musical_key, play.isrc, play.duration_seconds) == ("B", None, "A", None, None)
    content = "Artist\tKey\tTrack Title\tISRC\tTime\nX\t8A\tB\tGB-AYE-06-00001\t1:02:03\n".encode("utf-16")
    (play,) = read(content, "a.txt").plays
    assert (play.artist, play.isrc, play.duration_seconds) == ("X", "GBAYE0600001", 3723)


def test_rows_that_are_none_are_left_out():
    content = rekordbox_text(night(2)) + "the second half of a comment\n3\t\t\tNobody\n4\t\tLast\n".encode("utf-16-le")
    history = read(content, "a.txt")
    assert titles(history) == ["Title 0", "Title 1", "Last"]
    assert [warning for warning in history.warnings if "left out" in warning] == [
        "Line 4 has no track and was left out.",
        "Line 5 has no track and was left out.",
    ]


@pytest.mark.parametrize(
    "head", [b"name\tartist\tstart time\n", b"#EXTM3U\n", b"Hello\tWorld\n", b"", b"<NML>", b"#\ta"]
)
def test_what_is_no_list_of_rekordbox(head):
    assert not rekordbox_list.matches(head)


def test_seratos_readers_leave_them_alone():
    assert not serato_lists.matches(rekordbox_collection([], {})[:4096])


@settings(max_examples=25, deadline=None)
@given(plays=nights())
def test_what_was_written_is_read(plays):
    found = read(rekordbox_text(plays), f"{NAME}.txt").plays
    told = [(play.title, play.artist, play.album, play.duration_seconds, play.bpm) for play in found]
    assert told == [(play.title, play.artist, play.album, play.length, play.bpm) for play in plays]
    lists = {NAME: list(range(1, len(plays) + 1))}
    assert [play.key for play in read(rekordbox_collection(plays, lists)).plays] == [play.key for play in found]


def test_keys_stay_when_a_dated_list_grows():
    short = read(rekordbox_text(night(4)), f"{NAME}.txt").plays
    long = read(rekordbox_text(night(9)), f"{NAME}.txt").plays
    assert [play.key for play in short] == [play.key for play in long[:4]]
    other = read(rekordbox_text(night(4)), f"{NAME} (1).txt").plays
    assert not {play.key for play in other} & {play.key for play in long}


def test_lists_of_one_name_without_a_date_are_told_apart():
    first = read(rekordbox_text([Played("A"), Played("B")]), "playlist.txt").plays
    second = read(rekordbox_text([Played("A"), Played("C")]), "playlist.txt").plays
    assert not {play.key for play in first} & {play.key for play in second}
    assert [play.key for play in first] == [
        play.key for play in read(rekordbox_text([Played("A"), Played("B")]), "x.txt").plays
    ]


def test_a_cut_list_is_read_as_far_as_it_goes():
    content = rekordbox_text(night(3))
    for end in range(len(content)):
        message = refusal_of(rekordbox_list, a_file(content[:end], f"{NAME}.txt"))
        assert message is None or "line 1" in message
    assert len(read(content, f"{NAME}.txt").plays) == 3


def test_time_is_bounded():
    for reader, content in ((rekordbox_list, rekordbox_text(night(3))), (rekordbox_xml, rekordbox_collection([], {}))):
        with pytest.raises(InvalidInput, match="too long"):
            reader.read(File(content, "a", BERLIN, 0.0))


def test_an_endless_row_is_refused():
    with pytest.raises(InvalidInput, match="line 2: it has more than"):
        read(rekordbox_text([Played("A" * 100_000)]), "a.txt")


def test_histories_of_a_collection():
    tracks = [*night(3), Played("Ünder & Over", 'The "Who"', "<Best>", length=200, bpm=99.5)]
    nodes = {
        NAME: [4, 1, 4],
        "House": [2],
        "History of House": [2],
        "Sets": {"HISTORY 2024-05-02 (2)": [3], "Warm up": [1]},
        "Histories": {"2023": {"My birthday": [2, 3]}},
    }
    history = read(rekordbox_collection(tracks, nodes))
    assert (history.format, history.source) == (HistoryFormat.REKORDBOX_XML, PlaySource.REKORDBOX)
    assert titles(history) == ["Ünder & Over", "Title 0", "Ünder & Over", "Title 2", "Title 1", "Title 2"]
    first = history.plays[0]
    assert (first.artist, first.album, first.duration_seconds, first.bpm, first.musical_key) == (
        ('The "Who"', "<Best>", 200, 99.5, "Dm")
    )
    assert {play.started_at for play in history.plays} == {None}
    assert len({play.key for play in history.plays}) == 6


def test_tracks_may_be_named_by_their_place_on_the_disk():
    tracks, nodes = night(3), {NAME: [3, 1]}
    by_number, by_location = (read(rekordbox_collection(tracks, nodes, by_location=way)) for way in (False, True))
    assert by_number == by_location
    lost = rekordbox_collection([], nodes, by_location=True)
    assert titles(read(lost)) == ["3", "1"]


def test_an_entry_without_a_track_is_left_out():
    history = read(rekordbox_collection(night(1), {NAME: [7, 1]}))
    assert titles(history) == ["Title 0"]
    assert "not in the collection" in history.warnings[0]


def test_a_collection_without_histories_is_refused():
    with pytest.raises(InvalidInput, match="no list of a history") as refused:
        read(rekordbox_collection(night(3), {"House": [1, 2], "Sets": {"Old": [1]}}))
    assert refused.value.field == ("file",)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            b'<!DOCTYPE DJ_PLAYLISTS [<!ENTITY a "b">]><DJ_PLAYLISTS>&a;</DJ_PLAYLISTS>',
            "line 1: it declares a document type",
        ),
        (b'\n<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">\n<DJ_PLAYLISTS/>', "line 2: it declares a document type"),
        (b"<DJ_PLAYLISTS><PLAYLISTS>" + b'<NODE Type="0" Name="a">' * 100, "deep"),
        (b'<DJ_PLAYLISTS><COLLECTION><TRACK Name="' + b"a" * 10_000_000 + b'"/>', "a tag has more"),
        (b"<DJ_PLAYLISTS>\n<COLLECTION>", "line 2: no element found"),
    ],
)
def test_hostile_xml_is_refused(content, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        read(content)


def test_too_many_plays_are_refused():
    content = rekordbox_collection(night(1), {NAME: [1, 1, 1]}).replace(
        b'<TRACK Key="1"/>\n' * 3, b'<TRACK Key="1"/>' * 100_001
    )
    with pytest.raises(InvalidInput, match="more than 100,000 plays"):
        read(content)


def test_xml_cut_anywhere_is_refused():
    content = rekordbox_collection(night(2), {NAME: [1, 2]}).rstrip()
    for end in range(len(content)):
        with pytest.raises(InvalidInput, match="line "):
            rekordbox_xml.read(a_file(content[:end]))
    assert len(rekordbox_xml.read(a_file(content)).plays) == 2


def test_nodes_may_close_in_any_number():
    content = rekordbox_collection([replace(Played("A"), title="")], {NAME: [1]})
    assert titles(read(content)) == ["1"]
