"""Engine DJ's hm.db."""

import random
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from integrations.history import engine
from integrations.history.bounds import File
from tests.history.writers_decks import BERLIN, Played, a_file, engine_database, night, nights, read, refusal_of, wall


def titles(history):
    return [play.title for play in history.plays]


def database(*statements):
    opened = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements:
        opened.execute(statement)
    content = opened.serialize()
    opened.close()
    return content


def test_everything_a_play_has():
    play = Played("Ünder", "Someone", "Somewhere", wall("2024-05-01 22:00:05"), length=301, bpm=125.5)
    history = read(engine_database({"May": [play]}), "hm.db")
    assert (history.format, history.source, history.local_times) == (
        HistoryFormat.ENGINE_DATABASE,
        PlaySource.ENGINE_DJ,
        False,
    )
    (found,) = history.plays
    assert (found.title, found.artist, found.album) == ("Ünder", "Someone", "Somewhere")
    assert found.started_at == datetime(2024, 5, 1, 20, 0, 5, tzinfo=UTC)
    assert (found.duration_seconds, found.bpm, found.musical_key) == (301, 125.5, "Dm")
    assert (found.ended_at, found.deck, found.audible) == (None, None, None)
    assert found.key.startswith("1714593605:")
    assert history.warnings == ()


def test_keys_have_names():
    assert [engine.key_of(value) for value in (0, 1, 7, 22, "3", "8A", None, 24, -1, 1.5, float("nan"), b"x")] == (
        ["C", "Am", "F#m", "F", "Em", "8A", None, None, None, None, None, None]
    )


def test_plays_are_in_the_order_of_their_starts_over_all_lists():
    late, early = night(3, start="2024-05-02 20:00"), night(2)
    assert titles(read(engine_database({"B": late, "A": early}))) == [
        "Title 0",
        "Title 1",
        "Title 0",
        "Title 1",
        "Title 2",
    ]


def test_a_play_has_the_same_key_on_another_drive():
    plays = night(6)
    first, second = read(engine_database({"A": plays})).plays, read(engine_database({"A": plays}, first_id=40)).plays
    assert [play.key for play in first] == [play.key for play in second]
    assert len({play.key for play in first}) == 6


def test_deleted_lists_are_left_out():
    content = engine_database(
        {"A": night(2), "B": [Played("Kept")]}, more=["UPDATE Historylist SET isDeleted = 1 WHERE id = 1"]
    )
    assert titles(read(content)) == ["Kept"]


def test_without_starts_the_order_is_kept():
    history = read(engine_database({"A": night(3)}, more=["UPDATE HistorylistEntity SET startTime = 0"]))
    assert [(play.title, play.started_at) for play in history.plays] == [
        ("Title 0", None),
        ("Title 1", None),
        ("Title 2", None),
    ]
    assert len({play.key for play in history.plays}) == 3
    assert "does not say when it began" in history.warnings[0]


def test_plays_without_a_track_are_left_out():
    history = read(engine_database({"A": night(2)}, more=["DELETE FROM Track WHERE title = 'Title 0'"]))
    assert titles(history) == ["Title 1"]
    assert "not in the database" in history.warnings[0]


def test_few_columns_are_enough():
    content = database(
        "CREATE TABLE historylistentity (trackId, listId, startTime)",
        "CREATE TABLE track (id, path)",
        "INSERT INTO track VALUES (1, '../Music/Somebody - Something.mp3'), (2, NULL), (3, x'00ff')",
        "INSERT INTO historylistentity VALUES (1, 1, 1714593605), (2, 1, 1714593700), (3, 1, 1714593800), (1, 1, 'soon')",
    )
    assert titles(read(content)) == ["Somebody - Something", "Somebody - Something"]


@pytest.mark.parametrize("value", ["x'00'", "'abc'", "-1", "9e999", "9223372036854775807", "NULL", "''"])
def test_any_value_in_any_column(value):
    for table, columns in (("Track", engine.TRACK_COLUMNS[1:]), ("HistorylistEntity", engine.ENTRY_COLUMNS)):
        for column in columns:
            content = engine_database({"A": night(2)}, more=[f"UPDATE {table} SET {column} = {value}"])
            assert len(read(content).plays) <= 2
    for column in engine.LIST_COLUMNS[1:]:
        read(engine_database({"A": night(2)}, more=[f"UPDATE Historylist SET {column} = {value}"]))


