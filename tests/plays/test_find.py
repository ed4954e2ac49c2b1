"""What a companion takes for a history, and how it reads what a program has open; and how long it waits."""

import sqlite3
import threading
import time

import pytest

from companion.find import find, look, read
from companion.kept import Kept, Sent, load, new_key, save
from companion.post import read_address
from companion.watch import Watch
from domain.errors import InvalidInput, NotFound
from domain.ids import new_id, to_wire
from integrations.history.bounds import File
from integrations.history.tables import open_tables


def test_only_histories_are_found(tmp_path):
    names = ("7.session", "a.NML", "b.m3u8", "c.txt", "d.csv", "e.xml", "hm.db", "deep/master.sqlite")
    others = ("track.mp3", "other.db", ".7.session", "7.session.bak", ".git/x.txt")
    for name in (*names, *others):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    assert {str(seen.path.relative_to(tmp_path)) for seen in find(tmp_path)} == set(names)


def test_a_database_is_read_with_what_its_journal_has(tmp_path):
    path = tmp_path / "hm.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = wal")
    writer.execute("CREATE TABLE Historylist (id)")
    writer.commit()
    before = look(path)
    time.sleep(0.02)
    writer.execute("INSERT INTO Historylist VALUES (42)")
    writer.commit()
    assert look(path) != before
    copy = sqlite3.connect(":memory:")
    content = bytearray(read(path))
    content[18:20] = b"\1\1"
    copy.deserialize(bytes(content))
    assert copy.execute("SELECT id FROM Historylist").fetchall() == [(42,)]
    with open_tables(File(read(path), "hm.db", None, time.monotonic() + 5)) as tables:
        assert tables.names == ("historylist",)
    writer.close()


def test_what_is_kept_is_private_and_whole(tmp_path):
    place = tmp_path / "config"
    with pytest.raises(NotFound):
        load(place)
    kept = Kept("https://x.example", to_wire("companion", new_id()), new_key()[0], 7, {"/a": Sent(1, 2, "ff")})
    save(place, kept)
    assert load(place) == kept
    assert (place.stat().st_mode & 0o777, (place / "companion.json").stat().st_mode & 0o777) == (0o700, 0o600)
    assert kept.key not in repr(kept)
    (place / "companion.json").write_text("{}")
    with pytest.raises(InvalidInput):
        load(place)


@pytest.mark.parametrize("bad", ["backline.example", "ftp://x", "http://x.example", "https://x/y", "https://x?y", ""])
def test_addresses_that_cannot_be(bad):
    with pytest.raises(InvalidInput):
        read_address(bad)
    assert read_address("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"


def test_a_server_that_is_away_is_waited_for_and_the_end_is_not(tmp_path):
    folder = tmp_path / "History"
    folder.mkdir()
    (folder / "7.session").write_bytes(b"x")
    kept = Kept("http://127.0.0.1:9", to_wire("companion", new_id()), new_key()[0])
    watch = Watch(folder, kept, tmp_path / "config", "UTC")
    running = threading.Thread(target=watch.run)
    running.start()
    until = time.monotonic() + 20
    while kept.counter < 1 and time.monotonic() < until:
        time.sleep(0.05)
    began = time.monotonic()
    watch.ended.set()
    running.join(10)
    assert not running.is_alive()
    assert time.monotonic() - began < 5
    assert (kept.counter >= 1, kept.sent) == (True, {})
