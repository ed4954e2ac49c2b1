"""A score in sentences, with the figures a person needs to agree with it or not."""

from __future__ import annotations

from domain.scoring.normalise import clean_isrc, milliseconds
from domain.scoring.score import judge, score
from domain.scoring.words import MISSION_POLICY, Closeness, Heard, Policy, Score, Verdict, Wanted

_NAMES = {Closeness.EXACT: "the same", Closeness.PARTIAL: "nearly the same", Closeness.NONE: "another"}


def explain(wanted: Wanted, heard: Heard, policy: Policy = MISSION_POLICY) -> tuple[str, ...]:
    """Say how a score came about: a sentence for each criterion, then the sum and what follows."""
    found = score(wanted, heard, policy)
    return (
        f"Title: {found.title} of {policy.title_exact}. “{heard.title[:200]}” for “{wanted.title[:200]}”: {_NAMES[found.title_closeness]}.",
        _artist(wanted, heard, found, policy),
        _isrc(wanted, heard, found, policy),
        _duration(wanted, heard, found, policy),
        f"Together {found.total} of {found.available}: {found.confidence} of 100, and {policy.pass_at} are needed.",
        verdict(found, policy),
    )


def verdict(found: Score, policy: Policy = MISSION_POLICY) -> str:
    """Say what follows from a score and why."""
    decided = judge(found, policy)
    if decided is Verdict.PASS:
        return "Passed."
    if decided is Verdict.FAIL:
        return f"Not passed: {found.confidence} is below {policy.pass_at}."
    if found.isrc_contradicts:
        return "For review: the names agree, and the ISRC is another."
    if found.artist_closeness is Closeness.NONE:
        return "For review: the artist is not confirmed."
    return "For review: the title is not exact, and no ISRC says that it is the same recording."


def _artist(wanted: Wanted, heard: Heard, found: Score, policy: Policy) -> str:
    if not found.artist and found.artist_closeness is Closeness.NONE and not heard.artist:
        return "Artist: none is known."
    named = (heard.artist or "in the title")[:200]
    return f"Artist: {found.artist} of {policy.artist_exact}. “{named}” for “{wanted.artist[:200]}”: {_NAMES[found.artist_closeness]}."


def _isrc(wanted: Wanted, heard: Heard, found: Score, policy: Policy) -> str:
    mine, theirs = clean_isrc(wanted.isrc), clean_isrc(heard.isrc)
    if mine is None or theirs is None:
        return f"ISRC: not counted; {'the requirement' if mine is None else 'the source'} has none."
    return f"ISRC: {found.isrc} of {policy.isrc}. {theirs} for {mine}: {'the same' if mine == theirs else 'another'}."


def _duration(wanted: Wanted, heard: Heard, found: Score, policy: Policy) -> str:
    mine, theirs = milliseconds(wanted.duration_seconds), milliseconds(heard.duration_seconds)
    if mine is None or theirs is None:
        return f"Length: not counted; {'the requirement' if mine is None else 'the source'} has none."
    apart = abs(mine - theirs) / 1000
    return f"Length: {found.duration} of {policy.duration_near}. {apart:.3f} s apart."
