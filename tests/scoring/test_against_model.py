"""The scorer against an independent model, on generated spellings whose meaning is known."""

import os
from collections import Counter
from fractions import Fraction

from domain.scoring.score import judge, score
from tests.scoring.model import expect
from tests.scoring.spellings import pairs

ROUNDS = 1_000_000 if "TEST_EXAMPLES" in os.environ else 20_000


def test_the_scorer_and_the_model_say_the_same():
    seen = Counter()
    for wanted, heard, one, other in pairs(seed=20_261, count=ROUNDS):
        found = score(wanted, heard)
        points, total, available, confidence, verdict = expect(one, other)
        said = (
            {name: getattr(found, name) for name in points},
            found.total,
            found.available,
            Fraction(found.confidence),
            judge(found).value,
        )
        assert said == (points, total, available, confidence, verdict), (wanted, heard)
        seen[verdict, found.title_closeness.value, found.artist_closeness.value] += 1
    assert {verdict for verdict, _, _ in seen} == {"PASS", "REVIEW", "FAIL"}
    assert len(seen) > 10
    assert min(Counter(verdict for verdict, _, _ in seen.elements()).values()) > ROUNDS / 50


def test_swapping_the_sides_changes_nothing():
    for wanted, heard, _, _ in pairs(seed=7, count=ROUNDS // 10):
        if heard.artist in (None, "", "Unknown Artist"):
            continue
        turned = score(
            type(wanted)(heard.title, heard.artist, heard.isrc, heard.duration_seconds),
            type(heard)(wanted.title, wanted.artist, wanted.isrc, wanted.duration_seconds),
        )
        assert turned == score(wanted, heard), (wanted, heard)
