"""How many sockets and streams one person, or one address, may have open in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from engine.limits import Limits


class Seats:
    """Who sits where."""

    def __init__(self, limits: Limits) -> None:
        self._most = {"address": limits.sockets_per_address, "user": limits.sockets_per_user}
        self._taken: Counter[tuple[str, Hashable]] = Counter()

    def take(self, kind: str, key: Hashable) -> bool:
        """Take a seat.

        Args:
            kind: What is counted, "address" or "user".
            key: Whose; nobody's seats are not counted.

        Returns:
            Whether there was one.
        """
        if key is None or self._taken[kind, key] < self._most[kind]:
            self._taken[kind, key] += 1
            return True
        return False

    def leave(self, kind: str, key: Hashable) -> None:
        """Free a seat that was taken."""
        self._taken[kind, key] -= 1
        if not self._taken[kind, key]:
            del self._taken[kind, key]
