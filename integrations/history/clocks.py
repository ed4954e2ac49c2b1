"""Times in history files: seconds since 1970, and clocks on the wall of where the DJ was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

EARLIEST: Final = 631_152_000
"""1990: a computer that says less does not know the time."""
LATEST: Final = 4_102_444_800
"""2100."""


def utc(seconds: float | None) -> datetime | None:
    """Read Unix seconds; None when no DJ software can have written them, such as 0 for unknown."""
    if seconds is None or not EARLIEST <= seconds < LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def on_the_wall(local: datetime, zone: ZoneInfo, *, after: datetime | None = None) -> datetime | None:
    """Read a clock on the wall.

    An hour that comes twice (clocks go back) is read as the first of the two, unless that were before `after`, the play
    that came before: then it is the second. An hour that never was (clocks go forward) is what the clock would have shown
    had nobody turned it, so that lengths between plays stay true: half past two is half past three.

    Args:
        local: Date and time without a zone.
        zone: Where the clock hung.
        after: When the play before began, if that is known.

    Returns:
        UTC; None when it lies outside of what DJ software can have written.
    """
    if not 1990 < local.year < 2100:
        return None
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if after is not None and first < after:
        second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
        return second if second >= after else first
    return first


def next_day(local: datetime, before: datetime | None, *, slack: timedelta = timedelta(hours=6)) -> datetime:
    """Add a day to a clock that has gone past midnight: it shows much less than the one `before` it."""
    if before is not None and local < before - slack:
        return local + timedelta(days=1)
    return local
