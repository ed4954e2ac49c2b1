"""Whether a run of plays looks like a gig: enough tracks, no long silence, tracks of a sensible length, the right place.

The set that is judged is the run of plays around the matched one, from one pause of more than `SET_BREAK` to the next. That is six
times the gap a gig may have, so that a silence of six minutes is a rule that failed and not a second set, and yesterday's set is
no part of tonight's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.plays import Play
from domain.scoring.words import GigCheck, GigRule, RuleResult, VenueMatch

FEWEST_TRACKS: Final = 10
LONGEST_GAP: Final = timedelta(minutes=5)
SHORTEST_PLAY: Final = timedelta(minutes=1)
LONGEST_PLAY: Final = timedelta(minutes=10)
SET_BREAK: Final = timedelta(minutes=30)


@dataclass(frozen=True)
class Span:
    """One play on the clock.

    Attributes:
        play: The play.
        start: When it began.
        end: When it was over. Where nobody wrote that down, the longest a play may be is taken, so that a long silence behind it
            still shows.
        length: How long it was on the deck; None when nobody wrote that down.
    """

    play: Play
    start: datetime
    end: datetime
    length: timedelta | None


def spans_of(plays: Iterable[Play]) -> list[Span]:
    """Put plays on the clock, in the order in which they began: each key once, with a time, and not said to be inaudible."""
    found: dict[str, Span] = {}
    for play in plays:
        if play.started_at is None or play.audible is False:
            continue
        length = length_of(play)
        end = play.started_at + (length if length is not None else LONGEST_PLAY)
        found[play.key] = Span(play, play.started_at, end, length)
    return sorted(found.values(), key=lambda span: (span.start, span.play.key))


def length_of(play: Play) -> timedelta | None:
    """How long a play was on the deck, as the software counted it, or else from its two times; None when neither is known."""
    if play.played_seconds is not None and 0 <= play.played_seconds < 1_000_000:
        return timedelta(seconds=play.played_seconds)
    if play.started_at is not None and play.ended_at is not None and play.ended_at >= play.started_at:
        return play.ended_at - play.started_at
    return None


def find_set(plays: Iterable[Play], around: Play) -> tuple[Play, ...]:
    """Find the run of plays that one is in: no pause in it is longer than `SET_BREAK`. Empty when the one has no time."""
    run: list[Span] = []
    over: datetime | None = None
    for span in spans_of([*plays, around]):
        if over is not None and span.start - over > SET_BREAK:
            if any(known.play.key == around.key for known in run):
                break
            run, over = [], None
        run.append(span)
        over = span.end if over is None else max(over, span.end)
    return tuple(span.play for span in run) if any(span.play.key == around.key for span in run) else ()


def check_gig(plays: Sequence[Play], venue: VenueMatch) -> GigCheck:
    """Judge a set (see `find_set`).

    Args:
        plays: The plays of the set; those without a time or said to be inaudible are not counted.
        venue: Whether it was the right place. UNKNOWN alone fails nothing.
    """
    spans = spans_of(plays)
    rules = (_enough(spans), _gaps(spans), _durations(spans), _venue(venue))
    return GigCheck(not any(rule.passed is False for rule in rules), len(spans), rules)


def _enough(spans: list[Span]) -> RuleResult:
    count = len(spans)
    actual = "1 track" if count == 1 else f"{count} tracks"
    return RuleResult(GigRule.ENOUGH_TRACKS, count >= FEWEST_TRACKS, actual, f"at least {FEWEST_TRACKS} tracks")


def _gaps(spans: list[Span]) -> RuleResult:
    limit = f"at most {clock(LONGEST_GAP)}"
    if len(spans) < 2:
        return RuleResult(GigRule.GAPS, None, "no two tracks", limit)
    longest, before = timedelta(0), 0
    over = spans[0].end
    for number, span in enumerate(spans[1:], start=2):
        if span.start - over > longest:
            longest, before = span.start - over, number
        over = max(over, span.end)
    actual = f"{clock(longest)} before track {before}" if before else "no gap"
    return RuleResult(GigRule.GAPS, longest <= LONGEST_GAP, actual, limit)


def _durations(spans: list[Span]) -> RuleResult:
    limit = f"{clock(SHORTEST_PLAY)} to {clock(LONGEST_PLAY)} each"
    known = [(span.length, number) for number, span in enumerate(spans, start=1) if span.length is not None]
    if not known:
        return RuleResult(GigRule.DURATIONS, None, "not recorded", limit)
    (shortest, first), (longest, last) = min(known), max(known)
    outside = sum(not SHORTEST_PLAY <= length <= LONGEST_PLAY for length, _ in known)
    actual = f"{clock(shortest)} (track {first}) to {clock(longest)} (track {last})"
    if outside:
        actual += f", {outside} of {len(known)} outside"
    return RuleResult(GigRule.DURATIONS, not outside, actual, limit)


def _venue(venue: VenueMatch) -> RuleResult:
    passed = {VenueMatch.MATCH: True, VenueMatch.MISMATCH: False}.get(venue)
    return RuleResult(GigRule.VENUE, passed, venue.value, VenueMatch.MATCH.value)


def clock(length: timedelta) -> str:
    """Write a length as minutes and seconds: ``5:01``; a part of a second is shown, so that 5:00.4 is not called 5:00."""
    thousandths = round(length.total_seconds() * 1000)
    sign, thousandths = ("-" if thousandths < 0 else ""), abs(thousandths)
    minutes, rest = divmod(thousandths, 60_000)
    seconds, part = divmod(rest, 1000)
    return f"{sign}{minutes}:{seconds:02}" + (f".{part:03}".rstrip("0") if part else "")
