"""What in a history cannot have been so, or is worth a look: files are written by their owners, and can be written by hand.

Grave findings send a match to a person; notes stand beside it. None of them proves anything by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.plays import Play
from domain.scoring.filenames import readings
from domain.scoring.gig import Span, clock, length_of, spans_of
from domain.scoring.titles import read_title

OVERLAP_ALLOWED: Final = timedelta(seconds=2)
"""Software rounds to seconds, at both ends."""
DECKS: Final = 4
"""The most decks that DJ software has."""
STRETCH: Final = 1.25
"""How much longer than its track a play may be: slowed down, with a loop in it."""
STRETCH_SECONDS: Final = 60.0
"""And how long it may lie on the deck besides."""
CLOCK_ALLOWED: Final = timedelta(minutes=5)
"""How far a laptop's clock may be off."""
LATE: Final = timedelta(hours=48)
"""From when on an upload is long after."""
TOGETHER: Final = timedelta(seconds=10)
"""How near two people's starts of one track are to be at once."""
CHANCE: Final = 1
"""How many others may start the same track at once by chance, or by a broadcast's news."""


class FindingCode(StrEnum):
    """What is odd about plays."""

    OVERLAP_ON_DECK = "OVERLAP_ON_DECK"
    TOO_MANY_DECKS = "TOO_MANY_DECKS"
    LONGER_THAN_TRACK = "LONGER_THAN_TRACK"
    CLOCK_BACKWARDS = "CLOCK_BACKWARDS"
    FUTURE = "FUTURE"
    UPLOADED_LONG_AFTER = "UPLOADED_LONG_AFTER"
    SAME_TRACK_EVERYWHERE = "SAME_TRACK_EVERYWHERE"


GRAVE: Final = frozenset(
    {
        FindingCode.OVERLAP_ON_DECK,
        FindingCode.TOO_MANY_DECKS,
        FindingCode.CLOCK_BACKWARDS,
        FindingCode.FUTURE,
        FindingCode.SAME_TRACK_EVERYWHERE,
    }
)
"""What software and decks cannot do. The others happen to honest people: a track left lying on the deck, a file sent a week later."""


@dataclass(frozen=True)
class Finding:
    """One odd thing.

    Attributes:
        code: What it is.
        keys: The plays it is about.
        actual: The figure that was found.
        limit: The figure that is allowed.
    """

    code: FindingCode
    keys: tuple[str, ...]
    actual: str
    limit: str

    @property
    def is_grave(self) -> bool:
        """Whether a person has to look before anything is paid."""
        return self.code in GRAVE


def find_faults(
    plays: Sequence[Play], *, received_at: datetime, live_elsewhere: Sequence[Play] = ()
) -> tuple[Finding, ...]:
    """Look through the plays of one history.

    Args:
        plays: They, of one owner and one source.
        received_at: When the file that holds them came to us.
        live_elsewhere: Plays of other people around the same hours, where they are known.

    Returns:
        What is odd, in the order of `FindingCode`, then in the order of plays.
    """
    spans = spans_of(plays)
    found = [
        *_overlaps(spans),
        *_crowds(spans),
        *(finding for play in plays for finding in _stretched(play)),
        *(finding for play in plays for finding in _backwards(play)),
        *(finding for play in plays for finding in _ahead(play, received_at)),
        *_late(plays, received_at),
        *_everywhere(spans, live_elsewhere),
    ]
    order = list(FindingCode)
    return tuple(sorted(found, key=lambda finding: order.index(finding.code)))


def _overlaps(spans: list[Span]) -> Iterator[Finding]:
    decks: dict[int, list[Span]] = {}
    for span in spans:
        if span.play.deck and span.length is not None:
            decks.setdefault(span.play.deck, []).append(span)
    for on_deck in decks.values():
        longest = None
        for span in on_deck:
            if longest is not None and longest.end - span.start > OVERLAP_ALLOWED:
                overlap = min(longest.end, span.end) - span.start
                if overlap > OVERLAP_ALLOWED:
                    keys = (longest.play.key, span.play.key)
                    actual = f"{clock(overlap)} on deck {span.play.deck}"
                    yield Finding(FindingCode.OVERLAP_ON_DECK, keys, actual, f"at most {clock(OVERLAP_ALLOWED)}")
            longest = span if longest is None or span.end > longest.end else longest


