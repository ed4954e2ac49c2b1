"""A mission's money: held when it comes, and what becomes of the mission when it does not."""

from __future__ import annotations

from uuid import UUID

from db.session import Tx
from db.tables import Checkout
from domain.checkouts import CheckoutState


async def paid(tx: Tx, checkout: Checkout, origin: tuple[str, str]) -> UUID:
    """Hold the money, and open the mission to DJs."""
    raise NotImplementedError


async def over(tx: Tx, checkout: Checkout, why: CheckoutState) -> None:
    """Let a mission that nobody paid for end."""
    raise NotImplementedError


async def returned(tx: Tx, checkout: Checkout, *, whole: bool) -> None:
    """Note that all of the money went back, or that it did not arrive there."""
    raise NotImplementedError
