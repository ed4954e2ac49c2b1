"""Traktor's history files."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from integrations.history import elements, traktor
from integrations.history.bounds import File
from tests.history.writers_decks import BERLIN, Played, a_file, night, nights, read, traktor_history, wall

ENTITIES = '<?xml version="1.0"?><!DOCTYPE NML [<!ENTITY a "aaaaaaaaaa">{}]><NML VERSION="19"><COLLECTION>&i;</COLLECTION></NML>'
LAUGHS = ENTITIES.format(
    "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
)
OUTSIDE = (
    '<!DOCTYPE NML [<!ENTITY x SYSTEM "file:///etc/hostname">]><NML><COLLECTION><ENTRY TITLE="&x;"/></COLLECTION></NML>'
)


def test_the_numbers_of_a_real_start():
    assert traktor.clock_of("132319762", "68839") == wall("2019-10-18 19:07:19")


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("0", "0"),
        ("132319762", "86400"),
        ("132319762", ""),
        ("x", "1"),
        ("-1", "1"),
        ("1e999", "1"),
        ("132319762", "1.5"),
    ],
)
def test_numbers_that_are_no_start(date, time):
    assert traktor.clock_of(date, time) is None


def test_keys_have_names():
    named = [traktor.key_of(str(value)) for value in (0, 11, 12, 22, 23, 24, -1)]
    assert named == ["C", "B", "Cm", "A#m", "Bm", None, None]
    assert traktor.key_of("") is None


def test_everything_a_play_has():
    play = Played("Ünder & Over", 'The "Who"', "Best <of>", wall("2019-10-18 19:07:19"), 241.5, 2, True, 300, 127.5, 22)
    history = read(traktor_history([play, replace(play, audible=False, start=wall("2019-10-18 19:12:00"))]))
    assert (history.format, history.source, history.local_times) == (
        HistoryFormat.TRAKTOR_NML,
        PlaySource.TRAKTOR,
        True,
    )
    first, second = history.plays
    assert (first.title, first.artist, first.album) == ("Ünder & Over", 'The "Who"', "Best <of>")
    assert first.started_at == datetime(2019, 10, 18, 17, 7, 19, tzinfo=UTC)
    assert first.ended_at == first.started_at + timedelta(seconds=241.5)
    assert (first.played_seconds, first.deck, first.audible) == (241.5, 2, True)
    assert (first.duration_seconds, first.bpm, first.musical_key) == (300, 127.5, "A#m")
    digest = hashlib.sha256(play.path.encode()).hexdigest()[:24]
    assert first.key == f"132319762:68839:1:{digest}"
    assert second.audible is False
    assert history.warnings == ()


def test_the_zone_is_the_djs():
    history = read(traktor_history([Played("A", start=wall("2024-01-15 23:30:00"))]), zone=ZoneInfo("America/New_York"))
    assert history.plays[0].started_at == datetime(2024, 1, 16, 4, 30, tzinfo=UTC)


def test_clocks_that_go_back_and_forward():
    autumn = [
        Played(str(n), start=wall(f"2024-10-27 {clock}"))
        for n, clock in enumerate(("02:50", "02:10", "02:40", "03:05"))
    ]
    told = [play.started_at.strftime("%H:%M") for play in read(traktor_history(autumn)).plays]
    assert told == ["00:50", "01:10", "01:40", "02:05"]
    spring = [Played(str(n), start=wall(f"2024-03-31 {clock}")) for n, clock in enumerate(("01:59", "02:30", "03:31"))]
    told = [play.started_at.strftime("%H:%M") for play in read(traktor_history(spring)).plays]
    assert told == ["00:59", "01:30", "01:31"]


def test_a_little_disorder_is_no_change_of_clocks():
    plays = [Played("A", start=wall("2024-10-27 02:30:00")), Played("B", start=wall("2024-10-27 02:29:40"))]
    assert [play.title for play in read(traktor_history(plays)).plays] == ["B", "A"]


def test_a_track_outside_of_the_collection_is_named_by_its_file():
    play = Played("Lost", path="Macintosh HD/:Users/:dj/:Somebody - Lost Mix.mp3")
    (found,) = read(traktor_history([play], tracks=[])).plays
    assert (found.title, found.artist) == ("Somebody - Lost Mix", None)


def test_a_play_without_a_start_keeps_its_place():
    content = traktor_history([Played("A"), Played("B", path="V/:b.mp3")])
    content = content.replace(b'STARTDATE="132646145"', b'STARTDATE="0"').replace(
        b'STARTTIME="79200"', b'STARTTIME="0"'
    )
    history = read(content, "history_2024y05m01d.nml")
    assert [(play.title, play.started_at) for play in history.plays] == [("A", None), ("B", None)]
    assert len({play.key for play in history.plays}) == 2
    assert "Entry 1" in history.warnings[0]


def test_keys_are_the_same_in_a_longer_file_and_in_another_zone():
    plays = night(20)
    short, long = read(traktor_history(plays[:8])), read(traktor_history(plays), "other.nml", ZoneInfo("Asia/Tokyo"))
    assert [play.key for play in short.plays] == [play.key for play in long.plays][:8]
    assert len({play.key for play in long.plays}) == 20


def test_the_same_entry_twice_is_one_play():
    assert len(read(traktor_history([Played("A"), Played("A")])).plays) == 1


@settings(max_examples=25, deadline=None)
@given(plays=nights())
def test_what_was_written_is_read(plays):
    found = read(traktor_history(plays)).plays
    assert [(play.title, play.artist, play.album) for play in found] == [
        (play.title, play.artist, play.album) for play in plays
    ]
    assert [play.started_at for play in found] == [play.start.replace(tzinfo=BERLIN).astimezone(UTC) for play in plays]
    told = [(play.played_seconds, play.deck, play.audible, play.duration_seconds, play.bpm) for play in found]
    assert told == [(play.seconds, play.deck, play.audible, play.length, play.bpm) for play in plays]
    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    assert [play.musical_key for play in found] == [names[play.key % 12] + "m" * (play.key > 11) for play in plays]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_mark_of_utf_8_is_allowed(mark):
    assert len(read(mark + traktor_history([Played("A")])).plays) == 1


def test_a_collection_without_plays_is_refused():
    with pytest.raises(InvalidInput, match="folder History"):
        read(traktor_history([], tracks=[Played("A")]))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (LAUGHS.encode(), "document type"),
        (OUTSIDE.encode(), "document type"),
        (b"<NML>" + b"<NODE>" * 100, "deep"),
        (b"<NML>" + b"<A>" * 1_000_000, "deep"),
        (
            b'<NML><COLLECTION><ENTRY TITLE="' + b"A" * 10_000_000 + b'"></ENTRY></COLLECTION></NML>',
            "line 1: a tag has more",
        ),
        (b"<NML><!--" + b"A" * 10_000_000 + b"--></NML>", "a tag has more"),
        (b"<NML>" + b"".join(b"<A%d/>" % n for n in range(100_000)) + b"</NML>", "names"),
        (b"<NML " + b" ".join(b'a%d=""' % n for n in range(201)) + b"/>", "attributes"),
        (b"<NML>\n\n&unknown;</NML>", "line 3: undefined entity"),
        (b"<NML>\n<ENTRY TITLE='\xff'/></NML>", "line 2"),
        (b'<?xml version="1.0" encoding="UTF-7"?><NML>\n+ADw-', "line 2"),
        (b"<NML>" + b"\0" * 20 + b"</NML>", "line 1"),
        (b"<NML><ENTRY A='1' A='2'/></NML>", "duplicate attribute"),
        (b"<x><NML /></x>", "first element"),
    ],
)
def test_hostile_files_are_refused_by_their_place(content, complaint):
    with pytest.raises(InvalidInput, match=complaint) as refused:
        traktor.read(a_file(content, seconds=10))
    assert "line " in refused.value.message
    assert "hostname" not in refused.value.message


def test_a_file_that_takes_too_long_is_given_up():
    content = traktor_history(night(5))
    with pytest.raises(InvalidInput, match="too long"):
        traktor.read(File(content, "a.nml", BERLIN, 0.0))


@pytest.mark.long
def test_too_many_tracks_are_refused():
    tracks = b"".join(b'<ENTRY TITLE="A"><LOCATION FILE="%d"/></ENTRY>' % number for number in range(250_001))
    with pytest.raises(InvalidInput, match="collection has more than 250,000 tracks"):
        read(b"<NML><COLLECTION>" + tracks + b"</COLLECTION></NML>")


def test_a_file_cut_anywhere_is_refused():
    content = traktor_history(night(2)).rstrip()
    for end in range(content.index(b"<NML "), len(content)):
        with pytest.raises(InvalidInput, match="line "):
            traktor.read(a_file(content[:end]))
    assert len(traktor.read(a_file(content)).plays) == 2


def test_a_tag_longer_than_a_chunk_is_read():
    play = Played("A", "x" * (elements.CHUNK + 10))
    assert read(traktor_history([play])).plays[0].artist == "x" * 300
