"""Points, availability, boundaries and verdicts."""

from decimal import Decimal

import pytest

from domain.scoring.explain import explain
from domain.scoring.score import judge, score
from domain.scoring.words import MISSION_POLICY, Closeness, Heard, Policy, Score, Verdict, Wanted
from tests.scoring.spellings import pairs

ISRC, OTHER = "GBAYE0601498", "USRC17607839"


def found(title="Levels", artist="Avicii", isrc=None, seconds=None, *, wanted=None):
    return score(wanted or Wanted("Levels", "Avicii", ISRC, 200.0), Heard(title, artist, isrc, seconds))


def of(total, available, *, title=Closeness.EXACT, artist=Closeness.EXACT, contradicts=False, agrees=False):
    return Score(0, 0, 0, 0, total, available, title, artist, contradicts, agrees)


def test_everything_agrees():
    full = found(isrc=ISRC, seconds=200.0)
    assert (full.title, full.artist, full.isrc, full.duration, full.total, full.available) == (40, 30, 20, 10, 100, 100)
    assert full.confidence == Decimal("100.0")


@pytest.mark.parametrize(
    ("seconds", "points"),
    [
        (200.0, 10),
        (202.0, 10),
        (198.0, 10),
        (202.001, 5),
        (197.999, 5),
        (205.0, 5),
        (195.0, 5),
        (205.001, 0),
        (194.999, 0),
    ],
)
def test_lengths_at_their_edges(seconds, points):
    result = found(seconds=seconds)
    assert (result.duration, result.available) == (points, 80)


def test_edges_hold_for_lengths_that_floats_cannot_write():
    for tenth in range(1, 4000):
        near, far = Heard("Levels", "Avicii", None, tenth / 10 + 2), Heard("Levels", "Avicii", None, tenth / 10 + 2.001)
        wanted = Wanted("Levels", "Avicii", None, tenth / 10)
        assert (score(wanted, near).duration, score(wanted, far).duration) == (10, 5)


@pytest.mark.parametrize("seconds", [None, 0, -1.0, float("nan"), float("inf"), 1e12])
def test_what_is_no_length_is_not_counted(seconds):
    assert found(seconds=seconds).available == 70
    assert found(seconds=200.0, wanted=Wanted("Levels", "Avicii", None, seconds)).available == 70


@pytest.mark.parametrize(
    "spelling",
    [ISRC, "gb-aye-06-01498", "GB AYE 06 01498", "isrc GBAYE0601498", "ISRC: GB\u2010AYE\u201006\u201001498"],
)
def test_an_isrc_is_one_however_it_is_written(spelling):
    result = found(isrc=spelling)
    assert (result.isrc, result.available, result.isrc_contradicts, result.isrc_agrees) == (20, 90, False, True)


@pytest.mark.parametrize(
    "spelling", [None, "", "none", "GBAYE060149", "GBAYE06014988", "1BAYE0601498", "GBAYE06O1498", "x" * 9999]
)
def test_what_is_no_isrc_is_not_counted(spelling):
    result = found(isrc=spelling)
    assert (result.isrc, result.available, result.isrc_contradicts) == (0, 70, False)


def test_another_isrc_goes_to_review_when_all_else_passes():
    for seconds in (None, 200.0, 300.0):
        result = found(isrc=OTHER, seconds=seconds)
        assert result.isrc_contradicts
        assert judge(result) is Verdict.REVIEW
    partial = found(artist="Aviccii", isrc=OTHER)
    assert partial.confidence < 70
    assert judge(partial) is Verdict.REVIEW


def test_another_isrc_under_another_name_fails():
    assert judge(found("Wake Me Up", isrc=OTHER)) is Verdict.FAIL
    assert judge(found("Levels", "Nick Jonas", isrc=OTHER)) is Verdict.FAIL


