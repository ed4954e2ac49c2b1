"""What people see of their money: movements, and what they earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Generic, TypeVar

from domain.errors import InvalidInput
from domain.money import Money


class EarningsSource(StrEnum):
    """What somebody was paid for."""

    TIP = "TIP"
    SALE = "SALE"
    BOOKING = "BOOKING"
    MISSION = "MISSION"
    ROYALTY = "ROYALTY"


LONGEST: Final = timedelta(days=366)
"""The longest time over which earnings are added up at once."""


@dataclass(frozen=True)
class Period:
    """Days in UTC, the first and the last included."""

    first: date
    last: date


def check_period(first: date, last: date) -> Period:
    """Check that earnings can be added up over these days.

    Raises:
        InvalidInput: They end before they begin, or are more than a year.
    """
    if last < first:
        raise InvalidInput("These days end before they begin.", "to")
    if last - first >= LONGEST:
        raise InvalidInput(f"Ask for {LONGEST.days} days at most.", "to")
    return Period(first, last)


K = TypeVar("K")


@dataclass(frozen=True)
class Earned(Generic[K]):
    """What came of one source, or on one day.

    Attributes:
        of: Which.
        total: One sum for each currency, in the order of these.
    """

    of: K
    total: Sequence[Money]


@dataclass(frozen=True)
class Earnings:
    """What somebody earned over some days.

    Attributes:
        total: All of it, one sum for each currency.
        by_source: The same by what it was for; only sources that moved money.
        by_day: The same by days; only days on which money moved.
    """

    total: Sequence[Money]
    by_source: Sequence[Earned[EarningsSource]]
    by_day: Sequence[Earned[date]]
