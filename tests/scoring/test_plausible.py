"""What cannot have been so in a history: each finding at its edge, with its plays, and nothing in an honest night."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.plays import Play
from domain.scoring.plausible import GRAVE, FindingCode, find_faults

NIGHT = datetime(2026, 5, 1, 22, 0, tzinfo=UTC)
RECEIVED = NIGHT + timedelta(hours=6)


def play(key, start, seconds=240.0, *, deck=1, duration=None, updated=None, title=None):
    began = NIGHT + timedelta(seconds=start)
    ended = began + timedelta(seconds=seconds)
    wrote = None if updated is None else NIGHT + timedelta(seconds=updated)
    return Play(
        key,
        title or f"Track {key}",
        "Nova Tide",
        began,
        ended,
        max(seconds, 0),
        deck,
        True,
        duration_seconds=duration,
        updated_at=wrote,
    )


def codes(plays, **facts):
    return [(found.code, found.keys) for found in find_faults(plays, **{"received_at": RECEIVED, **facts})]


def test_an_honest_night_has_no_findings():
    plays = [play(str(n), n * 200, 240, deck=n % 2 + 1, duration=300, updated=n * 200 + 240) for n in range(40)]
    assert find_faults(plays, received_at=RECEIVED, live_elsewhere=[play("x", 7 * 200 + 11, title="Track 7")]) == ()
    assert find_faults([], received_at=RECEIVED) == ()
    assert find_faults([Play("a", "Track"), Play("b", "Track")], received_at=RECEIVED) == ()


@pytest.mark.parametrize(("overlap", "found"), [(0, False), (2, False), (2.001, True), (120, True)])
def test_two_plays_on_one_deck(overlap, found):
    plays = [play("a", 0, 240), play("b", 240 - overlap, 240)]
    assert codes(plays) == ([(FindingCode.OVERLAP_ON_DECK, ("a", "b"))] if found else [])
    assert codes([plays[0], play("b", 240 - overlap, 240, deck=2)]) == []


def test_an_overlap_has_its_figure_and_its_limit():
    (found,) = find_faults([play("a", 0, 600), play("b", 100, 60), play("c", 700)], received_at=RECEIVED)
    assert (found.keys, found.actual, found.limit, found.is_grave) == (
        ("a", "b"),
        "1:00 on deck 1",
        "at most 0:02",
        True,
    )


@pytest.mark.parametrize(("decks", "found"), [(4, False), (5, True)])
def test_more_at_once_than_there_are_decks(decks, found):
    plays = [play(str(n), n, 240, deck=n + 1) for n in range(decks)]
    assert codes(plays) == ([(FindingCode.TOO_MANY_DECKS, tuple("01234"))] if found else [])


@pytest.mark.parametrize(("seconds", "found"), [(200, False), (310, False), (310.5, True)])
def test_longer_than_its_track(seconds, found):
    plays = [play("a", 0, seconds, duration=200.0)]
    assert codes(plays) == ([(FindingCode.LONGER_THAN_TRACK, ("a",))] if found else [])
    assert codes([play("a", 0, seconds)]) == []


def test_a_clock_that_goes_back():
    assert codes([play("a", 100, -3)]) == [(FindingCode.CLOCK_BACKWARDS, ("a",))]
    assert codes([play("a", 100, -2)]) == []
    assert codes([play("a", 100, 240, updated=97)]) == [(FindingCode.CLOCK_BACKWARDS, ("a",))]
    assert codes([play("a", 100, 240, updated=98)]) == []


@pytest.mark.parametrize(("ahead", "found"), [(0, False), (300, False), (301, True)])
def test_what_is_still_to_come(ahead, found):
    late = play("a", 6 * 3600 + ahead - 240, 240)
    assert codes([late]) == ([(FindingCode.FUTURE, ("a",))] if found else [])


def test_a_file_that_came_long_after():
    plays = [play("a", 0), play("b", 300)]
    over = plays[1].ended_at + timedelta(hours=48)
    assert codes(plays, received_at=over) == []
    (found,) = find_faults(plays, received_at=over + timedelta(seconds=1))
    assert (found.code, found.keys, found.actual, found.limit) == (
        FindingCode.UPLOADED_LONG_AFTER,
        ("b",),
        "48 hours after the last play",
        "at most 48 hours",
    )
    assert not found.is_grave


def test_the_same_track_everywhere_at_once():
    here = [play("a", 0, title="Levels (Original Mix)")]
    others = [play(f"x{n}", offset, title="LEVELS") for n, offset in enumerate((-10, 10, 11))]
    assert codes(here, live_elsewhere=others) == [(FindingCode.SAME_TRACK_EVERYWHERE, ("a", "x0", "x1"))]
    assert codes(here, live_elsewhere=others[1:]) == []
    remixes = [play(f"y{n}", 0, title="Levels (Skrillex Remix)") for n in range(5)]
    assert codes(here, live_elsewhere=remixes) == []


def test_findings_come_in_the_order_of_their_codes():
    plays = [play("a", 0, 600, duration=100), play("b", 100, 60), play("c", 9 * 3600)]
    found = [code for code, _ in codes(plays)]
    assert found == [FindingCode.OVERLAP_ON_DECK, FindingCode.LONGER_THAN_TRACK, FindingCode.FUTURE]
    assert set(FindingCode) - GRAVE == {FindingCode.LONGER_THAN_TRACK, FindingCode.UPLOADED_LONG_AFTER}