@pytest.mark.parametrize(
    ("total", "available", "shown", "verdict"),
    [
        (699, 1000, "69.9", Verdict.FAIL),
        (6994, 10000, "69.9", Verdict.FAIL),
        (6995, 10000, "69.9", Verdict.FAIL),
        (69999, 100000, "69.9", Verdict.FAIL),
        (700, 1000, "70.0", Verdict.PASS),
        (7009, 10000, "70.0", Verdict.PASS),
        (0, 0, "0.0", Verdict.FAIL),
    ],
)
def test_the_bar_is_where_it_is_shown(total, available, shown, verdict):
    result = of(total, available)
    assert (str(result.confidence), judge(result)) == (shown, verdict)


def test_confidence_alone_is_not_enough():
    assert judge(of(70, 70, artist=Closeness.NONE)) is Verdict.REVIEW
    assert judge(of(70, 70, title=Closeness.PARTIAL)) is Verdict.REVIEW
    assert judge(of(70, 70, title=Closeness.PARTIAL, agrees=True)) is Verdict.PASS
    assert judge(of(70, 70, title=Closeness.NONE, artist=Closeness.PARTIAL, agrees=True)) is Verdict.PASS
    assert judge(of(70, 70, artist=Closeness.PARTIAL)) is Verdict.PASS


def test_an_unknown_artist_is_not_counted_and_not_paid():
    for artist in (None, "", "  ", "Unknown Artist", "VA"):
        result = found(artist=artist)
        assert (result.available, result.confidence, judge(result)) == (40, Decimal("100.0"), Verdict.REVIEW)


def test_the_same_isrc_lifts_a_slip_over_the_bar():
    wanted = Wanted("Midnight Harbour", "Nova Tide", ISRC)
    assert judge(score(wanted, Heard("Midnigth Harbour", "Nova Tide"))) is Verdict.REVIEW
    assert judge(score(wanted, Heard("Midnigth Harbour", "Nova Tide", ISRC))) is Verdict.PASS


def test_a_policy_has_its_own_weights():
    policy = Policy(title_exact=10, artist_exact=10, isrc=80, pass_at=Decimal("85.0"))
    result = score(Wanted("Levels", "Avicii", ISRC), Heard("Levels", "Avicii", OTHER), policy)
    assert (result.total, result.available, judge(result, policy)) == (20, 100, Verdict.REVIEW)
    assert (
        judge(score(Wanted("Levels", "Avicii", ISRC), Heard("Levels", "Avicii", ISRC), policy), policy) is Verdict.PASS
    )


def test_more_agreement_never_costs_points():
    for wanted, heard, one, other in pairs(seed=11, count=2000):
        if not other.main or one.guests or other.guests or heard.artist is None:
            continue
        before = score(wanted, heard)
        for better in (
            Heard(wanted.title, heard.artist, heard.isrc, heard.duration_seconds),
            Heard(heard.title, wanted.artist, heard.isrc, heard.duration_seconds),
            Heard(heard.title, heard.artist, wanted.isrc or heard.isrc, heard.duration_seconds),
            Heard(heard.title, heard.artist, heard.isrc, wanted.duration_seconds or heard.duration_seconds),
        ):
            after = score(wanted, better)
            for part in ("title", "artist", "isrc", "duration", "total"):
                assert getattr(after, part) >= getattr(before, part), (wanted, heard, better, part)


def test_what_was_asked_for_is_always_found():
    for wanted, _, one, _ in pairs(seed=12, count=1000):
        same = score(wanted, Heard(wanted.title, wanted.artist, wanted.isrc, wanted.duration_seconds))
        assert same.total == same.available, wanted
        assert judge(same) is Verdict.PASS
        assert one.main


def test_explanations_have_the_figures():
    lines = explain(Wanted("Levels", "Avicii", ISRC, 200.0), Heard("Levels (Skrillex Remix)", "Avicii", OTHER, 203.5))
    text = "\n".join(lines)
    for figure in (
        "0 of 40",
        "30 of 30",
        "0 of 20",
        "5 of 10",
        "3.500 s",
        "35 of 100",
        "35.0",
        "70.0",
        OTHER,
        "Skrillex",
    ):
        assert figure in text
    assert "not counted" in "\n".join(explain(Wanted("Levels", "Avicii"), Heard("Levels")))
    assert explain(Wanted("Levels", "Avicii"), Heard("Levels", "Avicii"))[-1] == "Passed."
    assert MISSION_POLICY.pass_at == Decimal("70.0")
