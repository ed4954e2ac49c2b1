"""Strings from people who mean no good, and how long they take."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.scoring.score import judge, score
from domain.scoring.words import Heard, Verdict, Wanted

BOMBS = {
    "brackets": "(" * 10_000,
    "open brackets": "(a" * 5_000,
    "closed brackets": ")" * 10_000,
    "letters": "a" * 10_000,
    "accents": "e" + "\u0301" * 10_000,
    "dashes": " - " * 3_000,
    "guests": "feat " * 2_000,
    "names": "a & " * 2_500,
    "growing": "\ufdfa" * 10_000,
    "points": "a." * 5_000,
    "numbers": "1" * 10_000,
    "track numbers": "01 - " * 2_000,
    "spaces": " " * 10_000,
    "controls": "\x00\u202e" * 5_000,
    "halves": "\ud800" * 1_000,
    "remixes": "remix " * 2_000,
    "tags": "\U000e0041" * 10_000,
    "emoji": "🎧" * 10_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_no_string_takes_long_or_is_paid(bomb):
    began = process_time()
    found = [
        score(Wanted("Levels", "Avicii"), Heard(bomb, bomb)),
        score(Wanted("Levels", "Avicii"), Heard(bomb, None)),
        score(Wanted("Levels", "Avicii"), Heard(f"{bomb}Levels", f"{bomb}Avicii")),
        score(Wanted(bomb, bomb), Heard("Levels", "Avicii")),
    ]
    assert process_time() - began < 0.25
    assert all(judge(one) is not Verdict.PASS for one in found[:2] + found[3:])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.text(max_size=40) | st.none(), st.text(max_size=60), st.text(min_size=1, max_size=40))
def test_any_text_gives_a_score(title, artist, wanted_title, wanted_artist):
    found = score(Wanted(wanted_title, wanted_artist), Heard(title, artist))
    assert 0 <= found.total <= found.available
    assert 0 <= found.confidence <= 100
    assert judge(found) in Verdict


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=40))
def test_a_visible_name_is_its_own_match(title, artist):
    found = score(Wanted(title, artist), Heard(title, artist))
    if any(character.isalnum() for character in title):
        assert found.title == 40


def test_a_name_in_another_name_is_not_enough():
    wanted = Wanted("Levels", "Avicii")
    for title, artist in (
        ("Levels - Avicii - Wake Me Up - Strobe", "deadmau5"),
        ("Strobe (Levels)", "Avicii"),
        ("Levels Levels Levels", "Avicii"),
        ("Avicii - Levels", "Somebody Else"),
        ("Strobe [Levels]", "Avicii"),
        ("Levels", "Somebody feat. Nobody"),
        ("(Levels) Strobe", "Avicii"),
    ):
        assert judge(score(wanted, Heard(title, artist))) is not Verdict.PASS, title


def test_a_night_is_scored_in_a_moment():
    plays = [
        Heard(f"{number:02} - Track {number} (Original Mix)", f"Artist {number} feat. Guest {number}")
        for number in range(500)
    ]
    wanted = Wanted("Track 77", "Artist 77")
    began = process_time()
    found = [score(wanted, play) for play in plays]
    assert process_time() - began < 1.0
    assert sum(judge(one) is Verdict.PASS for one in found) == 1
