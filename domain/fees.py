"""What the platform takes of what people earn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.money import EntryKind

ALL_BASIS_POINTS: Final = 10_000


@dataclass(frozen=True)
class FeeSchedule:
    """The platform's part from some moment on, in basis points by what money came for.

    A later schedule is added to the list, never put in the place of an earlier one: what was agreed stays readable.
    """

    version: int
    since: datetime
    basis_points: Mapping[EntryKind, int]


FEE_SCHEDULES: Final = (
    FeeSchedule(
        version=1,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        basis_points={
            EntryKind.TIP: 500,
            EntryKind.SALE: 500,
            EntryKind.BOOKING: 500,
            EntryKind.MISSION: 500,
            EntryKind.ROYALTY: 500,
        },
    ),
)
"""From the oldest to the newest."""


def schedule_at(moment: datetime) -> FeeSchedule:
    """The schedule in force at a moment; the first one for whatever was before it."""
    return next((each for each in reversed(FEE_SCHEDULES) if each.since <= moment), FEE_SCHEDULES[0])


def fee(total_minor: int, basis_points: int) -> int:
    """The platform's part of an amount, rounded down: in doubt for those who earn it.

    Rounding down also keeps it from ever being more than was agreed, and makes amounts too small to be divided free.

    Args:
        total_minor: The amount, not negative.
        basis_points: Hundredths of a percent, from 0 to 10,000.
    """
    if not 0 <= basis_points <= ALL_BASIS_POINTS:
        raise ValueError(f"{basis_points} basis points are no part of a whole.")
    return total_minor * basis_points // ALL_BASIS_POINTS
