"""Files of strangers who mean harm: there is an answer or a refusal that names the place, and never anything else."""

import struct
import time
import tracemalloc
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.plays import MAX_PLAYS as MOST
from domain.plays import MAX_WARNINGS, History
from domain.tracks import MAX_NAME
from integrations.history.read import HistoryFiles
from tests.history.writers_serato import (
    chunk,
    comma_list,
    database,
    entry,
    field,
    printed_list,
    session,
    tab_list,
    version,
)

BERLIN = ZoneInfo("Europe/Berlin")
BEGAN = 1_700_000_000
ROWS = [
    {
        "row": at,
        "session": 1,
        "title": f"Track {at}",
        "artist": "Björk",
        "start": BEGAN + at,
        "deck": 1 + at % 2,
        "played": 1,
    }
    for at in range(3)
]
COLUMNS = ("name", "artist", "start time", "end time", "playtime", "deck")
LINES = (("31/05/2024", "", "22:55:00", "", "", ""), ("Jóga", "Björk", "22:55:03", "00:57:33", "00:02:30", "1"))
KINDS = ("session", "wide", "database", "comma", "wider comma", "tabs", "printed", "playlist")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    rows = [{"name": f"Track {at}", "start_time": BEGAN + at, "deck": "1"} for at in range(30)]
    return {
        "session": session(ROWS),
        "wide": session(ROWS, wide=True) + chunk("uent", field(1, b"\0\0\0\1")),
        "database": database(tmp_path_factory.mktemp("library"), rows),
        "comma": comma_list(COLUMNS, LINES),
        "wider comma": comma_list(COLUMNS, LINES, encoding="utf-16"),
        "tabs": tab_list(COLUMNS, LINES),
        "printed": printed_list(COLUMNS, LINES),
        "playlist": "#EXTM3U\n#EXTINF:9,Björk - Jóga\nJóga.mp3\n".encode(),
    }


def answer(histories, content):
    """What comes of it: a history within its bounds, or a refusal of the field; anything else is raised."""
    try:
        history = histories.read(content, filename="set", zone=BERLIN)
    except InvalidInput as refusal:
        refused = refusal
    else:
        refused = None
    if refused is not None:
        assert refused.field == ("file",)
        assert 0 < len(refused.message) < 400
        return None
    assert isinstance(history, History)
    assert len(history.warnings) <= MAX_WARNINGS
    assert len({play.key for play in history.plays}) == len(history.plays)
    for play in history.plays:
        assert 0 < len(play.title) <= MAX_NAME
        assert len(play.key) <= 100
    return history


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "database"])
def test_cut_off_anywhere(histories, files, kind):
    content = files[kind]
    whole = answer(histories, content)
    assert whole is not None
    refused = sum(answer(histories, content[:end]) is None for end in range(len(content)))
    assert refused >= (len(content) - 4 if kind in ("session", "wide") else 1)


def test_a_database_cut_off_anywhere(histories, files):
    content = files["database"]
    for end in (*range(0, 4200, 97), *range(4200, len(content), 613)):
        answer(histories, content[:end])
    with pytest.raises(InvalidInput, match=r"read at (its database|table history_entry): it is damaged"):
        histories.read(content[:5000], filename="set", zone=BERLIN)


def test_a_real_session_cut_off_anywhere(histories, real):
    content = real("win_History_Sessions_1")
    ends = [0, 68] + [end for end in range(1, len(content)) if content[end : end + 4] == b"oent"]
    for end in range(len(content)):
        assert (answer(histories, content[:end]) is not None) == (end in ends and end > 0)


@given(
    kind=st.sampled_from(KINDS),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=0, max_size=6)), min_size=1, max_size=6
    ),
)
@settings(max_examples=400, deadline=None)
def test_bytes_turned(histories, files, kind, changes):
    content = bytearray(files[kind])
    for where, replaced in changes:
        at = int(where * len(content))
        content[at : at + max(1, len(replaced))] = replaced
    answer(histories, bytes(content))


@given(
    head=st.sampled_from([b"", b"vrsn", b"SQLite format 3\0", b"name,artist,start time\n", b"#EXTM3U\n"]),
    rest=st.binary(max_size=600),
)
@example(head=b"name,artist,start time\n", rest=b'"')
@example(head=b"name,artist,start time\n", rest=b"a,b,9:99 am\n\0,\xff,25:00:00")
@example(head=b"vrsn", rest=b"\0\0\0\0")
@settings(max_examples=300, deadline=None)
def test_anything_at_all(histories, head, rest):
    answer(histories, head + rest)


