"""When things happen by the clock of a place: rules, and the moments that follow from them, pure of any clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)


class ScheduleName(StrEnum):
    """What happens by the clock."""

    DAILY_PAYOUTS = "DAILY_PAYOUTS"
    DAILY_RECONCILIATION = "DAILY_RECONCILIATION"


@dataclass(frozen=True)
class Rule:
    """Times of day, on some days of the week or on all.

    Attributes:
        times: The times by the clock on the wall, ascending.
        weekdays: On which days: Monday is 0; all when None.
    """

    times: tuple[time, ...]
    weekdays: frozenset[int] | None = None


def daily(at: time) -> Rule:
    """Once a day."""
    return Rule((at,))


def weekly(weekday: int, at: time) -> Rule:
    """Once a week; Monday is 0."""
    return Rule((at,), frozenset({weekday}))


def every(minutes: int, first: time, last: time) -> Rule:
    """Each so many minutes of a day from the first time to the last, both included."""
    start, end = first.hour * 60 + first.minute, last.hour * 60 + last.minute
    return Rule(tuple(time(*divmod(minute, 60)) for minute in range(start, end + 1, minutes)))


@dataclass(frozen=True)
class Schedule:
    """A rule by the clock of a place.

    Attributes:
        name: Its name; with a tick's moment it names one run for ever.
        rule: When.
    """

    name: ScheduleName
    rule: Rule


def ticks(rule: Rule, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """The moments of a rule after `since` and not after `until`, in UTC, ascending, none twice.

    Where the clock is put forward, what falls into the gap happens at once after it; several times that fall into one
    gap happen together, once. Where it is put back, what falls into the doubled hour happens the first time alone.

    Args:
        rule: When, by the clock on the wall.
        zone: Where that wall is.
        since: Later than this.
        until: Not later than this.
    """
    last = since
    # A day more at each end: a zone may skip a day whole, and a gap moves a tick to a later date.
    day = since.astimezone(zone).date() - DAY
    final = until.astimezone(zone).date()
    while day <= final:
        for tick in _ticks_of(rule, zone, day):
            if last < tick <= until:
                last = tick
                yield tick
        day += DAY


def _ticks_of(rule: Rule, zone: ZoneInfo, day: date) -> list[datetime]:
    if rule.weekdays is not None and day.weekday() not in rule.weekdays:
        return []
    # In a day whose clock is put back past a gap's end they need not ascend by themselves.
    return sorted(_moment(datetime.combine(day, at, tzinfo=zone)) for at in rule.times)


def _moment(local: datetime) -> datetime:
    """The moment at which a clock on the wall shows this first, or shows more for the first time."""
    # UTC and back: what is shown then is something else only where the clock was put forward past it.
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(fold=0) == local:
        return moment
    after = local.replace(fold=1).utcoffset()
    assert after is not None
    # The change lies between the two readings of the time that was skipped; to the second, which is all that zones know.
    early, late = local.replace(fold=1).astimezone(UTC), moment
    while late - early > SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(local.tzinfo).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late
