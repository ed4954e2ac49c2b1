"""What scoring should say, from what the generator of `spellings` meant: written apart from it, in whole fractions."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

CUTS = {"radio edit", "club mix", "short edit"}
POINTS = {"title": {"EXACT": 40, "PARTIAL": 30, "NONE": 0}, "artist": {"EXACT": 30, "PARTIAL": 20, "NONE": 0}}


@dataclass(frozen=True)
class Meant:
    """What a spelling stands for: a song, one of its versions, a slip of the pen in it, who made it and who is a guest."""

    song: str
    version: str | None
    slip: bool
    main: frozenset
    guests: frozenset
    isrc: str | None
    milliseconds: int | None


def title_of(one, other):
    if one.song != other.song or (one.version != other.version and not {one.version, other.version} <= CUTS | {None}):
        return "NONE"
    return "EXACT" if one.version == other.version and one.slip == other.slip else "PARTIAL"


def artist_of(one, other):
    if one.main | one.guests == other.main | other.guests:
        return "EXACT"
    shared = (one.main | one.guests) & (other.main | other.guests)
    return "PARTIAL" if shared & (one.main | other.main) else "NONE"


def expect(one, other):
    """The points, the confidence and the verdict of two meanings."""
    title, points, available = title_of(one, other), {"artist": 0, "isrc": 0, "duration": 0}, 40
    artist = None
    if one.main and other.main:
        artist, available = artist_of(one, other), available + 30
        points["artist"] = POINTS["artist"][artist]
    points["title"] = POINTS["title"][title]
    same = one.isrc == other.isrc
    if one.isrc and other.isrc:
        points["isrc"], available = 20 * same, available + 20
    if one.milliseconds and other.milliseconds:
        apart, available = abs(one.milliseconds - other.milliseconds), available + 10
        points["duration"] = 10 if apart <= 2000 else 5 if apart <= 5000 else 0
    total = sum(points.values())
    enough = Fraction(total, available) >= Fraction(7, 10)
    agree = artist in ("EXACT", "PARTIAL") and (title == "EXACT" or bool(one.isrc and same))
    verdict = ("PASS" if agree else "REVIEW") if enough else "FAIL"
    if one.isrc and other.isrc and not same:
        rest = Fraction(total, available - 20) >= Fraction(7, 10)
        verdict = "REVIEW" if enough or (rest and agree) else "FAIL"
    return points, total, available, Fraction(floor(Fraction(total * 1000, available)), 10), verdict
