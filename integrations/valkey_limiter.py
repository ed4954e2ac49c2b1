"""Rate limits in Valkey, exact across processes, and the same law in this process for when Valkey is silent."""

from __future__ import annotations

import time
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from integrations.valkey import Fuse

PREFIX: Final = "limit:"

SPEND: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = due - every * (burst - 1) - now
if wait > 0 then
  return wait
end
due = due + every
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
return 0
"""
"""The generic cell rate algorithm (ITU-T I.371) in microseconds of Valkey's own clock: a key holds the moment at which
all that was spent is earned again. One script, so that no two callers see the same place free."""

FIRST_SWEEP: Final = 10_000


class LocalLimiter:
    """The same law, for this process alone."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._sweep_at = FIRST_SWEEP

    def spend(self, key: str, *, every_seconds: float, burst: int) -> float:
        """Use a place under the key; returns 0.0, or the seconds to wait and then nothing was counted."""
        now = time.monotonic()
        due = max(self._due.get(key, 0.0), now)
        wait = due - every_seconds * (burst - 1) - now
        if wait > 0:
            return wait
        self._due[key] = due + every_seconds
        if len(self._due) > self._sweep_at:
            self._due = {key: due for key, due in self._due.items() if due > now}
            self._sweep_at = max(FIRST_SWEEP, 2 * len(self._due))
        return 0.0


class ValkeyLimiter:
    """The port `Limiter`.

    What this process spends through Valkey is noted locally as well. So when Valkey falls silent a process gives
    nothing away that it has given before, and when an empty Valkey comes back a caller gets at most one burst more.
    """

    def __init__(self, valkey: Redis) -> None:
        self._script = valkey.register_script(SPEND)
        self._local = LocalLimiter()
        self._fuse = Fuse()

    async def spend(self, key: str, *, every_seconds: float, burst: int = 1) -> float:
        """Use one of the places under the key: `burst` at once, one more for each `every_seconds`.

        Returns:
            0.0 when it was allowed (and counted), else the seconds to wait (and nothing was counted).

        Raises:
            ValueError: The limit itself makes no sense.
        """
        if every_seconds <= 0 or burst < 1:
            message = f"no limit: {burst} at once, one more every {every_seconds} s"
            raise ValueError(message)
        if self._fuse.holds():
            try:
                wait = int(await self._script(keys=[PREFIX + key], args=[max(1, round(every_seconds * 1e6)), burst]))
            except (RedisError, OSError) as error:
                self._fuse.blow(error, "each process limits by itself")
            else:
                self._fuse.mend()
                if wait == 0:
                    self._local.spend(key, every_seconds=every_seconds, burst=burst)
                return wait / 1e6
        return self._local.spend(key, every_seconds=every_seconds, burst=burst)
