"""Rate limits in Valkey, exact across processes, and the same law in this process for when Valkey is silent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.limiter import Left, Take, Taken
from domain.limits import Limit
from integrations.valkey import Fuse

PREFIX: Final = "limit:"

TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, due = 0, {}
for place, key in ipairs(KEYS) do
  local every, burst, amount = tonumber(ARGV[3 * place - 2]), tonumber(ARGV[3 * place - 1]), tonumber(ARGV[3 * place])
  due[place] = math.max(tonumber(redis.call('GET', key) or 0), now)
  if amount > 0 then
    wait = math.max(wait, due[place] + every * (amount - burst) - now)
  end
end
local answer = {wait}
for place, key in ipairs(KEYS) do
  local every, amount = tonumber(ARGV[3 * place - 2]), tonumber(ARGV[3 * place])
  if wait == 0 and amount > 0 then
    due[place] = due[place] + every * amount
    redis.call('SET', key, string.format('%.0f', due[place]), 'PX', math.ceil((due[place] - now) / 1000))
  end
  answer[place + 1] = due[place] - now
end
return answer
"""
"""The generic cell rate algorithm (ITU-T I.371) in microseconds of Valkey's own clock: a key holds the moment at which
all that was spent is earned again. One script, so that no two callers see the same place free, and so that what is taken
under several keys is taken under all of them or under none."""

FIRST_SWEEP: Final = 10_000
MICROSECONDS: Final = 1_000_000
ROUNDING: Final = 1e-6
"""What floating point may lose of one place."""


class LocalLimiter:
    """The same law, for this process alone: its share of what all processes may give together."""

    def __init__(self, processes: int = 1) -> None:
        """Begin with everything there.

        Args:
            processes: How many processes share what there is.
        """
        self._processes = processes
        self._due: dict[str, float] = {}
        self._sweep_at = FIRST_SWEEP

    def take(self, takes: Sequence[Take]) -> Taken:
        """Take something under several keys, or nothing under any of them."""
        now = time.monotonic()
        shares = [self._share(take) for take in takes]
        dues = [max(self._due.get(take.key, 0.0), now) for take in takes]
        waits = [
            due + every * (amount - burst) - now
            for due, (every, burst, amount) in zip(dues, shares, strict=True)
            if amount
        ]
        wait = max([0.0, *waits])
        if wait == 0.0:
            dues = [due + every * amount for due, (every, _, amount) in zip(dues, shares, strict=True)]
            self._keep(takes, dues, now)
        left = [_left(due - now, every, burst) for due, (every, burst, _) in zip(dues, shares, strict=True)]
        return Taken(wait, tuple(left))

    def note(self, takes: Sequence[Take]) -> None:
        """Note what was taken elsewhere, so that it is not given again."""
        now = time.monotonic()
        dues = []
        for take in takes:
            every, burst, amount = self._share(take)
            due = max(self._due.get(take.key, 0.0), now) + every * amount
            dues.append(min(due, now + every * burst))
        self._keep(takes, dues, now)

    def spend(self, key: str, *, every_seconds: float, burst: int) -> float:
        """Use a place under the key; returns 0.0, or the seconds to wait and then nothing was counted."""
        return self.take([Take(key, Limit(burst=burst, every_seconds=every_seconds))]).wait_seconds

    def _share(self, take: Take) -> tuple[float, int, int]:
        """How soon there is one more here, how much there is at once, and how much of that is taken."""
        burst = max(1, take.limit.burst // self._processes)
        return take.limit.every_seconds * self._processes, burst, min(take.amount, burst)

    def _keep(self, takes: Sequence[Take], dues: Sequence[float], now: float) -> None:
        for take, due in zip(takes, dues, strict=True):
            if due > now:
                self._due[take.key] = due
        if len(self._due) > self._sweep_at:
            self._due = {key: due for key, due in self._due.items() if due > now}
            self._sweep_at = max(FIRST_SWEEP, 2 * len(self._due))


class ValkeyLimiter:
    """The port `Limiter`.

    What this process spends through Valkey is noted locally as well. So when Valkey falls silent a process gives
    nothing away that it has given before, and all processes together at most as much again as they did; when an empty Valkey
    comes back a caller gets at most one burst more.
    """

    def __init__(self, valkey: Redis, *, processes: int = 1) -> None:
        """Connect.

        Args:
            valkey: The server.
            processes: How many processes there are: each gives its share alone when Valkey is silent.
        """
        self._script = valkey.register_script(TAKE)
        self._local = LocalLimiter(processes)
        self._fuse = Fuse()

    async def spend(self, key: str, *, every_seconds: float, burst: int = 1) -> float:
        """Use one of the places under the key: `burst` at once, one more for each `every_seconds`.

        Returns:
            0.0 when it was allowed (and counted), else the seconds to wait (and nothing was counted).

        Raises:
            ValueError: The limit itself makes no sense.
        """
        return (await self.take(Take(key, Limit(burst=burst, every_seconds=every_seconds)))).wait_seconds

    async def take(self, *takes: Take) -> Taken:
        """Take something under several keys, or nothing under any of them.

        Raises:
            ValueError: A limit makes no sense, or nobody could ever take so much.
        """
        for take in takes:
            limit = take.limit
            if limit.every_seconds <= 0 or limit.burst < 1 or not 0 <= take.amount <= limit.burst:
                message = f"no limit: {take.amount} of {limit.burst} at once, one more every {limit.every_seconds} s"
                raise ValueError(message)
        if not self._fuse.holds():
            return self._local.take(takes)
        try:
            taken = await self._ask(takes)
        except (RedisError, OSError) as error:
            self._fuse.blow(error, "each process limits by itself")
            return self._local.take(takes)
        self._fuse.mend()
        if taken.wait_seconds == 0:
            self._local.note(takes)
        return taken

    async def _ask(self, takes: Sequence[Take]) -> Taken:
        pace = [max(1, round(take.limit.every_seconds * MICROSECONDS)) for take in takes]
        given: list[int] = []
        for take, every in zip(takes, pace, strict=True):
            given += (every, take.limit.burst, take.amount)
        wait, *owed = await self._script(keys=[PREFIX + take.key for take in takes], args=given)
        left = [
            _left(int(one) / MICROSECONDS, every / MICROSECONDS, take.limit.burst)
            for one, every, take in zip(owed, pace, takes, strict=True)
        ]
        return Taken(int(wait) / MICROSECONDS, tuple(left))


def _left(owed: float, every: float, burst: int) -> Left:
    """What is left where so much time is owed until all is there again."""
    return Left(max(0, int((burst * every - owed) / every + ROUNDING)), owed)
