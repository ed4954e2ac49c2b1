"""How far what was heard is what was asked for, in points, and what follows from them."""

from __future__ import annotations

from typing import NamedTuple

from domain.scoring.artists import Artists, compare_artists
from domain.scoring.filenames import readings
from domain.scoring.normalise import clean_isrc, milliseconds
from domain.scoring.titles import compare_titles, read_title
from domain.scoring.words import MISSION_POLICY, Closeness, Heard, Policy, Score, Verdict, Wanted, percent


class Reading(NamedTuple):
    """What one way of reading a title and an artist gives.

    Attributes:
        title: How near the titles are.
        artist: How near the artists are; None where one side names nobody.
    """

    title: Closeness
    artist: Closeness | None


def score(wanted: Wanted, heard: Heard, policy: Policy = MISSION_POLICY) -> Score:
    """Compare a play with what was asked for.

    A criterion is available when the requirement names it and the source knows it. Where a title can be read in more than one
    way (``Artist - Title``, a number in front), the way that earns most is taken.
    """
    reading = closest(wanted, heard, policy)
    mine, theirs = clean_isrc(wanted.isrc), clean_isrc(heard.isrc)
    has_isrc = mine is not None and theirs is not None
    length, other_length = milliseconds(wanted.duration_seconds), milliseconds(heard.duration_seconds)
    has_length = length is not None and other_length is not None
    title = _title_points(reading.title, policy)
    artist = _artist_points(reading.artist, policy)
    isrc = policy.isrc if has_isrc and mine == theirs else 0
    duration = _duration_points(abs(length - other_length), policy) if length and other_length else 0
    available = policy.title_exact
    available += policy.artist_exact if reading.artist is not None else 0
    available += policy.isrc if has_isrc else 0
    available += policy.duration_near if has_length else 0
    return Score(
        title=title,
        artist=artist,
        isrc=isrc,
        duration=duration,
        total=title + artist + isrc + duration,
        available=available,
        title_closeness=reading.title,
        artist_closeness=reading.artist or Closeness.NONE,
        isrc_contradicts=has_isrc and mine != theirs,
        isrc_agrees=has_isrc and mine == theirs,
    )


def closest(wanted: Wanted, heard: Heard, policy: Policy = MISSION_POLICY) -> Reading:
    """Read titles and artists in every way that makes sense, and give the way that earns most."""
    best = Reading(Closeness.NONE, None)
    most = (-1, False)
    for title, artist in readings(wanted.title, wanted.artist):
        for other_title, other_artist in readings(heard.title, heard.artist):
            found = _compare(title, artist, other_title, other_artist)
            worth = _title_points(found.title, policy) + _artist_points(found.artist, policy), found.artist is not None
            if worth > most:
                best, most = found, worth
    return best


def _compare(title: str, artist: Artists | None, other_title: str, other_artist: Artists | None) -> Reading:
    mine, theirs = read_title(title), read_title(other_title)
    names = compare_artists(artist, other_artist, mine.guests, theirs.guests) if artist and other_artist else None
    return Reading(compare_titles(mine, theirs), names)


def _title_points(closeness: Closeness, policy: Policy) -> int:
    return {Closeness.EXACT: policy.title_exact, Closeness.PARTIAL: policy.title_partial}.get(closeness, 0)


def _artist_points(closeness: Closeness | None, policy: Policy) -> int:
    if closeness is None:
        return 0
    return {Closeness.EXACT: policy.artist_exact, Closeness.PARTIAL: policy.artist_partial}.get(closeness, 0)


def _duration_points(apart_ms: int, policy: Policy) -> int:
    if apart_ms <= policy.near_ms:
        return policy.duration_near
    return policy.duration_close if apart_ms <= policy.close_ms else 0


def judge(found: Score, policy: Policy = MISSION_POLICY) -> Verdict:
    """Say what follows from a score.

    PASS: a confidence of `Policy.pass_at` or more, and an exact title or the same ISRC, and at least a partial artist. REVIEW: the
    confidence without the rest; and all of it but for an ISRC that contradicts, which is then left out of the confidence. FAIL: less.
    """
    if found.isrc_contradicts:
        without = percent(found.total, found.available - policy.isrc)
        return Verdict.REVIEW if without >= policy.pass_at and _names_agree(found) else _below(found, policy)
    if found.confidence >= policy.pass_at and _names_agree(found):
        return Verdict.PASS
    return _below(found, policy)


def _names_agree(found: Score) -> bool:
    is_title = found.title_closeness is Closeness.EXACT or found.isrc_agrees
    return is_title and found.artist_closeness is not Closeness.NONE


def _below(found: Score, policy: Policy) -> Verdict:
    return Verdict.REVIEW if found.confidence >= policy.pass_at else Verdict.FAIL
