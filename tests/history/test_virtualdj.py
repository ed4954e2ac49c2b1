"""VirtualDJ's lists of a day."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from integrations.history import virtualdj
from integrations.history.bounds import File
from tests.history.writers_decks import BERLIN, Played, a_file, night, nights, read, virtualdj_list, wall

REAL = (
    "#EXTM3U\n"
    "#EXTVDJ:<time>21:39</time><lastplaytime>1674884385</lastplaytime><artist>Nick Cave & The Bad Seeds</artist>"
    "<title>Hollywood</title>\nnetsearch://dz1873796677\n"
    "#EXTVDJ:<title>Can You Dig That</title><remix>Extended Mix</remix><artist>Kid 'N Play</artist>"
    "<lastplaytime>1674884510</lastplaytime><time>21:41</time><songlength>224.482</songlength>\nnetsearch://dz85144450\n"
)


def clocks(*times, filename="2024-05-01.m3u", zone=BERLIN):
    lines = "".join(f"#EXTVDJ:<time>{told}</time><title>T{n}</title>\n/a/{n}.mp3\n" for n, told in enumerate(times))
    return read(lines.encode(), filename, zone)


def test_tags_in_any_order():
    history = read(REAL.encode(), "2023-01-28.m3u")
    assert (history.format, history.source, history.local_times) == (
        HistoryFormat.VIRTUALDJ_M3U,
        PlaySource.VIRTUALDJ,
        False,
    )
    first, second = history.plays
    assert (first.title, first.artist) == ("Hollywood", "Nick Cave & The Bad Seeds")
    assert first.started_at == datetime.fromtimestamp(1674884385, UTC)
    assert (second.title, second.artist) == ("Can You Dig That (Extended Mix)", "Kid 'N Play")
    assert (second.duration_seconds, second.ended_at, second.deck, second.audible) == (224.482, None, None, None)
    assert first.key.startswith("1674884385:")


def test_entities_are_read_and_bare_ones_left():
    line = (
        "#EXTVDJ:<lastplaytime>1674884385</lastplaytime><title>R&B &amp; Me &copy &lt;3</title><artist>AT&T</artist>\n"
    )
    (play,) = read(line.encode()).plays
    assert (play.title, play.artist) == ("R&B & Me &copy <3", "AT&T")


def test_a_remix_that_the_title_has_is_not_said_twice():
    line = "#EXTVDJ:<lastplaytime>1674884385</lastplaytime><title>A (Club Mix)</title><remix>club mix</remix>\n"
    assert read(line.encode()).plays[0].title == "A (Club Mix)"


def test_milliseconds_are_seconds():
    plays = night(3)
    assert [p.started_at for p in read(virtualdj_list(plays)).plays] == [
        p.started_at for p in read(virtualdj_list(plays, unit=1000)).plays
    ]
    assert [p.key for p in read(virtualdj_list(plays)).plays] == [
        p.key for p in read(virtualdj_list(plays, unit=1000)).plays
    ]


def test_the_clock_goes_past_midnight():
    history = clocks("22:10", "23:59", "00:01", "00:00", "03:00")
    told = [play.started_at.astimezone(BERLIN).strftime("%d %H:%M") for play in history.plays]
    assert told == ["01 22:10", "01 23:59", "02 00:00", "02 00:01", "02 03:00"]
    assert history.local_times


def test_clocks_that_go_back():
    history = clocks("01:30", "02:50", "02:20", "03:10", filename="2024-10-27.m3u")
    assert [play.started_at.strftime("%H:%M") for play in history.plays] == ["23:30", "00:50", "01:20", "02:10"]


def test_halves_of_a_day():
    history = clocks("11:58 PM", "12:04 AM", zone=ZoneInfo("America/New_York"))
    assert [play.started_at.strftime("%d %H:%M") for play in history.plays] == ["02 03:58", "02 04:04"]


@pytest.mark.parametrize("told", ["25:00", "12", "13:00 PM", "aa:bb", "", "9" * 1000])
def test_a_clock_that_is_none(told):
    history = clocks(told)
    assert [play.started_at for play in history.plays] == [None]
    assert "Line 1 does not say" in history.warnings[0]


@pytest.mark.parametrize("name", ["list.m3u", "2024-13-45.m3u", "0000-01-01.m3u", "9999-12-31.m3u"])
def test_without_a_date_hours_cannot_be_placed(name):
    history = clocks("23:10", "00:05", filename=name)
    assert [play.started_at for play in history.plays] == [None, None]
    assert [play.title for play in history.plays] == ["T0", "T1"]


def test_a_stamp_gives_the_day_to_the_clocks_after_it():
    lines = (
        "#EXTVDJ:<lastplaytime>1674885500</lastplaytime><title>A</title>\n/a.mp3\n"  # 06:58 in Berlin on 28 January
        "#EXTVDJ:<time>07:03</time><title>B</title>\n/b.mp3\n"
    )
    assert read(lines.encode(), "x.m3u").plays[1].started_at == datetime(2023, 1, 28, 6, 3, tzinfo=UTC)


def test_paths_alone_name_tracks():
    history = read(
        b"#EXTM3U\n#EXTVDJ:<lastplaytime>1674884385</lastplaytime>\nC:\\Music\\A - B.mp3\n/x/y.flac\nnetsearch://1\n"
    )
    assert [(play.title, play.started_at is None) for play in history.plays] == [
        ("A - B", False),
        ("y", True),
    ]


def test_a_comment_without_a_track_is_left_out():
    history = read(b"#EXTVDJ:<time>10:00</time>\nnetsearch://dz1\n#EXTVDJ:<title>A</title>\n", "2024-05-01.m3u")
    assert [play.title for play in history.plays] == ["A"]
    assert "Line 1 has no track" in history.warnings[0]


def test_keys_do_not_hang_on_the_zone_or_the_rest_of_the_file():
    plays = night(9)
    short = read(virtualdj_list(plays[:4], last=False), "2024-05-01.m3u")
    long = read(virtualdj_list(plays, last=False), "2024-05-01.m3u", ZoneInfo("Asia/Tokyo"))
    assert [play.key for play in short.plays] == [play.key for play in long.plays][:4]
    assert len({play.key for play in long.plays}) == 9
    assert short.plays[0].started_at != long.plays[0].started_at


@settings(max_examples=25, deadline=None)
@given(plays=nights())
def test_what_was_written_is_read(plays):
    found = read(virtualdj_list(plays), "2024-06-01.m3u").plays
    assert [(play.title, play.artist, play.duration_seconds) for play in found] == [
        (play.title, play.artist, play.length) for play in plays
    ]
    assert [play.started_at for play in found] == [play.start.replace(tzinfo=BERLIN).astimezone(UTC) for play in plays]


@settings(max_examples=20, deadline=None)
@given(plays=nights())
def test_without_stamps_the_minutes_are_read(plays):
    whole = [replace(play, start=play.start.replace(second=0)) for play in plays]
    found = read(virtualdj_list(whole, last=False), "2024-06-01.m3u").plays
    assert [play.started_at for play in found] == [play.start.replace(tzinfo=BERLIN).astimezone(UTC) for play in whole]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings(encoding):
    content = virtualdj_list([Played("Café")]).decode().encode(encoding)
    assert read(content, "2024-05-01.m3u").plays[0].title == "Café"


def test_an_endless_line_is_refused():
    with pytest.raises(InvalidInput, match="line 2: it has more than"):
        read(b"#EXTVDJ:<title>A</title>\n#EXTVDJ:" + b"<title>" * 1_000_000, "2024-05-01.m3u")


def test_endlessly_many_lines_are_refused():
    with pytest.raises(InvalidInput, match="line 1000001: it has more than 1,000,000 lines"):
        read(b"#EXTVDJ:<title>A</title>\n" + b"\n" * 1_000_005)


@pytest.mark.long
def test_too_many_plays_are_refused():
    with pytest.raises(InvalidInput, match="100,000"):
        read(b"#EXTVDJ:<title>A</title>\n" * 100_001)


def test_a_file_that_takes_too_long_is_given_up():
    with pytest.raises(InvalidInput, match="too long"):
        virtualdj.read(File(virtualdj_list(night(5)), "a.m3u", BERLIN, 0.0))


def test_a_file_cut_anywhere_is_read_as_far_as_it_goes():
    content = virtualdj_list([replace(play, title="Üx " * 3) for play in night(4)])
    for end in range(len(content)):
        history = virtualdj.read(a_file(content[:end], "2024-05-01.m3u"))
        assert len(history.plays) <= 4
    assert len(read(content, "2024-05-01.m3u").plays) == 4


def test_the_day_of_a_stamp_from_the_end_of_time():
    content = virtualdj_list([Played("A", start=wall("2099-12-31 23:59"))])
    assert read(content + b"#EXTVDJ:<time>00:01</time><title>B</title>\n").plays[1].started_at is None
