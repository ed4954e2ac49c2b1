"""Small things remembered in Valkey for all processes, for a while."""

from __future__ import annotations

from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from integrations.valkey import Fuse

PREFIX: Final = "cache:"


class ValkeyCache:
    """The port `Cache`. While Valkey is silent nothing is remembered."""

    def __init__(self, valkey: Redis) -> None:
        self._valkey = valkey
        self._fuse = Fuse()

    async def get(self, key: str) -> bytes | None:
        """What is remembered under the key; None when nothing is. Never raises."""
        if not self._fuse.holds():
            return None
        try:
            found: bytes | None = await self._valkey.get(PREFIX + key)
        except (RedisError, OSError) as error:
            self._fuse.blow(error, "nothing is remembered")
            return None
        self._fuse.mend()
        return found

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Remember it for so long; not at all when that is no time. Never raises."""
        milliseconds = round(seconds * 1000)
        if milliseconds <= 0 or not self._fuse.holds():
            return
        try:
            await self._valkey.set(PREFIX + key, value, px=milliseconds)
        except (RedisError, OSError) as error:
            self._fuse.blow(error, "nothing is remembered")
        else:
            self._fuse.mend()