@settings(max_examples=20, deadline=None)
@given(plays=nights())
def test_what_was_written_is_read(plays):
    found = read(engine_database({"A": plays})).plays
    told = [(play.title, play.artist, play.album, play.duration_seconds, play.bpm) for play in found]
    assert told == [(play.title, play.artist, play.album, play.length, play.bpm) for play in plays]
    assert [play.started_at for play in found] == [play.start.replace(tzinfo=BERLIN).astimezone(UTC) for play in plays]


def test_a_database_with_a_log_beside_it_is_read(tmp_path):
    path = tmp_path / "hm.db"
    path.write_bytes(engine_database({"A": night(2)}))
    opened = sqlite3.connect(path)
    assert opened.execute("PRAGMA journal_mode = wal").fetchone() == ("wal",)
    opened.close()
    content = path.read_bytes()
    assert content[18:20] == b"\2\2"
    assert len(read(content).plays) == 2


ENDLESS = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS listId, i AS trackId FROM n"
)
TRACK = "CREATE TABLE Track (id, title)"
TRICKS = [
    (f"CREATE VIEW HistorylistEntity AS {ENDLESS}", TRACK),
    ("CREATE TABLE HistorylistEntity (listId, trackId)", f"CREATE VIEW Track AS {ENDLESS}"),
    (
        "CREATE TABLE HistorylistEntity (listId, trackId)",
        "INSERT INTO HistorylistEntity VALUES (1, 400000000)",
        "ALTER TABLE HistorylistEntity ADD COLUMN startTime AS (hex(zeroblob(trackId)))",
        TRACK,
    ),
    ("CREATE VIRTUAL TABLE HistorylistEntity USING fts5 (listId, trackId)", TRACK),
    (
        "CREATE TABLE HistorylistEntity (listId, trackId)",
        "CREATE TABLE Track (id, title)",
        "INSERT INTO Track VALUES (1, zeroblob(30000000))",
    ),
]


@pytest.mark.parametrize("statements", TRICKS)
def test_traps_are_not_stepped_into(statements):
    content = database(*statements)
    began = time.monotonic()
    message = refusal_of(engine, a_file(content, "hm.db"))
    assert ("table" in message or "database" in message) if message else "ALTER" in statements[2]
    assert time.monotonic() - began < 5


def test_a_row_of_megabytes_is_no_row():
    content = engine_database({"A": night(1)}, more=["UPDATE Track SET artist = printf('%.*c', 900000, 'x')"])
    assert read(content).plays[0].artist == "x" * 300
    content = engine_database({"A": night(1)}, more=["UPDATE Track SET artist = printf('%.*c', 1100000, 'x')"])
    with pytest.raises(InvalidInput, match="table Track"):
        read(content)


def test_time_is_bounded():
    with pytest.raises(InvalidInput, match="too long"):
        engine.read(File(engine_database({"A": night(2)}), "hm.db", BERLIN, 0.0))


def test_other_databases_are_refused():
    with pytest.raises(InvalidInput, match="no history"):
        read(database("CREATE TABLE Track (id, title)"))
    with pytest.raises(InvalidInput, match="table Track: there is none"):
        read(database("CREATE TABLE HistorylistEntity (listId, trackId)"))


def test_a_damaged_database_is_refused_or_read():
    content = engine_database({"A": [replace(play, album="x" * 40) for play in night(60)]})
    chance = random.Random(5)
    cuts = [content[:end] for end in (*range(16, 200, 7), *range(200, len(content), 211))]
    for _ in range(200):
        damaged = bytearray(content)
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(16, len(damaged))] = chance.randrange(256)
        cuts.append(bytes(damaged))
    messages = [refusal_of(engine, a_file(damaged, "hm.db", seconds=5)) for damaged in cuts]
    refused = [message for message in messages if message is not None]
    assert all("table" in message or "database" in message for message in refused)
    assert len(refused) > len(cuts) // 4
    assert len(read(content).plays) == 60
