"""The token that everybody is asked with, and how the servers in Python that are not Backline read it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from benchmarks import data
from domain.errors import Unauthenticated
from domain.ports import Claims
from integrations.tokens import JwtTokens

HOURS: Final = 12
MOST_KEPT: Final = 1000
START: Final = "Bearer "


def maker(settings: Mapping[str, str]) -> JwtTokens:
    """What makes and reads tokens, from a server's settings."""
    return JwtTokens(settings["JWT_SECRET"], issuer=settings["PUBLIC_URL"])


def issue(settings: Mapping[str, str]) -> str:
    """Make the viewer's token; it holds for longer than anybody measures."""
    until = datetime.now(UTC) + timedelta(hours=HOURS)
    return maker(settings).issue(Claims(data.key(data.USER, data.VIEWER), data.key(data.SESSION, data.VIEWER), until))


class Reader:
    """Reads tokens, and remembers those that hold, as fast-jwt does for the peers: a signature is checked once."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._tokens = maker(settings)
        self._kept: dict[str, tuple[float, UUID]] = {}

    def viewer(self, header: str | None) -> UUID | None:
        """Who asks, by the Authorization header; None for a stranger.

        Raises:
            Unauthenticated: A token was given and does not hold.
        """
        if header is None:
            return None
        until, viewer = self._kept.get(header, (0.0, None))
        if viewer is None or until <= time.time():
            if not header.startswith(START):
                raise Unauthenticated("Send a token as `Authorization: Bearer ...`.")
            claims = self._tokens.read(header.removeprefix(START))
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            viewer = claims.user_id
            self._kept[header] = claims.expires_at.timestamp(), viewer
        return viewer