def test_announced_lengths_take_no_memory(histories):
    tracemalloc.start()
    for tag in (b"vrsn", b"oent", b"adat"):
        content = version() + tag + b"\xff\xff\xff\xff" + b"x" * 100
        with pytest.raises(InvalidInput, match="4294967295 bytes is announced"):
            histories.read(content, filename="set", zone=BERLIN)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [
        version() + b"oent\0\0\0\0" * 100_000,
        version() + chunk("oent", b"adat\0\0\0\0" * 100_000),
        version() + chunk("oent", chunk("adat", bytes(8) * 100_000)),
        version() + chunk("uent", b"adat\0\0\0\0" * 100_000),
        version() + entry({"row": 1}) + chunk("uent", field(1, b"\0\0\0\1")) * 50_000,
        version() + b"aaaa\0\0\0\0" * 100_000,
        session([{"row": 1, "title": "x" * 1_000_000, "path": "/" * 1_000_000}]),
        b"name,artist,start time\n" + b"," * 60_000 + b"\n" + b'"' * 60_001,
        b"name  artist  start time\n" + b" a" * 30_000,
        b"name,artist,start time\n" + b"1" * 60_000 + b",," + b"1:" * 200,
        b"name,artist,start time\n" + b"\n" * 1_000_000,
        b"name,artist,start time\n" + b"x" * 200_000,
        b"#EXTM3U\n#EXTINF:" + b"1" * 60_000 + b"\n",
        b"#EXTM3U\n#EXTINF:-" + b" - " * 20_000 + b",\n.mp3",
        b" " * 1_000_000,
        b"\n" * 1_000_000,
    ],
)
def test_small_files_that_would_be_much_work(histories, content):
    began = time.monotonic()
    answer(histories, content)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("content", "most"),
    [
        (
            session([{**ROWS[0], "row": at, "start": BEGAN + at, "title": f"Title {at}"} for at in range(3_000)]),
            5_000_000,
        ),
        (version() + entry({"row": 1, "title": "x" * 200}) * 5_000, 200_000),
        (b"name,artist\n" + "\U0001f600,b\n".encode() + (b"x" * 60_000 + b",b\n") * 150, 5_000_000),
        (b"#EXTM3U\n" + "#\U0001f600\n".encode() + (b"#" * 60_000 + b"\n") * 150, 3_000_000),
    ],
    ids=["as many plays", "one play again and again", "few long names", "comments"],
)
def test_memory_follows_plays_and_not_bytes(histories, content, most):
    tracemalloc.start()
    try:
        answer(histories, content)
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def test_too_many_plays(histories):
    row = struct.Struct(">4sI4sIIIIIII")
    rows = b"".join(row.pack(b"oent", 32, b"adat", 24, 1, 4, at, 28, 4, BEGAN) for at in range(MOST + 1))
    with pytest.raises(InvalidInput, match=r"100,000 plays"):
        histories.read(version() + rows, filename="set", zone=BERLIN)


@pytest.mark.long
@pytest.mark.parametrize(
    "lines", [b"#EXTM3U\n" + b"a.mp3\n" * (MOST + 1), b"name,start time\n" + b"a,1:00\n" * (MOST + 1)]
)
def test_too_many_lines(histories, lines):
    with pytest.raises(InvalidInput, match=r"line 100002: it has more than 100,000 plays"):
        histories.read(lines, filename="2024-05-31", zone=BERLIN)


def test_no_time_left(files):
    hurried = HistoryFiles(seconds=-1)
    for kind in KINDS:
        with pytest.raises(InvalidInput, match="too long"):
            hurried.read(files[kind], filename="set", zone=BERLIN)


ENDLESS = "WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n) SELECT count(*) FROM n"


def test_code_in_a_database_is_not_run(histories, tmp_path):
    row = {"name": "Roygbiv", "start_time": BEGAN}
    beside = [f"CREATE VIEW history_session_now AS {ENDLESS}", "CREATE VIEW asset_now AS SELECT load_extension('x')"]
    history = answer(histories, database(tmp_path, [row], statements=beside))
    assert len(history.plays) == 1


def test_a_column_that_makes_itself_is_none(histories, tmp_path):
    big = "CREATE TABLE history_entry (id INTEGER PRIMARY KEY, start_time INTEGER, name TEXT AS (hex(zeroblob(40000))))"
    with pytest.raises(InvalidInput, match="it has no column name"):
        histories.read(database(tmp_path, [{"start_time": BEGAN}], schema=big), filename="set", zone=BERLIN)
