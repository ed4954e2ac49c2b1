"""Session files: real ones, and ones that we wrote from the description of the format."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from tests.history.writers_serato import chunk, entry, field, session, version

BEGAN = 1_700_000_000
ROW = {
    "row": 7, "title": "Roygbiv", "artist": "Boards of Canada", "bpm": 84, "start": BEGAN, "end": BEGAN + 150, "deck": 2,
    "seconds": 150, "session": 3, "played": 1, "key": "Am", "updated": BEGAN + 151,
}  # fmt: skip
NAME = st.text("abcdXYZ 019éÅñ漢字アЖع'&-().", min_size=1, max_size=40).map(lambda text: " ".join(text.split()) or "x")


def unix(moment):
    return int(moment.timestamp()) if moment else None


def facts(play):
    return (
        play.artist, play.title, int(play.bpm or 0), unix(play.started_at), unix(play.ended_at), play.deck, play.played_seconds,
        play.audible, play.musical_key,
    )  # fmt: skip


def test_a_long_set_on_a_mac(read, real):
    content = real("mac_History_Sessions_1.")
    history = read(content)
    assert content.count(b"oent") == 16, "each row is in it twice"
    assert (history.format, history.source, history.warnings) == (HistoryFormat.SERATO_SESSION, PlaySource.SERATO, ())
    assert len(history.plays) == 8
    assert facts(history.plays[0]) == (
        "LĪVE", "10,000 Years (Peace Is Now)", 120, 1612643898, 1612644007, 1, 109, True, "D#m",
    )  # fmt: skip
    assert facts(history.plays[-1]) == ("LĪVE", "All I Need", 120, 1612646001, 1612646097, 1, 96, True, "Em")
    assert [play.started_at for play in history.plays] == sorted(play.started_at for play in history.plays)
    assert history.plays[3].deck == 2, "the only one that began on the other deck before it was sorted"
    assert not history.local_times


def test_tracks_without_tags(read, real):
    plays = read(real("mac_History_Sessions_66")).plays
    assert [play.artist for play in plays] == [None] * 5
    assert [play.title for play in plays][2:4] == ["Sing The Song (Laprock)", "4seasons"]
    assert [play.bpm for play in plays] == [None] * 5, "0 is unknown"


def test_times_of_eight_bytes_on_windows(read, real):
    plays = read(real("win_History_Sessions_1")).plays
    assert len(plays) == 3
    assert unix(plays[0].started_at) == 1621816540
    assert facts(plays[-1])[:2] + facts(plays[-1])[3:7] == ("Bio Unit", "Heaven", 1621816677, 1621816836, 1, 159)


def test_what_was_written_is_read(read):
    for wide in (False, True):
        (play,) = read(session([ROW], wide=wide)).plays
        assert facts(play) == ("Boards of Canada", "Roygbiv", 84, BEGAN, BEGAN + 150, 2, 150, True, "Am")
        assert play.updated_at == datetime.fromtimestamp(BEGAN + 151, UTC)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "title": NAME,
                "start": st.integers(BEGAN, BEGAN + 100_000),
                "deck": st.integers(1, 4),
                "session": st.integers(1, 3),
                "row": st.integers(1, 2**32 - 1),
                "played": st.integers(0, 1),
            },
            optional={
                "artist": NAME,
                "album": NAME,
                "seconds": st.integers(0, 43_200),
                "key": st.text("ABm#", max_size=3),
            },
        ),
        max_size=8,
        unique_by=lambda row: (row["session"], row["row"]),
    ),
    wide=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_whatever_was_written_is_read(read, rows, wide):
    plays = read(session(rows, wide=wide)).plays
    heard = any(row["played"] for row in rows)

    def told(row):
        played = bool(row["played"]) if heard else None
        return (
            row["start"], row["deck"], row["title"], row.get("artist"), row.get("album"), row.get("seconds"),
            row.get("key") or None, played,
        )  # fmt: skip

    got = [
        (unix(play.started_at), play.deck, play.title, play.artist, play.album, play.played_seconds, play.musical_key, play.audible)
        for play in plays
    ]  # fmt: skip
    assert sorted(map(repr, got)) == sorted(repr(told(row)) for row in rows)
    assert [moment for moment, *_ in got] == sorted(row["start"] for row in rows)
    assert len({play.key for play in plays}) == len(rows)


def test_of_two_versions_of_a_row_the_later_one_counts(read):
    early = {**ROW, "end": None, "seconds": None, "updated": BEGAN, "played": 0}
    for rows in ([early, ROW], [ROW, early]):
        (play,) = read(session(rows)).plays
        assert (play.played_seconds, play.audible) == (150, True)
    (before,) = read(session([early])).plays
    assert before.ended_at is None
    assert before.key == play.key, "a row that was completed is the same play"


def test_of_two_versions_of_one_second_the_one_further_down_counts(read):
    (play,) = read(session([{**ROW, "title": "Before"}, {**ROW, "title": "After"}])).plays
    assert play.title == "After"


def test_the_same_row_of_another_session_is_another_play(read):
    plays = read(session([ROW, {**ROW, "session": 4, "title": "Olson"}])).plays
    assert sorted(play.title for play in plays) == ["Olson", "Roygbiv"]
    assert len({play.key for play in plays}) == 2


def test_keys_are_those_of_plays_and_not_of_libraries(read):
    first, second = (read(session([{**ROW, "start": began}])).plays[0].key for began in (BEGAN, BEGAN + 86_400))
    assert first != second, "row 7 of session 3 in two libraries"
    renumbered = read(session([{**ROW, "row": 1, "session": 1}])).plays[0].key
    assert renumbered == first


def test_deleted_rows_are_gone(read):
    other = {**ROW, "row": 8, "title": "Olson", "start": BEGAN + 200}
    number = field(1, (7).to_bytes(4, "big"))
    for deleted in (chunk("uent", number), chunk("uent", chunk("adat", number)), chunk("uent", chunk("uadt", number))):
        assert [play.title for play in read(session([ROW, other]) + deleted).plays] == ["Olson"]
        again = read(session([ROW]) + deleted + entry(ROW)).plays
        assert [play.title for play in again] == ["Roygbiv"], "written again after it was deleted"


def test_what_nobody_knows_is_passed_over(read):
    strange = field(9_999, b"\xff" * 33) + field(16, bytes(8)) + field(77, b"")
    history = read(version() + entry(ROW, extra=strange) + chunk("zzzz", b"later") + entry({**ROW, "row": 8}))
    assert len(history.plays) == 2
    assert len(history.warnings) == 1
    assert "zzzz" in history.warnings[0]


def test_a_title_is_found_in_the_path(read):
    bare = {**ROW, "title": None, "artist": None}
    for path in ("C:\\Music\\01 Olson.mp3", "/Users/dj/Music/01 Olson.mp3", "x" * 5000 + "/01 Olson.mp3"):
        assert read(session([{**bare, "path": path}])).plays[0].title == "01 Olson"
    nameless = read(session([bare]))
    assert nameless.plays[0].title == "Unknown title"
    assert "Row 7" in nameless.warnings[0]


def test_texts_are_made_fit(read):
    (play,) = read(
        session([{**ROW, "title": "Ro\u202eyg\u0007biv\n now\0rest", "artist": "A" * 5000, "album": "\u200b "}])
    ).plays
    assert play.title == "Roygbiv now"
    assert len(play.artist) == 300
    assert play.album is None


def test_a_deck_of_0_and_a_start_of_0_are_unknown(read):
    history = read(session([{**ROW, "deck": 0, "start": 0}, {**ROW, "row": 8, "deck": 0, "start": 0}]))
    assert [(play.deck, play.started_at) for play in history.plays] == [(None, None)] * 2
    assert [play.key for play in history.plays] == ["row:3:7", "row:3:8"]
    assert "does not say when it began" in history.warnings[0]


def test_when_nothing_is_marked_as_played_nobody_knows(read):
    history = read(session([{**ROW, "played": 0}, {**ROW, "row": 8, "played": 0}]))
    assert [play.audible for play in history.plays] == [None, None]
    assert len(history.warnings) == 1
    mixed = read(session([{**ROW, "played": 0}, {**ROW, "row": 8}]))
    assert sorted(play.audible for play in mixed.plays) == [False, True]


def test_an_empty_session(read):
    history = read(version())
    assert history.plays == ()
    assert history.warnings


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (version("Review") + chunk("oses", b""), "list of sessions"),
        (version("Database") + chunk("otrk", b""), "library"),
    ],
)
def test_other_files_of_serato_are_named(read, content, word):
    with pytest.raises(InvalidInput, match=word):
        read(content)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (version() + b"oent", "byte 68"),
        (version() + b"oent\xff\xff\xff\xff", "byte 72"),
        (version() + b"\0\0\0\0\0\0\0\0", "byte 68"),
        (version() + chunk("oent", chunk("adat", b"\0\0\0\1\0\0\0\x09abcd")), "byte 88"),
        (version() + chunk("oent", chunk("adat", b"\0\0\0\1\0")), "byte 84"),
        (version() + chunk("oent", chunk("adat", field(28, b"abc"))), "byte 92"),
        (version() + chunk("oent", b""), "byte 76"),
        (version() + chunk("oent", chunk("adat", b"") * 2), "byte 92"),
    ],
)
def test_where_it_is_broken_is_said(read, content, place):
    with pytest.raises(InvalidInput, match=f"{place}:") as refused:
        read(content)
    assert refused.value.field == ("file",)
