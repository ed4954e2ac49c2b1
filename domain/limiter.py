"""Counting how often things happen, as a shape that an adapter fills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.limits import Limit


@dataclass(frozen=True)
class Take:
    """So much under one key, of what there is of it.

    Attributes:
        key: Under what it is counted. What is taken together has the same word in braces in its keys, so that a cluster of
            Valkeys keeps it in one place.
        limit: How much there is at once, and how soon there is one more.
        amount: How much is taken; 0 only looks.
    """

    key: str
    limit: Limit
    amount: int = 1


@dataclass(frozen=True)
class Left:
    """What is left under one key.

    Attributes:
        amount: How much may be taken now.
        whole_in_seconds: When all of it will be there again.
    """

    amount: int
    whole_in_seconds: float


@dataclass(frozen=True)
class Taken:
    """What became of takes that belong together.

    Attributes:
        wait_seconds: 0.0 when all was there, and is taken; else how long until it would be, and nothing was taken.
        left: What is left, in the order of the takes.
    """

    wait_seconds: float
    left: tuple[Left, ...]


class Limiter(Protocol):
    """Counts how often something happens, exactly, across all processes."""

    async def take(self, *takes: Take) -> Taken:
        """Take something under several keys, or nothing under any of them."""

    async def spend(self, key: str, *, every_seconds: float, burst: int = 1) -> float:
        """Use one of the places under `key`: `burst` at once, one more for each `every_seconds`.

        Returns:
            0.0 when it was allowed (and counted), else the seconds to wait (and nothing was counted).
        """
