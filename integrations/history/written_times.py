"""Dates and clocks as exports write them, in the manner of whatever country the computer was set to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Final

CLOCK: Final = re.compile(
    r"(?<![\d.:])(?P<early>[上下午前後오전후]{2})?\s*(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.m](?P<second>\d{2}))?s?"
    r"(?![\d:])\s*(?P<half>[ap]\.?\s?m\b\.?|[ap]\b)?",
    re.IGNORECASE,
)
AFTERNOON: Final = frozenset(("p", "下午", "午後", "오후"))
MORNING: Final = frozenset(("a", "上午", "午前", "오전"))

YEAR_FIRST: Final = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<mark>[-/._ ]?)(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)"
)
YEAR_FIRST_EAST: Final = re.compile(r"(?P<year>\d{4})[年년]\s*(?P<month>\d{1,2})[月월]\s*(?P<day>\d{1,2})[日일]")
YEAR_LAST: Final = re.compile(
    r"(?<!\d)(?P<one>\d{1,2})(?P<mark>[-/._ ])(?P<two>\d{1,2})(?P=mark)(?P<year>(?:19|20)?\d{2})(?!\d)"
)
NAMED: Final = re.compile(
    r"(?<!\d)(?:(?P<before>\d{1,2})(?:st|nd|rd|th)?[-. ]{1,3})?(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
    r"[-., ]{1,3}(?:(?P<after>\d{1,2})(?:st|nd|rd|th)?[-., ]{1,3})?(?P<year>(?:19|20)\d{2})(?!\d)",
    re.IGNORECASE,
)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MOST: Final = 200
"""Characters in which a date or a clock is looked for."""


@dataclass(frozen=True)
class WrittenDate:
    """A date that was found.

    Attributes:
        day: Which.
        guessed: Whether day and month could be the other way round.
    """

    day: date
    guessed: bool = False


def clock_in(text: str | None) -> tuple[time, bool] | None:
    """Find a clock.

    Returns:
        What it shows, and whether it says before or after noon; None when there is none.
    """
    found = CLOCK.search(text[:MOST]) if text else None
    if found is None:
        return None
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    half = found["early"] or (found["half"] or "")[:1].lower()
    twelve = half in AFTERNOON or half in MORNING
    if twelve and not 1 <= hour <= 12:
        twelve = False
    elif twelve:
        hour = hour % 12 + (12 if half in AFTERNOON else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second), twelve


def date_in(text: str | None, *, month_first: bool = False) -> WrittenDate | None:
    """Find a date.

    Args:
        text: Anything.
        month_first: How a date is read that could be both 3 April and 4 March; a clock of twelve hours beside it says that the
            computer is an American one. Dots never part an American date.

    Returns:
        The date; None when there is none.
    """
    within = text[:MOST] if text else ""
    first = YEAR_FIRST.search(within) or YEAR_FIRST_EAST.search(within)
    if first:
        return _made(first["year"], first["month"], first["day"])
    named = NAMED.search(within)
    if named and (named["before"] or named["after"]):
        month = MONTHS.index(named["name"].lower()) + 1
        return _made(named["year"], str(month), named["before"] or named["after"])
    last = YEAR_LAST.search(within)
    if not last:
        return None
    year = last["year"] if len(last["year"]) == 4 else f"20{last['year']}"
    one, two = last["one"], last["two"]
    if int(one) <= 12 and int(two) <= 12 and last["mark"] != ".":
        return _made(year, *((one, two) if month_first else (two, one)), guessed=int(one) != int(two))
    return _made(year, one, two) if int(two) > 12 else _made(year, two, one)


def is_date(text: str | None) -> bool:
    """Whether it is a date, perhaps with a clock, and nothing else."""
    if not text or len(text) > MOST or date_in(text) is None:
        return False
    rest = CLOCK.sub("", text)
    for pattern in (YEAR_FIRST_EAST, YEAR_FIRST, NAMED, YEAR_LAST):
        rest = pattern.sub("", rest, count=1)
    return not any(character.isalnum() for character in rest)


def _made(year: str, month: str, day: str, *, guessed: bool = False) -> WrittenDate | None:
    try:
        return WrittenDate(date(int(year), int(month), int(day)), guessed)
    except ValueError:
        return None
