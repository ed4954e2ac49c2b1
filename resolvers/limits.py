"""Keeping to the figures of `domain/limits.py`."""

from __future__ import annotations

from domain.errors import RateLimited
from domain.limiter import Limiter
from domain.limits import Limit


async def spend(limiter: Limiter, key: str, limit: Limit, message: str, *field: str) -> None:
    """Use one of the places under a key.

    Raises:
        RateLimited: None is free; it says when one will be.
    """
    wait = await limiter.spend(key, every_seconds=limit.every_seconds, burst=limit.burst)
    if wait > 0:
        raise RateLimited(message, *field, retry_after_seconds=wait)
