"""Gigs: every rule at its edge, decks that overlap, and where a set begins and ends."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.plays import Play
from domain.scoring.gig import check_gig, clock, find_set
from domain.scoring.words import GigRule, VenueMatch

NIGHT = datetime(2026, 5, 1, 22, 0, tzinfo=UTC)


def play(number, start, seconds=240.0, *, deck=1, audible=True, ended=False):
    """The play that begins `start` seconds into the night."""
    began = NIGHT + timedelta(seconds=start)
    end = began + timedelta(seconds=seconds) if ended and seconds is not None else None
    return Play(str(number), f"Track {number}", "Nova Tide", began, end, None if ended else seconds, deck, audible)


def night(count=10, *, every=240.0, seconds=240.0, **facts):
    return [play(number, number * every, seconds, deck=number % 2 + 1, **facts) for number in range(count)]


def rule(check, code):
    (found,) = (rule for rule in check.rules if rule.code is code)
    return found


def test_a_gig_passes_with_every_rule_and_figure():
    check = check_gig(night(12), VenueMatch.MATCH)
    assert check.is_professional
    assert check.track_count == 12
    assert [(rule.code, rule.passed) for rule in check.rules] == [(code, True) for code in GigRule]
    assert rule(check, GigRule.ENOUGH_TRACKS).actual == "12 tracks"
    assert rule(check, GigRule.GAPS).actual == "no gap"


@pytest.mark.parametrize(("count", "passed"), [(0, False), (1, False), (9, False), (10, True), (11, True)])
def test_how_many_tracks(count, passed):
    check = check_gig(night(count), VenueMatch.MATCH)
    assert (check.is_professional, rule(check, GigRule.ENOUGH_TRACKS).passed) == (passed, passed)
    assert rule(check, GigRule.ENOUGH_TRACKS).limit == "at least 10 tracks"


@pytest.mark.parametrize(
    ("gap", "passed", "shown"),
    [(299, True, "4:59"), (300, True, "5:00"), (300.4, False, "5:00.4"), (301, False, "5:01")],
)
def test_how_long_a_gap(gap, passed, shown):
    plays = night(6) + [play(number, number * 240 + gap) for number in range(6, 12)]
    check = check_gig(plays, VenueMatch.MATCH)
    assert check.is_professional is passed
    assert rule(check, GigRule.GAPS).passed is passed
    assert rule(check, GigRule.GAPS).actual == f"{shown} before track 7"
    assert rule(check, GigRule.GAPS).limit == "at most 5:00"


@pytest.mark.parametrize(
    ("seconds", "passed"),
    [(59, False), (59.9, False), (60, True), (61, True), (599, True), (600, True), (600.5, False), (601, False)],
)
@pytest.mark.parametrize("ended", [True, False])
def test_how_long_each(seconds, passed, ended):
    plays = [*night(11), play(11, 11 * 240, seconds, ended=ended)]
    check = check_gig(plays, VenueMatch.MATCH)
    assert check.is_professional is passed
    found = rule(check, GigRule.DURATIONS)
    assert found.passed is passed
    assert clock(timedelta(seconds=seconds)) in found.actual
    assert ("1 of 12 outside" in found.actual) is not passed


@pytest.mark.parametrize(
    ("venue", "passed", "gig"),
    [(VenueMatch.MATCH, True, True), (VenueMatch.MISMATCH, False, False), (VenueMatch.UNKNOWN, None, True)],
)
def test_where(venue, passed, gig):
    check = check_gig(night(), venue)
    assert (rule(check, GigRule.VENUE).passed, check.is_professional) == (passed, gig)


def test_an_unknown_venue_saves_nobody():
    assert not check_gig(night(9), VenueMatch.UNKNOWN).is_professional


def test_decks_overlap_and_long_plays_cover_short_ones():
    mixed = [play(number, number * 180, 240, deck=number % 2 + 1) for number in range(10)]
    assert rule(check_gig(mixed, VenueMatch.MATCH), GigRule.GAPS).actual == "no gap"
    covered = [*night(10), play(10, 2400, 600), play(11, 2430, 60, deck=2), play(12, 3000 + 299, 240)]
    assert rule(check_gig(covered, VenueMatch.MATCH), GigRule.GAPS).actual == "4:59 before track 13"


def test_what_was_not_heard_or_has_no_time_is_not_counted():
    cues = [play(f"cue{number}", number * 240 + 5, 8, deck=3, audible=False) for number in range(10)]
    lists = [Play(f"list{number}", "Track", "Nova Tide") for number in range(10)]
    check = check_gig([*cues, *lists, *night(9)], VenueMatch.MATCH)
    assert (check.track_count, check.is_professional) == (9, False)
    assert rule(check_gig(night(10, audible=None), VenueMatch.MATCH), GigRule.ENOUGH_TRACKS).passed


def test_one_play_told_twice_counts_once():
    assert check_gig(night(9) + night(9), VenueMatch.MATCH).track_count == 9


def test_plays_whose_end_is_not_known():
    check = check_gig(night(10, seconds=None), VenueMatch.MATCH)
    assert check.is_professional
    assert rule(check, GigRule.DURATIONS).passed is None
    silent = [*night(10), play(10, 2400, None), play(11, 2400 + 600 + 301)]
    assert rule(check_gig(silent, VenueMatch.MATCH), GigRule.GAPS).actual == "5:01 before track 12"


def test_a_set_ends_at_a_pause_of_more_than_half_an_hour():
    early, late = night(5), [play(number, 5 * 240 + 1801 + number * 240) for number in range(5, 9)]
    late_start = late[0].started_at - NIGHT
    assert [found.key for found in find_set([*early, *late], early[2])] == list("01234")
    assert [found.key for found in find_set([*late, *early], late[3])] == list("5678")
    assert late_start > timedelta(minutes=30)


def test_a_pause_of_half_an_hour_is_a_failed_rule_and_no_second_set():
    plays = night(5) + [play(number, number * 240 + 1800) for number in range(5, 12)]
    assert len(find_set(plays, plays[0])) == 12
    check = check_gig(find_set(plays, plays[0]), VenueMatch.MATCH)
    assert rule(check, GigRule.GAPS).actual == "30:00 before track 6"
    assert not check.is_professional


def test_a_play_without_a_time_is_in_no_set():
    assert find_set(night(10), Play("x", "Track")) == ()
    assert find_set(night(10), play("cue", 100, audible=False)) == ()
    assert find_set([], play(1, 0)) == (play(1, 0),)
