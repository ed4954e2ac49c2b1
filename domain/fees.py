"""What the platform takes of what people earn."""

from __future__ import annotations

from typing import Final

ALL_BASIS_POINTS: Final = 10_000


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