def _crowds(spans: list[Span]) -> Iterator[Finding]:
    playing: list[Span] = []
    worst: list[Span] = []
    for span in spans:
        if span.length is None:
            continue
        playing = [other for other in playing if other.end - span.start > OVERLAP_ALLOWED]
        playing.append(span)
        worst = list(playing) if len(playing) > max(DECKS, len(worst)) else worst
    if worst:
        keys = tuple(span.play.key for span in worst)
        yield Finding(FindingCode.TOO_MANY_DECKS, keys, f"{len(worst)} plays at once", f"at most {DECKS}")


def _stretched(play: Play) -> Iterator[Finding]:
    length = length_of(play)
    if length is None or play.duration_seconds is None or not 0 < play.duration_seconds < 1_000_000:
        return
    most = timedelta(seconds=play.duration_seconds * STRETCH + STRETCH_SECONDS)
    if length > most:
        limit = f"at most {clock(most)} for a track of {clock(timedelta(seconds=play.duration_seconds))}"
        yield Finding(FindingCode.LONGER_THAN_TRACK, (play.key,), clock(length), limit)


def _backwards(play: Play) -> Iterator[Finding]:
    for earlier, later, what in (
        (play.started_at, play.ended_at, "ended before it began"),
        (play.started_at, play.updated_at, "written before it began"),
    ):
        if earlier is not None and later is not None and earlier - later > OVERLAP_ALLOWED:
            limit = f"at most {clock(OVERLAP_ALLOWED)}"
            yield Finding(FindingCode.CLOCK_BACKWARDS, (play.key,), f"{what} by {clock(earlier - later)}", limit)


def _ahead(play: Play, received_at: datetime) -> Iterator[Finding]:
    times = [time for time in (play.started_at, play.ended_at) if time is not None]
    if times and max(times) - received_at > CLOCK_ALLOWED:
        actual = f"{clock(max(times) - received_at)} after it was received"
        yield Finding(FindingCode.FUTURE, (play.key,), actual, f"at most {clock(CLOCK_ALLOWED)}")


def _late(plays: Sequence[Play], received_at: datetime) -> Iterator[Finding]:
    timed = [(play.ended_at or play.started_at, play.key) for play in plays if play.started_at is not None]
    last, key = max(((time, key) for time, key in timed if time is not None), default=(received_at, ""))
    if received_at - last > LATE:
        hours = (received_at - last) // timedelta(hours=1)
        yield Finding(
            FindingCode.UPLOADED_LONG_AFTER,
            (key,),
            f"{hours} hours after the last play",
            f"at most {LATE // timedelta(hours=1)} hours",
        )


def _everywhere(spans: list[Span], elsewhere: Sequence[Play]) -> Iterator[Finding]:
    starts: dict[str, list[tuple[datetime, str]]] = {}
    for other in spans_of(elsewhere):
        starts.setdefault(_track(other.play), []).append((other.start, other.play.key))
    for span in spans:
        others = [key for start, key in starts.get(_track(span.play), []) if abs(start - span.start) <= TOGETHER]
        if len(others) > CHANCE:
            actual = f"{len(others)} others began it within {TOGETHER.seconds} seconds"
            yield Finding(FindingCode.SAME_TRACK_EVERYWHERE, (span.play.key, *others), actual, f"at most {CHANCE}")


def _track(play: Play) -> str:
    title, artist = readings(play.title, play.artist)[0]
    read = read_title(title)
    return " ".join((*read.flat, "/", *sorted(artist.main if artist else ())))
