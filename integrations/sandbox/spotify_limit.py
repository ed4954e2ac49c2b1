"""Spotify's limit: so many requests of one app in a window that rolls."""

from __future__ import annotations

import math
from typing import Any, Final

from integrations.sandbox.world import World

KIND: Final = "spotify_limit"
DEFAULT: Final[dict[str, Any]] = {"calls": 10_000, "seconds": 30.0}
SLICES: Final = 300
"""The window is counted in so many slices; a request leaves it with its slice."""


def read(world: World) -> dict[str, Any]:
    """The limit: `{calls, seconds}`."""
    return world.get(KIND, "set") or dict(DEFAULT)


def write(world: World, calls: int, seconds: float) -> None:
    """Set the limit, and forget what was counted."""
    world.put(KIND, "set", {"calls": calls, "seconds": seconds})
    world.delete(KIND, "counted")


def take(world: World) -> int | None:
    """Count a request; returns None when it may pass, else after how many whole seconds the next one may."""
    limit = read(world)
    slice_seconds = limit["seconds"] / SLICES
    now = math.floor(world.now() / slice_seconds)
    counted = {
        int(place): number
        for place, number in (world.get(KIND, "counted") or {}).items()
        if now - SLICES < int(place) <= now
    }
    excess = sum(counted.values()) + 1 - limit["calls"]
    if excess > 0:
        return _wait(counted, excess, now, slice_seconds)
    counted[now] = counted.get(now, 0) + 1
    world.put(KIND, "counted", {str(place): number for place, number in counted.items()})
    return None


def _wait(counted: dict[int, int], excess: int, now: int, slice_seconds: float) -> int:
    """Until as many as are too many have left the window."""
    for place in sorted(counted):
        excess -= counted[place]
        if excess <= 0:
            return max(1, math.ceil((place + SLICES - now) * slice_seconds))
    return max(1, math.ceil(SLICES * slice_seconds))
