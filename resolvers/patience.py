"""Waiting for the outside world only so long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from domain.errors import Unavailable

DEED_SECONDS: Final = 4.0
"""How long a deed waits for a vendor: an operation is stopped after 5 s, and then nobody can be told why."""


@asynccontextmanager
async def answered_within(seconds: float, who: str) -> AsyncIterator[None]:
    """Give up what is done in the block after so many seconds.

    Raises:
        Unavailable: It took longer.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unavailable(f"{who} does not answer just now. Try again later.") from None
