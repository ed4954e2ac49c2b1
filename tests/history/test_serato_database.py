"""The database of Serato 4."""

from datetime import UTC, datetime

import pytest

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from tests.history.writers_serato import database, session

BEGAN = 1_760_000_000
ROW = {
    "id": 4, "session_id": 2, "name": "Roygbiv", "artist": "Boards of Canada", "album": "Music Has the Right", "bpm": 84.5,
    "key": "Am", "length_sec": 151, "start_time": BEGAN, "played": 1, "deck": "2", "file_name": "01 Roygbiv.mp3",
}  # fmt: skip


def test_what_was_written_is_read(read, tmp_path):
    later = {**ROW, "id": 3, "name": "Olson", "start_time": BEGAN + 100, "deck": "1", "played": 0}
    history = read(database(tmp_path, [later, ROW]))
    assert (history.format, history.source) == (HistoryFormat.SERATO_DATABASE, PlaySource.SERATO)
    assert [play.title for play in history.plays] == ["Roygbiv", "Olson"]
    assert not history.local_times
    play = history.plays[0]
    assert (play.artist, play.album, play.bpm, play.musical_key) == (
        "Boards of Canada",
        "Music Has the Right",
        84.5,
        "Am",
    )
    assert (play.started_at, play.deck, play.audible) == (datetime.fromtimestamp(BEGAN, UTC), 2, True)
    assert (play.duration_seconds, play.ended_at, play.isrc) == (151, None, None)
    assert history.plays[1].audible is False


def test_a_later_serato_names_plays_as_the_session_did(read, tmp_path):
    values = {"row": 90, "session": 7, "title": "Roygbiv", "start": BEGAN, "deck": 2, "played": 1}
    assert read(session([values])).plays[0].key == read(database(tmp_path, [ROW])).plays[0].key


def test_many_tables_around_it(read, tmp_path):
    around = [
        f"CREATE TABLE other_{number} ({', '.join(f'column_{at} TEXT' for at in range(40))})" for number in range(60)
    ]
    content = database(tmp_path, [ROW], statements=around)
    assert b"history_entry" not in content[:4096], "the list of tables has left the first page"
    assert len(read(content).plays) == 1


def test_a_journal_that_is_not_here(read, tmp_path):
    history = read(database(tmp_path, [ROW], journal=True))
    assert len(history.plays) == 1
    assert "close Serato" in history.warnings[0]


def test_values_of_other_kinds(read, tmp_path):
    odd = {
        "name": b"\xff\xfe",
        "start_time": "soon",
        "bpm": "fast",
        "deck": "left",
        "length_sec": -5,
        "played": "x",
        "key": 5,
    }
    (play,) = read(database(tmp_path, [odd])).plays
    assert (play.title, play.started_at, play.bpm, play.deck) == ("Unknown title", None, None, None)
    rows = [
        {"name": f"Track {at}", "start_time": start}
        for at, start in enumerate((9e999, -9e999, -1, 2**62, "nan", BEGAN * 1000))
    ]
    plays = read(database(tmp_path, rows)).plays
    assert len(plays) == len({play.key for play in plays}) == 6
    assert plays[0].started_at == datetime.fromtimestamp(BEGAN, UTC), "milliseconds"


def test_other_columns_and_fewer(read, tmp_path):
    few = "CREATE TABLE history_entry (start_time INTEGER, name TEXT, isrc TEXT, end_time INTEGER)"
    (play,) = read(
        database(
            tmp_path,
            [{"name": "X", "start_time": BEGAN, "isrc": "GB-AYE-06-00001", "end_time": BEGAN + 60}],
            schema=few,
        )
    ).plays
    assert (play.isrc, play.played_seconds) == ("GBAYE0600001", 60)
    with pytest.raises(InvalidInput, match="table history_entry: it has no column start_time"):
        read(database(tmp_path, [], schema="CREATE TABLE history_entry (name TEXT)"))


def test_no_such_table(read, tmp_path):
    for schema in (
        "CREATE TABLE something (name TEXT)",
        "CREATE VIEW history_entry AS SELECT 'X' AS name, 1760000000 AS start_time",
        "CREATE VIRTUAL TABLE history_entry USING fts5(name, start_time)",
    ):
        with pytest.raises(InvalidInput, match="no history"):
            read(database(tmp_path, [], schema=schema))
