"""Exports of Serato: columns in any order and language, clocks on the wall, and days that have to be found."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.plays import HistoryFormat, PlaySource
from tests.history.writers_serato import comma_list, printed_list, session, tab_list

ENGLISH = ("name", "artist", "start time", "end time", "playtime", "deck")
SUMMARY = ("31/05/2024", "", "22:55:00", "01:10:00", "02:15:00", "")
TRACKS = (
    ("Roygbiv", "Boards of Canada", "22:55:03", "22:57:33", "00:02:30", "1"),
    ("Windowlicker", "Aphex Twin", "23:57:00", "00:03:07", "00:06:07", "2"),
    ("Olson", "Boards of Canada", "00:02:55", "00:04:26", "00:01:31", "1"),
)
ROWS = (SUMMARY, *TRACKS)
STARTS = ["2024-05-31T20:55:03", "2024-05-31T21:57:00", "2024-05-31T22:02:55"]


def starts(history):
    return [f"{play.started_at:%Y-%m-%dT%H:%M:%S}" if play.started_at else None for play in history.plays]


def test_what_was_exported_is_read(read):
    history = read(comma_list(ENGLISH, ROWS))
    assert (history.format, history.source) == (HistoryFormat.SERATO_CSV, PlaySource.SERATO)
    assert history.local_times
    assert history.warnings == ()
    assert starts(history) == STARTS
    licker = history.plays[1]
    assert (licker.title, licker.artist, licker.deck, licker.played_seconds) == ("Windowlicker", "Aphex Twin", 2, 367)
    assert licker.ended_at == datetime(2024, 5, 31, 22, 3, 7, tzinfo=UTC), "it went on past midnight"
    assert licker.audible is None


@pytest.mark.parametrize(
    "content",
    [
        comma_list(ENGLISH, ROWS, delimiter=";"),
        comma_list(ENGLISH, ROWS, encoding="utf-16"),
        comma_list(ENGLISH, ROWS, encoding="utf-16-le"),
        comma_list(ENGLISH, ROWS, encoding="utf-8-sig", newline="\n"),
        comma_list(ENGLISH, ROWS, newline="\r"),
        tab_list(ENGLISH, ROWS),
        tab_list(ENGLISH, ROWS, encoding="utf-16"),
        printed_list(ENGLISH, ROWS),
    ],
)
def test_however_it_is_written(read, content):
    history = read(content)
    kind = HistoryFormat.SERATO_CSV if b"," in content or b";" in content else HistoryFormat.SERATO_TEXT
    assert history.format == kind
    assert starts(history) == STARTS
    assert [(play.title, play.artist, play.deck) for play in history.plays] == [
        (name, artist, int(deck)) for name, artist, *_, deck in TRACKS
    ]


@pytest.mark.parametrize(
    "headings",
    [
        ("Name", "Interpret", "Startzeit", "Endzeit", "Spielzeit", "Deck"),
        ("nom", "artiste", "heure de début", "heure de fin", "temps de lecture", "platine"),
        ("Nombre", "Artista", "Hora de inicio", "Hora de finalización", "Tiempo de reproducción", "Deck"),
        ("曲名", "アーティスト", "開始時刻", "終了時刻", "再生時間", "デッキ"),
        ("NAME", " artist ", "Start Time", "End Time", "Play Time", "Deck"),
    ],
)
def test_whatever_the_language(read, headings):
    assert starts(read(comma_list(headings, ROWS))) == STARTS


@given(order=st.permutations(range(8)), hidden=st.sets(st.sampled_from([1, 3, 4, 5, 6, 7])))
@settings(max_examples=60, deadline=None)
def test_whatever_the_columns(read, order, hidden):
    columns = (*ENGLISH, "bpm", "notes")
    rows = [(*row, "120" if row is not SUMMARY else "", "") for row in ROWS]
    shown = [at for at in order if at not in hidden]
    content = comma_list([columns[at] for at in shown], [[row[at] for at in shown] for row in rows])
    history = read(content)
    assert starts(history) == STARTS
    assert [play.title for play in history.plays] == [name for name, *_ in TRACKS]
    assert all((play.bpm == 120) == (6 not in hidden) for play in history.plays)
    assert [play.ended_at is not None for play in history.plays] == [not {3, 4} <= hidden] * 3


def american(text):
    moment = datetime.strptime(text, "%H:%M:%S").replace(tzinfo=UTC)
    return f"{moment:%I:%M:%S %p}".lstrip("0")


def test_clocks_of_twelve_hours(read):
    rows = [("5/31/2024", "", "10:55:00 PM", "1:10:00 AM", "02:15:00", "")]
    rows += [
        (name, artist, american(began), american(ended), played, deck)
        for name, artist, began, ended, played, deck in TRACKS
    ]
    assert starts(read(comma_list(ENGLISH, rows))) == STARTS
    noon = [
        ("5/31/2024", "", "", "", "", ""),
        ("Noon", "A", "12:00:00 PM", "", "", "1"),
        ("One", "A", "1:00:01 p.m.", "", "", "1"),
    ]
    assert starts(read(comma_list(ENGLISH, noon))) == ["2024-05-31T10:00:00", "2024-05-31T11:00:01"]


@pytest.mark.parametrize(
    ("written", "clock", "day", "guessed"),
    [
        ("31/05/2024", "22:00:00", "2024-05-31", False),
        ("05/31/2024", "22:00:00", "2024-05-31", False),
        ("2024-05-31", "22:00:00", "2024-05-31", False),
        ("2024/5/3", "22:00:00", "2024-05-03", False),
        ("3.5.2024", "22:00:00", "2024-05-03", False),
        ("3/5/2024", "22:00:00", "2024-05-03", True),
        ("3/5/2024", "10:00:00 PM", "2024-03-05", True),
        ("3/5/24", "22:00:00", "2024-05-03", True),
        ("4/4/2024", "22:00:00", "2024-04-04", False),
        ("3 May 2024", "22:00:00", "2024-05-03", False),
        ("May 3, 2024", "10:00:00 PM", "2024-05-03", False),
        ("2024年5月3日", "22:00:00", "2024-05-03", False),
    ],
)
def test_days_of_all_countries(read, written, clock, day, guessed):
    history = read(
        comma_list(ENGLISH, [(written, "", clock, "", "", ""), ("Olson", "A", clock, "", "", "1")]), zone="UTC"
    )
    assert starts(history) == [f"{day}T22:00:00"]
    assert bool(history.warnings) == guessed


def test_the_day_is_in_the_summarys_start(read):
    summary = ("Friday night", "", "31/05/2024, 22:55:00", "01/06/2024, 01:10:00", "02:15:00", "")
    assert starts(read(comma_list(ENGLISH, [summary, *TRACKS]))) == STARTS


@pytest.mark.parametrize(
    "filename", ["2024-05-31.csv", "set 31.05.2024 at the club.csv", "20240531.csv", "history_31-5-2024"]
)
def test_the_day_is_in_the_files_name(read, filename):
    for rows in (TRACKS, (("", "", "22:55:00", "", "02:15:00", ""), *TRACKS)):
        assert starts(read(comma_list(ENGLISH, rows), filename=filename)) == STARTS


def test_without_a_day_it_is_refused(read):
    with pytest.raises(InvalidInput, match="no date") as refused:
        read(comma_list(ENGLISH, TRACKS), filename="history 99.csv")
    assert refused.value.field == ("file",)
    with pytest.raises(InvalidInput, match="no date"):
        read(comma_list(ENGLISH, TRACKS), filename="2024-13-45.csv")


def test_the_newest_first(read):
    backwards = read(comma_list(ENGLISH, [SUMMARY, *TRACKS[::-1]]))
    assert starts(backwards) == STARTS
    assert [play.title for play in backwards.plays] == [name for name, *_ in TRACKS]


def test_more_sessions_than_one(read):
    second = (("01/06/2024", "", "20:00:00", "", "", ""), ("Ageispolis", "Aphex Twin", "20:00:09", "20:05:00", "", "1"))
    history = read(comma_list(ENGLISH, [*ROWS, *second]))
    assert starts(history) == [*STARTS, "2024-06-01T18:00:09"]


def test_sides_of_scratch_live(read):
    rows = [SUMMARY, *[(*track[:-1], side) for track, side in zip(TRACKS, ("left", "right", "offline"), strict=True)]]
    assert [play.deck for play in read(comma_list(ENGLISH, rows)).plays] == [1, 2, None]


def test_a_track_that_is_named_like_a_day(read):
    rows = (SUMMARY, ("1.1.1999", "", "22:55:00", "", "", "1"), *TRACKS[1:])
    assert read(comma_list(ENGLISH, rows)).plays[0].title == "1.1.1999"


def test_a_track_without_an_artist_at_the_top_is_no_summary(read):
    rows = [(name, "", *rest) for name, _, *rest in TRACKS]
    assert starts(read(comma_list(ENGLISH, rows), filename="2024-05-31")) == STARTS


def test_hours_that_come_twice_and_hours_that_never_were(read):
    back = [("26/10/2024", "", "23:00:00", "", "", "")]
    back += [
        (str(at), "A", clock, "", "", "1") for at, clock in enumerate(("02:40:00", "02:55:00", "02:10:00", "03:05:00"))
    ]
    assert starts(read(comma_list(ENGLISH, back))) == [
        f"2024-10-27T0{clock}:00" for clock in ("0:40", "0:55", "1:10", "2:05")
    ]
    forward = [("30/03/2024", "", "23:00:00", "", "", "")]
    forward += [(str(at), "A", clock, "", "", "1") for at, clock in enumerate(("01:59:00", "02:30:00", "03:30:30"))]
    assert starts(read(comma_list(ENGLISH, forward))) == [
        "2024-03-31T00:59:00",
        "2024-03-31T01:30:00",
        "2024-03-31T01:30:30",
    ]


def test_clocks_that_cannot_be_read(read):
    rows = [SUMMARY, TRACKS[0], ("Odd", "A", "27:99", "", "", "1"), TRACKS[2]]
    history = read(comma_list(ENGLISH, rows))
    assert starts(history) == [STARTS[0], STARTS[2], None]
    assert "line 4" in history.warnings[0]
    with pytest.raises(InvalidInput, match="line"):
        read(comma_list(ENGLISH, [("Odd", "A", "soon", "", "", "1")]), filename="2024-05-31")


def test_names_alone_are_an_order(read):
    history = read(
        comma_list(("name", "artist"), [(name, artist) for name, artist, *_ in TRACKS]), filename="31 May.csv"
    )
    assert [play.title for play in history.plays] == [name for name, *_ in TRACKS]
    assert starts(history) == [None] * 3
    assert not history.local_times
    assert history.warnings
    assert len({play.key for play in history.plays}) == 3


def test_an_export_names_the_plays_as_the_session_does(read):
    zone = ZoneInfo("Europe/Berlin")
    began = [datetime(2024, 5, 31, 22, 55, 3, tzinfo=zone), datetime(2024, 5, 31, 23, 57, tzinfo=zone)]
    rows = [
        {
            "row": at,
            "session": 5,
            "title": track[0],
            "deck": int(track[-1]),
            "start": int(moment.timestamp()),
            "played": 1,
        }
        for at, (track, moment) in enumerate(zip(TRACKS, began, strict=False), start=9)
    ]
    recorded, exported = read(session(rows)), read(comma_list(ENGLISH, ROWS[:3]))
    assert [play.key for play in recorded.plays] == [play.key for play in exported.plays]


@given(
    began=st.integers(946_684_800, 3_786_912_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    gaps=st.lists(st.integers(1, 40_000), min_size=1, max_size=30),
    backwards=st.booleans(),
    twelve=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_whenever_it_was_played(read, began, gaps, backwards, twelve):
    moments = [began]
    for gap in gaps:
        moments.append(moments[-1] + timedelta(seconds=gap))
    clock = "%I:%M:%S %p" if twelve else "%H:%M:%S"
    tracks = [(f"Track {at}", "A", f"{moment:{clock}}", "", "", "1") for at, moment in enumerate(moments)]
    summary = (f"{began:%Y-%m-%d}", "", f"{began:{clock}}", "", "", "")
    rows = [summary, *(tracks[::-1] if backwards and len(moments) > 2 else tracks)]
    assert starts(read(comma_list(ENGLISH, rows), zone="UTC")) == [f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in moments]
